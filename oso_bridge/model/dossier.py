"""The dossier: the root of the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from oso_bridge.model.base import Deel, lijst, veld
from oso_bridge.model.bijlage import Bijlage
from oso_bridge.model.codes import Code16, Code29
from oso_bridge.model.extra import Extra
from oso_bridge.model.inzage import Inzage
from oso_bridge.model.levering import Levering
from oso_bridge.model.persoon import Leerling
from oso_bridge.model.rapport import OnderwijskundigRapport
from oso_bridge.model.school import School
from oso_bridge.profiles import profile


class Dossier(Deel):
    """A transfer dossier of one pupil, the same for every release of the standard.

    >>> dossier = Dossier(leerling=Leerling(roepnaam="Noor"))
    >>> dossier.leerling
    Leerling(1 veld)
    >>> Dossier.model_validate_json(dossier.model_dump_json()) == dossier
    True
    """

    levering: Levering = Field(default_factory=Levering, description="Wat het dossier over zichzelf zegt.")
    inzage: Inzage | None = veld("De inzage door de ouders.")
    school: School | None = veld("De school die het dossier levert.")
    leerling: Leerling | None = veld("Wie de leerling is.")
    rapport: OnderwijskundigRapport = Field(
        default_factory=OnderwijskundigRapport, description="Wat de school over het onderwijs aan de leerling meldt."
    )
    extra: list[Extra] = lijst("Iets uit een document waarvoor het model geen veld heeft.")

    @classmethod
    def nieuw(cls, profiel: str, **delen: Any) -> Dossier:
        """A new dossier for a transfer profile.

        Versions, dates and the delivery categories need not be given: they are filled in on writing.

        Args:
            profiel: ``POPO``, ``POVO``, ``VOVO``, ``BB``, ``POSWV`` or ``VOSWV``.
            delen: The parts: ``leerling=Leerling(...)``, ``school=School(...)`` ...

        Raises:
            UsageError: There is no such profile.
            FieldError: A part does not exist, or is of another type.
        """
        gekozen = profile(profiel)
        dossier = cls(**delen)
        # a copy: the caller may use one delivery for several dossiers
        levering = dossier.levering.model_copy()
        if levering.overdrachtsoort is None:
            levering.overdrachtsoort = Code29(gekozen.overdrachtsoort)
        if levering.overstap is None and gekozen.overstap:
            levering.overstap = Code16(gekozen.overstap)
        dossier.levering = levering
        return dossier

    def bijlagen(self) -> Iterator[tuple[str, Bijlage]]:
        """Every attachment of the dossier with its place in the model.

        Yields:
            A path such as ``rapport.ondersteuning.tlv[2].bijlagen`` and the attachment; the number of an item in
            a list is shown from the second on.
        """
        yield from _attachments(self, "")


def _attachments(part: Deel, path: str) -> Iterator[tuple[str, Bijlage]]:
    if isinstance(part, Bijlage):
        yield path, part
        return
    for name, value in part.__dict__.items():
        step = f"{path}.{name}" if path else name
        for number, item in enumerate(value if isinstance(value, list) else (value,), start=1):
            if isinstance(item, Deel):
                yield from _attachments(item, step if number == 1 else f"{step}[{number}]")
