"""The pupil administration of a school: what EDEXML and UWLR call pupil data, and EDEX2000 before them.

It is the source of the pupil in a dossier, so a pupil here is a :class:`~oso_bridge.model.Leerling` with what an
administration adds: keys, groups, a branch.  Keys are those of the administration that delivers; one that begins with
``#`` is a stand-in and means nothing in another delivery (manual of EDEXML 2.1).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Literal

from pydantic import Field

from oso_bridge.model.base import Deel, Geheel, lijst, veld
from oso_bridge.model.persoon import Leerling, Persoon
from oso_bridge.model.school import School

GEVOELIG = frozenset(
    {
        "bsn", "etniciteit", "gewicht", "gewicht_nieuw", "land", "land_moeder", "land_vader", "leerlinggewicht",
        "nationaliteiten", "nnca", "onderwijsnummer", "rijksregisternummer", "sofinummer",
    }
)  # fmt: skip
"""The fields of a pupil that leave an administration only when that is asked for."""


class Administratieschool(School):
    """The school that an administration is of."""

    instellingsnummer: str | None = veld("Het nummer van een school in Vlaanderen: twee tot zes cijfers.")
    sleutel: str | None = veld("Hoe de partijen de school noemen, als dat niet met de brincode gaat.")


class Toevoeging(Deel):
    """What two parties add by agreement; what their own type of block holds besides travels in ``extra``."""

    soort: str | None = veld("Het afgesproken type van het blok.")
    code: str | None = veld("Welk gegeven het is.")
    omschrijving: str | None = veld("Het gegeven in woorden.")
    opmerking: str | None = veld("De tekst van een blok met een opmerking.")


class Schoolbestand(Geheel):
    """What pupil data and results say of themselves: whose they are, made when and by what."""

    schooljaar: str | None = veld("Het schooljaar, als 2024-2025.")
    school: Administratieschool | None = veld("De school waar het over gaat.")
    aanmaakdatum: datetime | None = veld("Wanneer het is gemaakt.")
    auteur: str | None = veld("Het programma of de persoon die het maakte.")
    xsdversie: str | None = veld("De versie van de standaard die het bestand noemt.")
    commentaar: str | None = veld("Een opmerking bij het geheel.")


class Vestiging(Deel):
    """A branch of the school."""

    sleutel: str | None = veld("De sleutel van de vestiging.")
    naam: str | None = veld("De naam voor mensen.")
    omschrijving: str | None = veld("De naam met toelichting.")
    mutatiedatum: datetime | None = veld("Wanneer dit het laatst is gewijzigd.")


class Groep(Deel):
    """A group of pupils: the one each of them belongs to (stamgroep), or one put together beside those."""

    soort: Literal["stamgroep", "samengesteld"] = Field(description="Welke van de twee soorten groepen het is.")
    sleutel: str | None = veld("De sleutel van de groep.")
    naam: str | None = veld("De naam voor mensen.")
    jaargroep: str | None = veld("De jaargroep van een stamgroep; C als er meer dan een jaargroep in zit.")
    omschrijving: str | None = veld("De naam met toelichting.")
    toevoegingen: list[Toevoeging] = lijst("Een afgesproken toevoeging.")
    mutatiedatum: datetime | None = veld("Wanneer dit het laatst is gewijzigd.")


class Groepsverwijzing(Deel):
    """A group that a person belongs to, by its key."""

    sleutel: str | None = veld("De sleutel van de groep.")


class Administratieleerling(Leerling):
    """A pupil as the administration of a school knows him or her.

    ``leerlingid`` is the key of the pupil, ``geslacht`` is coded as in a dossier (1 girl, 2 boy; EDEXML has them the
    other way round), ``datuminschrijving`` and ``datumuitschrijving`` are the days of coming and leaving.
    """

    gevoelig: ClassVar[frozenset[str]] = GEVOELIG
    """The fields that an export leaves out unless they are asked for."""

    eckid: str | None = veld("Het ECK iD, waaronder leermiddelen de leerling kennen.")
    sofinummer: str | None = veld("Het sofinummer, uit de tijd voor het burgerservicenummer.")
    bsn_ondwnr4: str | None = veld("De laatste vier cijfers van het burgerservicenummer of het onderwijsnummer.")
    rijksregisternummer: str | None = veld("Het nummer van een leerling in België.")
    startjaargroep3: date | None = veld("Wanneer de leerling in jaargroep 3 begon.")
    jaargroep: str | None = veld("De jaargroep van de leerling, in de codes van EDEXML.")
    groep: str | None = veld("De sleutel van de stamgroep.")
    samengestelde_groepen: list[Groepsverwijzing] = lijst("Een samengestelde groep van de leerling.")
    vestiging: str | None = veld("De sleutel van de vestiging.")
    gebruikersnaam: str | None = veld("De naam waaronder de leerling zich aanmeldt.")
    emailadres: str | None = veld("Het e-mailadres van deze persoon.")
    fotourl: str | None = veld("Waar de foto te vinden is.")
    etniciteit: str | None = veld("De etniciteit: 0 autochtoon, 1 allochtoon, 9 onbekend.")
    land: str | None = veld("Het land van herkomst, twee letters.")
    land_vader: str | None = veld("Het land van herkomst van de vader, twee letters.")
    land_moeder: str | None = veld("Het land van herkomst van de moeder, twee letters.")
    gewicht_nieuw: str | None = veld("Het gewicht van de regeling vanaf 2006, met een komma zoals 0,3.")
    gewicht: str | None = veld("Het gewicht van de regeling daarvoor, met een punt zoals 0.25.")
    postcodenl: str | None = veld("De Nederlandse postcode.")
    postnummerbe: str | None = veld("Het Belgische postnummer.")
    postcodeoverig: str | None = veld("De postcode van een ander land.")
    toevoegingen: list[Toevoeging] = lijst("Een afgesproken toevoeging.")
    mutatiedatum: datetime | None = veld("Wanneer dit het laatst is gewijzigd.")


class Rol(Deel):
    """What a member of staff does: one of the agreed roles, or another one in words."""

    code: str | None = veld("De rol: LRK leerkracht, IB intern begeleider, DIR directeur en dergelijke.")
    omschrijving: str | None = veld("De rol in woorden, als de lijst haar niet heeft.")


class Groepstaak(Deel):
    """A group that a member of staff has to do with."""

    soort: Literal["stamgroep", "samengesteld"] = Field(description="Welke van de twee soorten groepen het is.")
    sleutel: str | None = veld("De sleutel van de groep.")
    rollen: list[Rol] = lijst("Een rol bij deze groep.")


class Leerkracht(Persoon):
    """A member of staff. Roles must not give anybody rights by themselves (manual of EDEXML 2.1)."""

    sleutel: str | None = veld("De sleutel van de medewerker.")
    eckid: str | None = veld("Het ECK iD van de medewerker.")
    gebruikersnaam: str | None = veld("De naam waaronder de medewerker zich aanmeldt.")
    emailadres: str | None = veld("Het e-mailadres van deze persoon.")
    rollen: list[Rol] = lijst("Een rol in de school.")
    groepen: list[Groepstaak] = lijst("Een groep waar de medewerker mee te maken heeft.")
    toevoegingen: list[Toevoeging] = lijst("Een afgesproken toevoeging.")
    mutatiedatum: datetime | None = veld("Wanneer dit het laatst is gewijzigd.")


class Schooladministratie(Schoolbestand):
    """Part of the administration of one school in one school year: branches, groups, pupils and staff.

    >>> administratie = Schooladministratie(schooljaar="2024-2025")
    >>> administratie.leerlingen.append(Administratieleerling(leerlingid="L-1", roepnaam="Noor"))
    >>> administratie.leerling("L-1")
    Administratieleerling(2 velden)
    """

    model: Literal["Schooladministratie"] = Field(
        default="Schooladministratie", description="Waaraan JSON te zien is welk model het is."
    )
    peildatum: date | None = veld("De dag waarop de gegevens golden, als dat niet de dag van het maken is.")
    toevoegingen: list[Toevoeging] = lijst("Een afgesproken toevoeging over de school.")
    vestigingen: list[Vestiging] = lijst("Een vestiging van de school.")
    groepen: list[Groep] = lijst("Een groep leerlingen.")
    leerlingen: list[Administratieleerling] = lijst("Een leerling van de school.")
    leerkrachten: list[Leerkracht] = lijst("Een medewerker van de school.")

    def leerling(self, sleutel: str) -> Administratieleerling | None:
        """The pupil of a key or an ECK iD; None when there is none, or more than one."""
        gevonden = [leerling for leerling in self.leerlingen if sleutel in (leerling.leerlingid, leerling.eckid)]
        return gevonden[0] if len(gevonden) == 1 else None

    def groep(self, sleutel: str) -> Groep | None:
        """The group of a key; None when there is none, or more than one."""
        gevonden = [groep for groep in self.groepen if groep.sleutel == sleutel]
        return gevonden[0] if len(gevonden) == 1 else None

    def ontbrekende_groepen(self) -> list[Groep]:
        """The groups that pupils name by a key and that are not in ``groepen``, made of what the pupils say.

        A table with only pupils has such groups; EDEXML and UWLR want each of them described.  Add them when the key is
        what people call the group.

        Returns:
            The groups in the order in which they are named, not added yet: the name is the key; the ``jaargroep`` of a
            stamgroep is that of its pupils, ``C`` when they have several, and None when none of them has one.
        """
        jaren: dict[str, set[str]] = {}
        samengesteld: dict[str, None] = {}
        for leerling in self.leerlingen:
            if leerling.groep:
                jaren.setdefault(leerling.groep, set()).update([leerling.jaargroep] if leerling.jaargroep else [])
            samengesteld |= {groep.sleutel: None for groep in leerling.samengestelde_groepen if groep.sleutel}
        bekend = {(groep.soort, groep.sleutel) for groep in self.groepen}
        stam = [Groep(soort="stamgroep", sleutel=een, naam=een, jaargroep=_jaargroep(jaren[een])) for een in jaren]
        alle = stam + [Groep(soort="samengesteld", sleutel=een, naam=een) for een in samengesteld]
        return [groep for groep in alle if (groep.soort, groep.sleutel) not in bekend]


def _jaargroep(jaren: set[str]) -> str | None:
    """The jaargroep of a group whose pupils are in these."""
    return "C" if len(jaren) > 1 else next(iter(jaren), None)
