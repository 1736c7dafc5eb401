"""Coded values: a text that knows which code list of the standard it comes from.

One small class per list, ``Code13`` for list 13.  A code is a text and compares as one: ``"01"`` is not ``"1"``.
Whether a code is in its list is judged by :func:`oso_bridge.check` and not here: a dossier with a code that the
list does not have can be read, shown and repaired.  A field takes a plain text as well and makes a code of it; whoever
compiles with a type checker writes ``Leerling(geslacht=Code14("1"))``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic_core import CoreSchema, core_schema

from oso_bridge import codes
from oso_bridge.errors import UsageError
from oso_bridge.releases import installed

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue


class Code(str):
    """A code out of a list of the standard.

    Attributes:
        lijst: The number of the list.

    >>> Code14("1").label, Code14("1").lijst, Code14("1") == "1"
    ('vrouw', 14, True)
    """

    __slots__ = ()
    lijst: ClassVar[int] = 0

    @property
    def label(self) -> str | None:
        """What the code means, in Dutch; None where the standard does not say."""
        return _labels(self.lijst).get(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How pydantic reads one: any text."""
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """A string that names its list as ``x-codelijst``."""
        return {**handler(schema), "x-codelijst": cls.lijst}


@lru_cache(maxsize=64)
def _labels(number: int) -> dict[str, str]:
    """The meanings of the codes of a list, from every installed release that has it."""
    found: dict[str, str] = {}
    for release in installed():
        if release.format == "oso":
            try:
                found.update(codes.code_list("oso", number, release.version).labels)
            except UsageError:  # the list does not exist in that release
                continue
    return found


class Code2(Code):
    """Advies VO: list 2 of the standard."""

    __slots__ = ()
    lijst = 2


class Code3(Code):
    """LGF onderwijssoort: list 3 of the standard."""

    __slots__ = ()
    lijst = 3


class Code4(Code):
    """Communicatie soort: list 4 of the standard."""

    __slots__ = ()
    lijst = 4


class Code5(Code):
    """Communicatie aanduiding: list 5 of the standard."""

    __slots__ = ()
    lijst = 5


class Code6(Code):
    """Voorschoolse toeleider: list 6 of the standard."""

    __slots__ = ()
    lijst = 6


class Code7(Code):
    """Voorschoolse historie: list 7 of the standard."""

    __slots__ = ()
    lijst = 7


class Code8(Code):
    """Voorschoolse deelname: list 8 of the standard."""

    __slots__ = ()
    lijst = 8


class Code9(Code):
    """VVE programma: list 9 of the standard."""

    __slots__ = ()
    lijst = 9


class Code10(Code):
    """NNCA: list 10 of the standard."""

    __slots__ = ()
    lijst = 10


class Code11(Code):
    """Referentiescore: list 11 of the standard."""

    __slots__ = ()
    lijst = 11


class Code12(Code):
    """Domeinen: list 12 of the standard."""

    __slots__ = ()
    lijst = 12


class Code13(Code):
    """Jaargroepen: list 13 of the standard."""

    __slots__ = ()
    lijst = 13


class Code14(Code):
    """Geslacht: list 14 of the standard."""

    __slots__ = ()
    lijst = 14


class Code15(Code):
    """Gewicht: list 15 of the standard."""

    __slots__ = ()
    lijst = 15


class Code16(Code):
    """Soort overstap: list 16 of the standard."""

    __slots__ = ()
    lijst = 16


class Code17(Code):
    """RVC indicatie: list 17 of the standard."""

    __slots__ = ()
    lijst = 17


class Code18(Code):
    """Huisnummer aanduiding: list 18 of the standard."""

    __slots__ = ()
    lijst = 18


class Code19(Code):
    """Soort adres: list 19 of the standard."""

    __slots__ = ()
    lijst = 19


class Code21(Code):
    """Profiel: list 21 of the standard."""

    __slots__ = ()
    lijst = 21


class Code22(Code):
    """Vergelijkingsgroep: list 22 of the standard."""

    __slots__ = ()
    lijst = 22


class Code23(Code):
    """Diagnose: list 23 of the standard."""

    __slots__ = ()
    lijst = 23


class Code29(Code):
    """Soort overdracht: list 29 of the standard."""

    __slots__ = ()
    lijst = 29


class Code31(Code):
    """TLV bekostigingscategorie: list 31 of the standard."""

    __slots__ = ()
    lijst = 31


class Code32(Code):
    """UPW uitstroomprofiel: list 32 of the standard."""

    __slots__ = ()
    lijst = 32


class Code33(Code):
    """Deeldossier type: list 33 of the standard."""

    __slots__ = ()
    lijst = 33


class Code34(Code):
    """UPW leerjaar: list 34 of the standard."""

    __slots__ = ()
    lijst = 34


class Code35(Code):
    """Examenuitslag: list 35 of the standard."""

    __slots__ = ()
    lijst = 35


class Code36(Code):
    """Beoordeling examenvak: list 36 of the standard."""

    __slots__ = ()
    lijst = 36


class Code37(Code):
    """Akkoord: list 37 of the standard."""

    __slots__ = ()
    lijst = 37


class Code38(Code):
    """LGF indicatie voor REC: list 38 of the standard."""

    __slots__ = ()
    lijst = 38


class Code39(Code):
    """Soort arrangement: list 39 of the standard."""

    __slots__ = ()
    lijst = 39


class Code40(Code):
    """Niveau eindtoets (oude opzet): list 40 of the standard."""

    __slots__ = ()
    lijst = 40


class Code41(Code):
    """Relatie tot kind: list 41 of the standard."""

    __slots__ = ()
    lijst = 41


class Code42(Code):
    """Soort eindtoets: list 42 of the standard."""

    __slots__ = ()
    lijst = 42


class Code43(Code):
    """Niveau eindtoets: list 43 of the standard."""

    __slots__ = ()
    lijst = 43


class Code44(Code):
    """Wettelijke ontheffing eindtoets: list 44 of the standard."""

    __slots__ = ()
    lijst = 44


class Code45(Code):
    """Eindtoets referentieniveau: list 45 of the standard."""

    __slots__ = ()
    lijst = 45


class Code46(Code):
    """Eindtoets onderdeelcode: list 46 of the standard."""

    __slots__ = ()
    lijst = 46


class Code47(Code):
    """Eindtoets domeincode: list 47 of the standard."""

    __slots__ = ()
    lijst = 47


class Code48(Code):
    """Categorie uitlevering: list 48 of the standard."""

    __slots__ = ()
    lijst = 48
