"""The canonical model: one dossier, whatever release of the standard it came in or goes out in.

==================  ============================================================================
``dossier``         ``Dossier``, the root: delivery, inspection, school, pupil, report, extra
``levering``        what the dossier says about itself, and the delivery categories
``inzage``          inspection by the parents
``school``          schools, organisations, addresses and ways to reach them
``persoon``         ``Leerling``: who the pupil is; carers and doctors
``rapport``         ``OnderwijskundigRapport``: what is reported on the education of the pupil
``schoolloopbaan``  school years, preschool and early education
``advies``          provisional, final and revised advice; wishes
``ondersteuning``   statements, arrangements, diagnoses, plans
``verzuim``         absence
``toetsen``         tests and the end test
``cijfers``         grade lists
``vombo``           from secondary to vocational education
``bijlage``         attached files
``administratie``   ``Schooladministratie``: the pupil administration of a school, with its pupils, groups and staff
``leerresultaten``  ``Leerresultaten``: results of pupils, and what the tests are
``extra``           what a document said and the model has no field for
``codes``           coded values: ``Code13`` is a code of list 13
``fields``          which fields take their codes from which list
``where``           from the name of an element, a field or a path to its place, its meaning and its codes
``base``            the base class of all parts
==================  ============================================================================

Every field says what it means: ``Leerling.model_fields["bsn"].description``.  Which element of a release fills
which field is data: ``schemas/oso/<release>/table.toml``.
"""

from __future__ import annotations

from oso_bridge.model.administratie import (
    Administratieleerling,
    Administratieschool,
    Groep,
    Groepstaak,
    Groepsverwijzing,
    Leerkracht,
    Rol,
    Schooladministratie,
    Schoolbestand,
    Toevoeging,
    Vestiging,
)
from oso_bridge.model.advies import Advies, Overstapadvies
from oso_bridge.model.base import Deel, Geheel, Maand
from oso_bridge.model.bijlage import Bijlage
from oso_bridge.model.cijfers import Cijferlijst, Onderdeelcijfer, Score, Vakcijfers
from oso_bridge.model.codes import (
    Code,
    Code2,
    Code3,
    Code4,
    Code5,
    Code6,
    Code7,
    Code8,
    Code9,
    Code10,
    Code11,
    Code12,
    Code13,
    Code14,
    Code15,
    Code16,
    Code17,
    Code18,
    Code19,
    Code21,
    Code22,
    Code23,
    Code29,
    Code31,
    Code32,
    Code33,
    Code34,
    Code35,
    Code36,
    Code37,
    Code38,
    Code39,
    Code40,
    Code41,
    Code42,
    Code43,
    Code44,
    Code45,
    Code46,
    Code47,
    Code48,
)
from oso_bridge.model.dossier import Dossier
from oso_bridge.model.extra import Extra
from oso_bridge.model.inzage import Inzage
from oso_bridge.model.leerresultaten import (
    Anderresultaat,
    Ingang,
    Leerresultaten,
    Norm,
    Normering,
    Normkleur,
    Onderdeeldefinitie,
    Resultaat,
    Term,
    Toetsafname,
    Toetsdefinitie,
)
from oso_bridge.model.levering import Categorieen, Levering
from oso_bridge.model.ondersteuning import (
    Arrangement,
    Begeleiding,
    Diagnose,
    Extrahulp,
    Handelingsplan,
    Lgf,
    Lwoo,
    Ondersteuning,
    Opdcverblijf,
    Opp,
    OverigeInstanties,
    Rvc,
    Signalering,
    SociaalEmotioneelFunctioneren,
    Tlv,
    Upw,
    Vir,
    Zat,
)
from oso_bridge.model.persoon import Arts, Gba, Leerling, Nationaliteit, Persoon, Verzorger
from oso_bridge.model.rapport import OnderwijskundigRapport
from oso_bridge.model.school import Adres, Communicatie, Instelling, Land, School
from oso_bridge.model.schoolloopbaan import Schoolloopbaan, Voorschools, Vroegschools
from oso_bridge.model.toetsen import (
    Afname,
    Afnemer,
    Betrouwbaarheidsinterval,
    Domeinresultaat,
    Eindtoets,
    Eindtoetsresultaat,
    Onderdeelresultaat,
    Referentiescore,
    Toets,
    ToetsMetNiveau,
    Toetsonderdeel,
    Toetsresultaat,
    Toetsscore,
)
from oso_bridge.model.verzuim import Verzuim
from oso_bridge.model.vombo import Bevordering, Competentie, Examenresultaat, OverigVombo, Stage, Vakresultaat, Werkstuk

__all__ = [
    "Administratieleerling",
    "Administratieschool",
    "Adres",
    "Advies",
    "Afname",
    "Afnemer",
    "Anderresultaat",
    "Arrangement",
    "Arts",
    "Begeleiding",
    "Betrouwbaarheidsinterval",
    "Bevordering",
    "Bijlage",
    "Categorieen",
    "Cijferlijst",
    "Code",
    "Code2",
    "Code3",
    "Code4",
    "Code5",
    "Code6",
    "Code7",
    "Code8",
    "Code9",
    "Code10",
    "Code11",
    "Code12",
    "Code13",
    "Code14",
    "Code15",
    "Code16",
    "Code17",
    "Code18",
    "Code19",
    "Code21",
    "Code22",
    "Code23",
    "Code29",
    "Code31",
    "Code32",
    "Code33",
    "Code34",
    "Code35",
    "Code36",
    "Code37",
    "Code38",
    "Code39",
    "Code40",
    "Code41",
    "Code42",
    "Code43",
    "Code44",
    "Code45",
    "Code46",
    "Code47",
    "Code48",
    "Communicatie",
    "Competentie",
    "Deel",
    "Diagnose",
    "Domeinresultaat",
    "Dossier",
    "Eindtoets",
    "Eindtoetsresultaat",
    "Examenresultaat",
    "Extra",
    "Extrahulp",
    "Gba",
    "Geheel",
    "Groep",
    "Groepstaak",
    "Groepsverwijzing",
    "Handelingsplan",
    "Ingang",
    "Instelling",
    "Inzage",
    "Land",
    "Leerkracht",
    "Leerling",
    "Leerresultaten",
    "Levering",
    "Lgf",
    "Lwoo",
    "Maand",
    "Nationaliteit",
    "Norm",
    "Normering",
    "Normkleur",
    "Onderdeelcijfer",
    "Onderdeeldefinitie",
    "Onderdeelresultaat",
    "Ondersteuning",
    "OnderwijskundigRapport",
    "Opdcverblijf",
    "Opp",
    "OverigVombo",
    "OverigeInstanties",
    "Overstapadvies",
    "Persoon",
    "Referentiescore",
    "Resultaat",
    "Rol",
    "Rvc",
    "School",
    "Schooladministratie",
    "Schoolbestand",
    "Schoolloopbaan",
    "Score",
    "Signalering",
    "SociaalEmotioneelFunctioneren",
    "Stage",
    "Term",
    "Tlv",
    "Toets",
    "ToetsMetNiveau",
    "Toetsafname",
    "Toetsdefinitie",
    "Toetsonderdeel",
    "Toetsresultaat",
    "Toetsscore",
    "Toevoeging",
    "Upw",
    "Vakcijfers",
    "Vakresultaat",
    "Verzorger",
    "Verzuim",
    "Vestiging",
    "Vir",
    "Voorschools",
    "Vroegschools",
    "Werkstuk",
    "Zat",
]
