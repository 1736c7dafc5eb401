"""The delivery: which software made the dossier, for which kind of transfer, and which categories were delivered."""

from __future__ import annotations

from datetime import date

from oso_bridge.model.base import Deel, veld
from oso_bridge.model.codes import Code16, Code29, Code33, Code48


class Categorieen(Deel):
    """Per category of the dossier how it was delivered; the categories of all releases together."""

    metadata: Code48 | None = veld("Uitlevering van de gegevens over de levering zelf.")
    ouderinzage: Code48 | None = veld("Uitlevering van de inzage door de ouders.")
    school: Code48 | None = veld("Uitlevering van de school.")
    leerling: Code48 | None = veld("Uitlevering van de leerling.")
    oudersverzorgers: Code48 | None = veld("Uitlevering van ouders en verzorgers.")
    vve: Code48 | None = veld("Uitlevering van voor- en vroegschoolse educatie.")
    schoolloopbaan: Code48 | None = veld("Uitlevering van de schoolloopbaan.")
    overstapadvies: Code48 | None = veld("Uitlevering van het overstapadvies.")
    onderwijsondersteuning: Code48 | None = veld(
        "Uitlevering van de ondersteuning, die tot en met 2018.1 zorg en begeleiding heet."
    )
    verzuim: Code48 | None = veld("Uitlevering van het verzuim.")
    eindtoetsbo: Code48 | None = veld("Uitlevering van de eindtoets van het basisonderwijs.")
    toetsresultaten: Code48 | None = veld("Uitlevering van toetsen en hun resultaten.")
    handelingsplannen: Code48 | None = veld("Uitlevering van de handelingsplannen.")
    cijferlijsten: Code48 | None = veld("Uitlevering van de cijferlijsten.")
    vombo: Code48 | None = veld("Uitlevering van de overgang van vo naar mbo.")
    bijlagedocs: Code48 | None = veld("Uitlevering van de overige bijlagen.")


class Levering(Deel):
    """What a dossier says about itself."""

    overdrachtsoort: Code29 | None = veld("Voor wat voor overdracht het dossier is.")
    overstap: Code16 | None = veld(
        "Van welk naar welk onderwijs, zoals POVO van basisschool naar voortgezet onderwijs."
    )
    deeldossier: Code33 | None = veld(
        "Uit welk systeem dit deel komt: administratie (LAS), volgsysteem (LVS) of beide."
    )
    pakketnaam: str | None = veld("De naam van de software die het dossier maakte.")
    pakketversie: str | None = veld("De versie van die software.")
    datum: date | None = veld("De dag waarop het dossier is gemaakt.")
    standaardversie: str | None = veld("De release van de standaard waarin het dossier is geschreven.")
    validatieversie: str | None = veld("De versie van de officiële controle die bij het maken gold.")
    eldversie: str | None = veld("De versie van het elektronisch leerdossier, alleen in 1.1.1 en 1.2.2.")
    xsdversie: str | None = veld("De versie van het schema, alleen in 1.1.1 en 1.2.2.")
    categorieen: Categorieen | None = veld("Per categorie hoe die is uitgeleverd.")
