"""The administration of a school as UWLR asks for it: :class:`Schoolgegevens` is the seam of a vendor's own system.

:class:`~oso_bridge.exchange.uwlr.EdexBron` is such an administration out of a file of EDEXML.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from oso_bridge.model import Leerresultaten
from oso_bridge.model.administratie import (
    Administratieleerling,
    Administratieschool,
    Leerkracht,
    Schooladministratie,
)
from oso_bridge.releases import Release


@dataclass(frozen=True, slots=True)
class Schoolid:
    """Which school a message is about.

    Attributes:
        brincode: Such as ``00AA``.
        dependancecode: Two figures; ``00`` is the same as none.
        schoolkey: What the parties call the school, where it has no brincode.
    """

    brincode: str = ""
    dependancecode: str = ""
    schoolkey: str = ""

    def is_same(self, other: Schoolid) -> bool:
        """Whether both name one school: by what they call it, or by its codes."""
        if self.schoolkey and other.schoolkey:
            return self.schoolkey == other.schoolkey
        return bool(self.brincode) and self._codes() == other._codes()

    def _codes(self) -> tuple[str, str]:
        return self.brincode, self.dependancecode or "00"

    def __str__(self) -> str:
        return f"{self.brincode}{self.dependancecode}" if self.brincode else "schoolkey"

    @classmethod
    def van(cls, school: Administratieschool | None) -> Schoolid:
        """The school of an administration or of results."""
        if school is None:
            return cls()
        return cls(school.brincode or "", school.vestigingscode or "", school.sleutel or "")


@dataclass(frozen=True, slots=True)
class Groepkeuze:
    """The groups that persons are asked of.

    Attributes:
        groepen: The keys of groepen.
        samengesteld: The keys of samengestelde groepen.
        zonder_groep: Those in no groep as well.
        zonder_samengesteld: Those in no samengestelde groep as well.
    """

    groepen: frozenset[str] = frozenset()
    samengesteld: frozenset[str] = frozenset()
    zonder_groep: bool = False
    zonder_samengesteld: bool = False

    def takes(self, groepen: Iterable[str], samengesteld: Iterable[str]) -> bool:
        """Whether someone in these groups is asked for.

        Args:
            groepen: The keys of the groepen of a person.
            samengesteld: Those of the samengestelde groepen.
        """
        own, others = {key.strip() for key in groepen}, {key.strip() for key in samengesteld}
        without = (self.zonder_groep and not own) or (self.zonder_samengesteld and not others)
        return without or not own.isdisjoint(self.groepen) or not others.isdisjoint(self.samengesteld)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vraag:
    """A request for pupil data, after everything about it was found in order.

    Attributes:
        school: Which school.
        schooljaar: Such as ``2024-2025``.
        klant: The klantcode of who asks.
        veldset: The field set that the answer is brought back to.
        release: The release of the answer.
        groepen: The groups that persons are asked of; None for the whole school.
    """

    school: Schoolid
    schooljaar: str
    klant: str
    veldset: str
    release: Release
    groepen: Groepkeuze | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Levering:
    """Results that came in, after everything that the standard asks of them was found in order.

    Attributes:
        school: The school they are for.
        klant: The klantcode of who brought them.
        aanmaakdatum: When they were made, by their own account; with the zone of this machine when they name none.
        resultaten: The results.
        bericht: The message as it came.
    """

    school: Schoolid
    klant: str
    aanmaakdatum: datetime
    resultaten: Leerresultaten = field(repr=False)
    bericht: bytes = field(repr=False)


@runtime_checkable
class Schoolgegevens(Protocol):
    """What the endpoint asks of an administration; used by several threads at once.

    Persons are asked for one after another, so that an administration need not hold them all.  Any method may raise
    :class:`~oso_bridge.exchange.uwlr.UwlrFault`, whose code goes to the other side.
    """

    def kent(self, school: Schoolid) -> bool:
        """Whether the school is here."""
        ...

    def kop(self, vraag: Vraag) -> Schooladministratie | None:
        """The school itself, with its groups and branches and without persons; None when that year is not here.

        ``aanmaakdatum`` is the moment of the last change; it decides whether a client that has the data of a moment
        gets them again. Without it they are sent each time.
        """
        ...

    def leerlingen(self, vraag: Vraag) -> Iterable[Administratieleerling]:
        """The pupils, of all groups or of those that are asked for; who belongs to no such group is passed over."""
        ...

    def leerkrachten(self, vraag: Vraag) -> Iterable[Leerkracht]:
        """The staff, of all groups or of those that are asked for; who belongs to no such group is passed over."""
        ...

    def vorige(self, school: Schoolid, klant: str) -> datetime | None:
        """The aanmaakdatum of the last results of this client for this school; None when there were none."""
        ...

    def ontvang(self, levering: Levering) -> None:
        """Keep results; when this returns they are safe here. A result with a key that came before replaces that."""
        ...
