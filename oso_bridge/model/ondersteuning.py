"""Support: statements, arrangements, diagnoses, plans and everything else that helps the pupil along.

``Ondersteuning`` holds what 2019.1 calls ``onderwijsondersteuning`` and earlier releases ``zorg``; of each field
the description says where it is confined to one of the two.
"""

from __future__ import annotations

from datetime import date

from oso_bridge.model.base import Deel, lijst, veld
from oso_bridge.model.bijlage import Bijlage
from oso_bridge.model.codes import Code3, Code12, Code17, Code23, Code31, Code32, Code34, Code38, Code39
from oso_bridge.model.persoon import Persoon
from oso_bridge.model.school import Instelling


class Handelingsplan(Deel):
    """A plan of what the school does for the pupil in a period."""

    begindatum: date | None = veld("De dag waarop het plan ingaat.")
    einddatum: date | None = veld("De dag waarop het plan afloopt.")
    isgerichtop: str | None = veld("Waar het plan op gericht is.")
    bijlagen: list[Bijlage] = lijst("Het plan zelf.")


class Diagnose(Deel):
    """What an expert found."""

    codes: list[Code23] = lijst("Een code van de diagnose; tot en met 2018.1 één, daarna ook meer.")
    naam: str | None = veld("De diagnose in woorden.")
    datum: date | None = veld("De dag waarop de diagnose is gesteld.")
    doorwie: str | None = veld("Wie de diagnose stelde.")
    instantie: str | None = veld("Bij welke instantie de diagnose is gesteld.")
    bijlagen: list[Bijlage] = lijst("Een bijlage over de diagnose, vanaf 2019.1.")


class Opp(Deel):
    """The development perspective plan (ontwikkelingsperspectief) of the pupil."""

    begindatum: date | None = veld("De dag waarop het plan ingaat.")
    einddatum: date | None = veld("De dag waarop het plan afloopt.")
    bijlagen: list[Bijlage] = lijst("Het plan zelf; tot en met 2018.1 hoogstens één bijlage.")


class Tlv(Deel):
    """A statement of admission (toelaatbaarheidsverklaring) to special education."""

    begindatum: date | None = veld("De dag waarop de verklaring ingaat.")
    swvnummer: str | None = veld("Het nummer van het samenwerkingsverband dat de verklaring afgaf.")
    categorie: Code31 | None = veld("De bekostiging: L laag, M middel, H hoog, Nvt niet van toepassing.")
    beschikkingsnummer: str | None = veld("Het nummer van de beschikking.")
    einddatum: date | None = veld("De dag waarop de verklaring afloopt.")
    bijlagen: list[Bijlage] = lijst("De verklaring zelf, vanaf 2019.1; hoogstens één bijlage.")


class Arrangement(Deel):
    """Extra support that was granted to the pupil."""

    datum: date | None = veld("De dag waarop het arrangement ingaat.")
    einddatum: date | None = veld("De dag waarop het arrangement van een samenwerkingsverband afloopt, vanaf 2019.1.")
    soort: Code39 | None = veld("De soort van het arrangement, alleen in 1.2.2.")
    brincode: str | None = veld("De brincode van de instelling die het arrangement biedt (cluster 1 of 2).")
    vestigingscode: str | None = veld("Het volgnummer van de vestiging van die instelling: twee cijfers.")
    kenmerk: str | None = veld("Het kenmerk van het arrangement van een samenwerkingsverband.")
    beschikkingsnummer: str | None = veld("Het nummer van de beschikking van het samenwerkingsverband.")


class Lwoo(Deel):
    """A decision on learning support in the vmbo (leerwegondersteunend onderwijs)."""

    begindatum: date | None = veld("De dag waarop de beschikking ingaat.")
    swvnummer: str | None = veld("Het nummer van het samenwerkingsverband dat de beschikking gaf.")
    beschikkingsnummer: str | None = veld("Het nummer van de beschikking.")
    einddatum: date | None = veld("De dag waarop de beschikking afloopt; altijd een 31 juli.")
    bijlagen: list[Bijlage] = lijst("De beschikking zelf, vanaf 2019.1; hoogstens één bijlage.")


