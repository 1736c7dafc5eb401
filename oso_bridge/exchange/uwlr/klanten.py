"""Who may ask: the applications that a school system knows, and the schools that their keys open."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from oso_bridge import fieldsets
from oso_bridge.errors import UsageError
from oso_bridge.exchange.uwlr.bron import Schoolid

NARROW = "smalle-set"


@dataclass(frozen=True, slots=True)
class Klant:
    """An application that may ask for pupil data, and bring results.

    Attributes:
        code: Its klantcode, which the school system gave it.
        naam: Its klantnaam, likewise.
        veldsets: The field sets that were agreed upon; a request that names none gets the first.
        oin: The OIN that its certificate must hold; empty when it is not asked for one.
    """

    code: str
    naam: str
    veldsets: tuple[str, ...] = (NARROW,)
    oin: str = ""


class Toegang(Protocol):
    """Decides who may ask; used by several threads at once."""

    def klant(self, code: str, naam: str) -> Klant | None:
        """The application of a klantcode and klantnaam; None when there is none."""
        ...

    def scholen(self, klant: Klant, sleutel: str) -> Collection[Schoolid]:
        """The schools that an autorisatiesleutel opens for an application; none for a key that is not known."""
        ...


@dataclass(slots=True)
class _Known:
    klant: Klant
    keys: dict[bytes, list[Schoolid]] = field(default_factory=dict, repr=False)


class Klanten:
    """A table of applications and their keys; the keys themselves are not kept, only what they are recognised by.

    Args:
        klanten: Each application with the school, or the schools, that each of its keys opens.

    Raises:
        UsageError: A klantcode is there twice, something is empty, or a field set does not exist.
    """

    def __init__(self, klanten: Iterable[tuple[Klant, Mapping[str, Schoolid | Iterable[Schoolid]]]]) -> None:
        self._known: dict[str, _Known] = {}
        for klant, keys in klanten:
            if not (klant.code and klant.naam and klant.veldsets and all(keys)) or klant.code in self._known:
                raise UsageError(
                    "An application has a code of its own, a name, a field set, and keys that say something."
                )
            for name in klant.veldsets:
                fieldsets.fieldset(name, release="uwlr/2.2")
            known = _Known(klant)
            for key, schools in keys.items():
                known.keys[_digest(key)] = [schools] if isinstance(schools, Schoolid) else list(schools)
            self._known[klant.code] = known

    def klant(self, code: str, naam: str) -> Klant | None:
        """The application of a klantcode and klantnaam."""
        known = self._known.get(code)
        return known.klant if known and hmac.compare_digest(known.klant.naam.encode(), naam.encode()) else None

    def scholen(self, klant: Klant, sleutel: str) -> Collection[Schoolid]:
        """The schools that a key opens for an application."""
        known = self._known.get(klant.code)
        return known.keys.get(_digest(sleutel), []) if known else []


def _digest(key: str) -> bytes:
    # looked up by digest, so that the time it takes says nothing about the key
    return hashlib.sha256(key.encode()).digest()
