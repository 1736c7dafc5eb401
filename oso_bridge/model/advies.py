"""The advice of the school on where the pupil should go, and the wishes of pupil and parents."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from oso_bridge.model.base import Deel, lijst, veld
from oso_bridge.model.codes import Code2, Code21


class Advies(Deel):
    """One advice; the provisional, the final and the revised one are kinds of the same thing.

    In the OSO dossier ``advies`` is the final one and ``herzienadvies`` the revised one.
    """

    soort: Literal["voorlopig", "definitief", "herzien"] = Field(
        description="Hoe vast het advies staat; een herzien advies heet in het OSO-dossier herzienadvies."
    )
    niveau: Code2 | None = veld("Het niveau of de twee niveaus die de school adviseert.")
    motivatie: str | None = veld("Waarom de school dit adviseert; bij een herzien advies waarom het is herzien.")


class Overstapadvies(Deel):
    """Everything a primary school passes on about the choice of a secondary school."""

    adviezen: list[Advies] = lijst("Een advies van de school; van elke soort hoogstens één.")
    wensouders: Code2 | None = veld("Het niveau dat de ouders wensen.")
    wensleerling: Code2 | None = veld("Het niveau dat de leerling wenst.")
    profiel: Code21 | None = veld("Het profiel of de sector die de leerling koos of die bij hem of haar past.")
    argumentatie: str | None = veld("De onderbouwing van het advies.")
    contactnodig: bool | None = veld("Of de school graag over de leerling wil worden gesproken.")
    contactpersoon: str | None = veld("Met wie dan te spreken.")
    contacttelefoon: str | None = veld("Het telefoonnummer van die persoon.")
    contactemail: str | None = veld("Het e-mailadres van die persoon.")
    aandachtspunten: str | None = veld("Waar de volgende school op moet letten; 1 tot 280 tekens, vanaf 2019.1.")

    def advies(self, soort: str) -> Advies | None:
        """The advice of a kind, or None when there is none.

        Args:
            soort: ``voorlopig``, ``definitief`` or ``herzien``.
        """
        return next((advies for advies in self.adviezen if advies.soort == soort), None)