class Signalering(Deel):
    """Signs that a pupil may need lwoo or practical education."""

    deelgenomenaanonderzoek: bool | None = veld("Of de leerling aan een onderzoek heeft meegedaan.")
    leerachterstand: bool | None = veld("Of de leerling een leerachterstand heeft.")
    lagescoreeindtoets: bool | None = veld("Of de leerling een lage score op de eindtoets had.")


class Rvc(Deel):
    """What the regional referral committee (regionale verwijzingscommissie) was told and decided."""

    centraleproblematiek: str | None = veld("Waar het bij de leerling vooral om gaat.")
    maatregelen: str | None = veld("Wat de school al heeft gedaan.")
    signalering: Signalering | None = veld("Wat wijst op lwoo of praktijkonderwijs.")
    datum: date | None = veld("De dag van de indicatie.")
    indicatie: Code17 | None = veld("De indicatie die de commissie gaf.")
    bijlagen: list[Bijlage] = lijst("Een bijlage bij de aanvraag of het besluit.")


class Lgf(Deel):
    """Pupil-bound funding (leerlinggebonden financiering, the former rugzak)."""

    datum: date | None = veld("De dag waarop de financiering ingaat.")
    onderwijssoort: Code3 | None = veld("Voor welk soort onderwijs de leerling een indicatie heeft.")
    cvinummer: str | None = veld("Het nummer van de commissie voor de indicatiestelling.")
    indicatierec: Code38 | None = veld("Voor welk regionaal expertisecentrum (REC) de indicatie geldt.")
    einddatum: date | None = veld("De dag waarop de financiering afloopt.")
    brincode: str | None = veld("De brincode van de school die begeleidt.")


class Opdcverblijf(Deel):
    """A stay at an orthopedagogical-didactical centre (OPDC)."""

    begindatum: date | None = veld("De eerste dag in het centrum.")
    einddatum: date | None = veld("De laatste dag in het centrum.")
    brincode: str | None = veld("De brincode van het centrum.")
    vestigingscode: str | None = veld("Het volgnummer van de vestiging van het centrum: twee cijfers.")


class Upw(Deel):
    """The destination that is expected for the pupil (uitstroomprofiel)."""

    begindatum: date | None = veld("De dag waarop het profiel ingaat.")
    uitstroomprofiel: Code32 | None = veld("De bestemming: 1 dagbesteding, 2 arbeidsmarkt, 3 vervolgonderwijs.")
    voelementcode: str | None = veld("De elementcode van de opleiding in het vo: vier cijfers.")
    leerjaar: Code34 | None = veld("Het leerjaar waarin de leerling zou uitstromen: 1 tot en met 6.")


class Extrahulp(Deel):
    """Extra help in groups 7 and 8 of primary school."""

    domein: Code12 | None = veld("Waarvoor de leerling hulp kreeg.")
    toelichting: str | None = veld("Welke hulp de leerling kreeg.")
    voortzetten: bool | None = veld("Of de volgende school ermee moet doorgaan.")


class Begeleiding(Deel):
    """Guidance of a kind."""

    soort: str | None = veld("Wat voor begeleiding de leerling kreeg.")
    voortzetten: bool | None = veld("Of de volgende school ermee moet doorgaan.")


class Vir(Deel):
    """The national register of young people at risk (verwijsindex risicojongeren)."""

    ingevoerd: bool | None = veld("Of de leerling in de verwijsindex is opgenomen.")
    reden: str | None = veld("Waarom de leerling in de verwijsindex staat.")


class Zat(Deel):
    """The care and advice team (zorg- en adviesteam) of the school."""

    besproken: bool | None = veld("Of de leerling in het team is besproken.")
    reden: str | None = veld("Waarom de leerling in het team is besproken.")


