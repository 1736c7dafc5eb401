"""What a document said and the model has no field for; it travels along, so that nothing is lost."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from oso_bridge.model.basis import Basis, veld


class Extra(Basis):
    """Something of a document that no field could hold, tied to the release it was read in.

    The kinds are: an unknown element, attribute or text; a value that its field could not hold exactly
    (``waarde``); elements in another order than that of the structure (``volgorde``); a whole element with what
    is in it that the model has no part for (``blok``); an element that must be there and was not (``ontbreekt``).
    """

    release: str = Field(description="De release waarin het is gelezen, zoals oso/2019.1.")
    pad: str = Field(description="De plaats in het document van die release, met nummers vanaf het tweede.")
    soort: Literal["element", "attribuut", "tekst", "waarde", "volgorde", "blok", "ontbreekt"] = Field(
        description="Wat voor deel van een document het is."
    )
    naam: str | None = veld("De naam van het element of attribuut, met zijn namespace.")
    positie: int | None = veld("Hoeveel elementen er binnen hetzelfde element voor staan.")
    inhoud: str | list[str] = Field(description="De exacte tekst, het element als XML, of namen in hun volgorde.")
    bij: str | None = veld("Van een attribuut van een van meer teksten: die tekst.")
    reden: str | None = veld("Welk type een waarde had moeten hebben, als het veld haar daarom niet kon houden.")
