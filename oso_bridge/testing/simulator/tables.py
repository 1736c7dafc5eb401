"""Transition tables: state, message and conditions lead to an answer, a next state and effects.

What the words of a table mean is told by the methods of a peer: ``als_...`` for a condition, ``doe_...`` for an effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from oso_bridge.errors import DataError
from oso_bridge.testing.simulator.messages import Message

ANY = "*"
"""The message of a row that is for all of them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        number: Its place in the table, from 1.
        message: The element of the message; ``*`` for any.
        states: The states in which it counts.
        conditions: What must hold: a name and whether it must be so.
        answer: The element of the answer; empty when there is none.
        fault: The code of a fault, instead of an answer.
        result: The result word in it.
        goes: The state after; empty for the same.
        effects: What is done.
        mark: How well this rule is known.
    """

    number: int
    message: str
    states: frozenset[str]
    conditions: tuple[tuple[str, bool], ...]
    answer: str
    fault: str
    result: str
    goes: str
    effects: tuple[str, ...]
    mark: str

    @property
    def told(self) -> str:
        """Its conditions, as they stand in the table."""
        return " ".join(name if wanted else f"!{name}" for name, wanted in self.conditions)


@dataclass(slots=True)
class Turn:
    """A message that a peer has to deal with, and what it will say.

    Attributes:
        message: The message.
        oin: The OIN in the certificate of its sender; empty when that is not known.
        state: The state of the conversation.
        said: The fields of the answer, as effects put them there.
        points: The delivery points in the answer.
        dossier: The dossier in the answer.
        held: What a peer keeps of the conversation.
    """

    message: Message
    oin: str = ""
    state: str = ""
    said: dict[str, str] = field(default_factory=dict, repr=False)
    points: list[Mapping[str, str]] = field(default_factory=list, repr=False)
    dossier: bytes = field(default=b"", repr=False)
    held: Any = field(default=None, repr=False)


class Table:
    """The rows of a peer.

    Args:
        rows: As they stand in the file.
        peer: What has a method for every word.

    Raises:
        DataError: A row has a word that the peer has no method for.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]], peer: object) -> None:
        self.rows = [_row(number, row) for number, row in enumerate(rows, 1)]
        self._peer = peer
        for row in self.rows:
            words = [f"als_{name}" for name, _ in row.conditions] + [f"doe_{name}" for name in row.effects]
            unknown = [word for word in words if not callable(getattr(peer, word, None))]
            if unknown:
                raise DataError(f"Row {row.number} of the table has an unknown word: {unknown[0]}.")

    def choose(self, turn: Turn) -> Row | None:
        """The first row for a message whose conditions hold.

        Args:
            turn: The message, and the state.
        """
        for row in self.rows:
            if row.message in (ANY, turn.message.name) and turn.state in row.states and self._holds(row, turn):
                return row
        return None

    def _holds(self, row: Row, turn: Turn) -> bool:
        return all(getattr(self._peer, f"als_{name}")(turn) is wanted for name, wanted in row.conditions)

    def act(self, row: Row, turn: Turn) -> None:
        """Do what a row says, and go to its state.

        Args:
            row: The row.
            turn: What it is done to.
        """
        if row.result:
            turn.said["resultaat"] = row.result
        turn.state = row.goes or turn.state
        for name in row.effects:
            getattr(self._peer, f"doe_{name}")(turn)


def _row(number: int, row: Mapping[str, Any]) -> Row:
    conditions = tuple((name.removeprefix("!"), not name.startswith("!")) for name in row.get("als", ()))
    return Row(
        number=number,
        message=row["bericht"],
        states=frozenset(row["toestand"]),
        conditions=conditions,
        answer=row.get("antwoord", ""),
        fault=row.get("fault", ""),
        result=row.get("resultaat", ""),
        goes=row.get("naar", ""),
        effects=tuple(row.get("doe", ())),
        mark=row["mark"],
    )
