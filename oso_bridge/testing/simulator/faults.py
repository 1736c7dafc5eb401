"""Faults on command: asked for by a test, a header, an address or the settings, or thrown by dice with a seed."""

from __future__ import annotations

import random
import threading
from collections.abc import Collection, Iterable
from typing import Any

from oso_bridge.errors import UsageError, choose
from oso_bridge.testing.simulator.messages import data

HEADER = "X-Simulator-Fout"
"""The header that asks for a fault in the answer to this very request; ``?fout=`` in the address does the same."""
ANY = "*"


def known() -> dict[str, dict[str, Any]]:
    """The faults that there are, with ``waar``, ``bij``, and what they do in ``nl`` and ``en``."""
    return data("fouten")


def suits(fault: str, message: str) -> bool:
    """Whether a fault can be made in the answer to a message."""
    return message in known()[fault].get("bij", (message,))


class Faults:
    """Which fault the next answer has; may be used by several threads.

    Args:
        chance: How likely one is that nobody asked for.
        seed: The seed of the dice.
        kinds: The faults that the dice choose from; all when empty.
        messages: The messages that they are thrown for; all when empty.
        seconds: How long ``timeout`` is silent, and ``drup`` takes.

    Raises:
        UsageError: There is no such fault.
    """

    def __init__(
        self,
        *,
        chance: float = 0.0,
        seed: int = 0,
        kinds: Collection[str] = (),
        messages: Collection[str] = (),
        seconds: float = 30.0,
    ) -> None:
        self.seconds = seconds
        self._chance = chance
        self._dice = random.Random(seed)  # noqa: S311 - the same seed, the same faults
        self._kinds = [_checked(kind) for kind in kinds] or list(known())
        self._messages = frozenset(messages)
        self._planned: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def plan(self, fault: str, message: str = ANY, times: int = 1) -> None:
        """Ask for a fault in the next answers to a message.

        Args:
            fault: The fault.
            message: The element of the request; ``*`` for any that the fault can be made in.
            times: How often.

        Raises:
            UsageError: There is no such fault, or it cannot be made in that answer.
        """
        _checked(fault)
        if message != ANY and not suits(fault, message):
            raise UsageError(f"The fault {fault} cannot be made in the answer to this message.")
        with self._lock:
            self._planned += [(message, fault)] * times

    def take(self, message: str, wish: str = "") -> str:
        """The fault of an answer, which is then used up.

        Args:
            message: The element of the request.
            wish: What the request itself asks for; one that is unknown is none.

        Returns:
            The fault; empty for none.
        """
        if wish in known() and suits(wish, message):
            return wish
        with self._lock:
            for planned in self._planned:
                if planned[0] in (message, ANY) and suits(planned[1], message):
                    self._planned.remove(planned)
                    return planned[1]
            return self._thrown(message)

    def _thrown(self, message: str) -> str:
        if (self._messages and message not in self._messages) or self._dice.random() >= self._chance:
            return ""
        return self._dice.choice([kind for kind in self._kinds if suits(kind, message)] or [""])


def of_rows(rows: Iterable[dict[str, Any]], faults: Faults) -> Faults:
    """Plan what settings ask for.

    Args:
        rows: Tables with ``fout``, and perhaps ``bericht`` and ``keer``.
        faults: Where it is planned.

    Raises:
        UsageError: There is no such fault.
    """
    for row in rows:
        faults.plan(str(row.get("fout", "")), str(row.get("bericht", ANY)), int(row.get("keer", 1)))
    return faults


def _checked(fault: str) -> str:
    if fault not in known():
        raise UsageError("There is no such fault.", remedy=choose(fault, known()))
    return fault
