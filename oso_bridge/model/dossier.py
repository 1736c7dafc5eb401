"""The dossier: the root of the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from oso_bridge.errors import UsageError
from oso_bridge.model.base import Geheel, veld
from oso_bridge.model.bijlage import Bijlage
from oso_bridge.model.codes import Code16, Code29
from oso_bridge.model.inzage import Inzage
from oso_bridge.model.levering import Levering
from oso_bridge.model.persoon import Leerling
from oso_bridge.model.rapport import OnderwijskundigRapport
from oso_bridge.model.school import School
from oso_bridge.profiles import profile


class Dossier(Geheel):
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

    @classmethod
    def nieuw(cls, profiel: str, **delen: Any) -> Dossier:
        """A new dossier for a transfer profile.

        Versions, dates and the delivery categories need not be given: they are filled in on writing.

        Args:
            profiel: ``POPO``, ``POVO``, ``VOVO``, ``BB``, ``POSWV`` or ``VOSWV``.
            delen: The parts: ``leerling=Leerling(...)``, ``school=School(...)`` ...

        Raises:
            UsageError: There is no such profile, or the delivery that was given is of another.
            FieldError: A part does not exist, or is of another type.
        """
        gekozen = profile(profiel)
        dossier = cls(**delen)
        # a copy: the caller may use one delivery for several dossiers
        levering = dossier.levering.model_copy()
        for naam, waarde in (
            ("overdrachtsoort", Code29(gekozen.overdrachtsoort)),
            ("overstap", Code16(gekozen.overstap) if gekozen.overstap else None),
        ):
            if getattr(levering, naam) is None:
                setattr(levering, naam, waarde)
            elif waarde is not None and getattr(levering, naam) != waarde:
                raise UsageError(
                    f"The delivery is of another profile than {profiel}.",
                    where=f"levering.{naam}",
                    remedy="Leave that field out, or name its profile.",
                )
        dossier.levering = levering
        return dossier

    def bijlagen(self) -> Iterator[tuple[str, Bijlage]]:
        """Every attachment of the dossier with its place in the model.

        Yields:
            A path such as ``rapport.ondersteuning.tlv[2].bijlagen`` and the attachment; the number of an item in
            a list is shown from the second on.
        """
        for path, part in self.onderdelen():
            if isinstance(part, Bijlage):
                yield path, part
