"""The educational report (onderwijskundig rapport): everything a school reports on the education of a pupil."""

from __future__ import annotations

from oso_bridge.model.advies import Overstapadvies
from oso_bridge.model.base import Deel, lijst, veld
from oso_bridge.model.bijlage import Bijlage
from oso_bridge.model.cijfers import Cijferlijst
from oso_bridge.model.ondersteuning import Handelingsplan, Ondersteuning, SociaalEmotioneelFunctioneren
from oso_bridge.model.schoolloopbaan import Schoolloopbaan, Voorschools, Vroegschools
from oso_bridge.model.toetsen import Eindtoets, Toets
from oso_bridge.model.verzuim import Verzuim
from oso_bridge.model.vombo import Bevordering, Competentie, Examenresultaat, OverigVombo, Stage, Vakresultaat


class OnderwijskundigRapport(Deel):
    """What the school reports on the education of the pupil; who the pupil is stands in ``Dossier.leerling``."""

    vanpeuterspeelzaal: bool | None = veld("Of de leerling van een peuterspeelzaal komt.")
    naampeuterspeelzaal: str | None = veld("De naam van de peuterspeelzaal.")
    voorschools: Voorschools | None = veld("De voorschoolse educatie die de leerling kreeg.")
    vroegschools: list[Vroegschools] = lijst("Een programma van vroegschoolse educatie.")
    schoolloopbaan: list[Schoolloopbaan] = lijst("Een schooljaar of een deel daarvan, in één groep.")
    advies: Overstapadvies | None = veld("Het overstapadvies van de school.")
    ondersteuning: Ondersteuning | None = veld("Ondersteuning, zorg en begeleiding.")
    handelingsplannen: list[Handelingsplan] = lijst("Een plan van wat de school voor de leerling doet.")
    sefunctioneren: SociaalEmotioneelFunctioneren | None = veld("Sociaal-emotioneel functioneren, tot en met 2018.1.")
    verzuim: Verzuim | None = veld("Het verzuim van de leerling.")
    eindtoetsen: list[Eindtoets] = lijst("Een eindtoets of doorstroomtoets.")
    toetsen: list[Toets] = lijst("Een toets uit het leerlingvolgsysteem.")
    cijferlijsten: list[Cijferlijst] = lijst("Een cijferlijst of rapport.")
    bijlagen: list[Bijlage] = lijst("Een bijlage die bij geen ander deel hoort.")
    bevorderd: Bevordering | None = veld("Waarheen de leerling is bevorderd.")
    examenresultaat: Examenresultaat | None = veld("De uitslag van het eindexamen.")
    vakken: list[Vakresultaat] = lijst("Het resultaat voor een vak in het vo.")
    certificaten: list[str] = lijst("Een certificaat dat de leerling haalde.")
    competenties: list[Competentie] = lijst("Een competentie van de leerling.")
    stages: list[Stage] = lijst("Een stage die de leerling liep.")
    overigvombo: OverigVombo | None = veld("Wat verder meegaat naar het mbo.")