class OverigeInstanties(Deel):
    """Other organisations that are involved with the pupil."""

    instellingen: list[Instelling] = lijst("Een organisatie waarmee contact is.")
    contactpersoon: Persoon | None = veld("Bij wie de school terecht kan.")


class SociaalEmotioneelFunctioneren(Deel):
    """How the pupil does socially and emotionally, in attached reports; until 2018.1."""

    bijlagen: list[Bijlage] = lijst("Een verslag over het sociaal-emotioneel functioneren.")
    toelichting: str | None = veld("Een toelichting bij de verslagen.")


class Ondersteuning(Deel):
    """All support of the pupil, except the handelingsplannen, which are in the report itself."""

    onderwijsbehoeften: Bijlage | None = veld(
        "Een toelichting op wat de leerling in het onderwijs nodig heeft, vanaf 2019.1."
    )
    diagnoses: list[Diagnose] = lijst("Een diagnose van een deskundige.")
    medicijngebruik: bool | None = veld("Of de leerling medicijnen gebruikt.")
    opp: list[Opp] = lijst("Een ontwikkelingsperspectief; in 2019.1 hoogstens één.")
    tlv: list[Tlv] = lijst("Een toelaatbaarheidsverklaring voor speciaal onderwijs of praktijkonderwijs.")
    arrangementencluster12: list[Arrangement] = lijst("Een arrangement van een instelling van cluster 1 of 2.")
    arrangementenpao: list[Arrangement] = lijst("Een arrangement van een samenwerkingsverband, vanaf 2019.1.")
    lwoo: Lwoo | None = veld("Een beschikking voor leerwegondersteunend onderwijs.")
    rvc: Rvc | None = veld("Aanvraag en indicatie bij de regionale verwijzingscommissie.")
    naamib: str | None = veld("De naam van de intern begeleider, tot en met 2018.1.")
    sbobeschikkingsdatum: date | None = veld(
        "De dag van de beschikking voor speciaal basisonderwijs, tot en met 2018.1."
    )
    wsnsnummer: int | None = veld("Het nummer van het samenwerkingsverband Weer Samen Naar School, tot en met 2018.1.")
    lgf: list[Lgf] = lijst("Leerlinggebonden financiering, tot en met 2018.1.")
    verblijfopdc: list[Opdcverblijf] = lijst("Een verblijf in een OPDC, tot en met 2018.1.")
    pgbdatum: date | None = veld("De dag waarop een persoonsgebonden budget inging, tot en met 2018.1.")
    pgbomvang: int | None = veld("De omvang van het persoonsgebonden budget, tot en met 2018.1.")
    upw: Upw | None = veld("Het uitstroomprofiel, tot en met 2018.1.")
    onderwijsbelemmeringen: list[str] = lijst("Wat de leerling bij het leren belemmert, tot en met 2018.1.")
    sterkepunten: list[str] = lijst("Een sterk punt van de leerling, tot en met 2018.1.")
    extrahulpgroep78: list[Extrahulp] = lijst("Extra hulp in groep 7 en 8, tot en met 2018.1.")
    specialebegeleiding: bool | None = veld("Of de leerling speciale begeleiding kreeg, tot en met 2018.1.")
    begeleiding: list[Begeleiding] = lijst("Begeleiding die de leerling kreeg, tot en met 2018.1.")
    ambulantbegindatum: date | None = veld("De dag waarop ambulante begeleiding begon, tot en met 2018.1.")
    ambulantbrincode: str | None = veld("De brincode van de school die ambulant begeleidt, tot en met 2018.1.")
    ambulantvestigingscode: str | None = veld("De vestiging van die school: twee cijfers, tot en met 2018.1.")
    begeleidingsplanrec: bool | None = veld("Of er een begeleidingsplan van het REC is, tot en met 2018.1.")
    vir: Vir | None = veld("De verwijsindex risicojongeren, tot en met 2018.1.")
    zat: Zat | None = veld("Het zorg- en adviesteam, tot en met 2018.1.")
    overigeinstanties: OverigeInstanties | None = veld("Andere betrokken organisaties, tot en met 2018.1.")
