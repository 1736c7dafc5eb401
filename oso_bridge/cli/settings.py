"""The settings of ``oso-bridge serve`` and ``fetch``: what may stand in the file, and what is said of anything else."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from oso_bridge import data
from oso_bridge.errors import DataError, choose

_Files = str | list[str]
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,40}", re.ASCII)


class _Table(BaseModel):
    """A table of the settings, with nothing unknown in it."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class _Draad(_Table):
    versie: str
    inbedding: dict[str, str] = {}
    weigering: dict[str, str] = {}
    overdrachtsoorten: dict[str, list[str]] = {}
    doelen: dict[str, list[str]] = {}
    afzender: dict[str, str] = {}


class _Server(_Table):
    adres: str = ""
    poort: int = Field(0, ge=0, le=65535)
    pad: str = ""
    draden: int = Field(1, ge=1, le=1000)
    seconden: float = Field(1, gt=0, allow_inf_nan=False)
    zonder_tls: StrictBool = False


class _Certificaat(_Table):
    certificaat: str
    wortels: _Files
    sleutel: str = ""
    wachtwoord_env: str = ""
    keten: _Files = ""
    crls: _Files = ""


class _Tls(_Certificaat):
    proef: StrictBool = False


class _Aanleverpunt(_Table):
    brin: str
    kenmerk: str = ""


class _Verkeerscentrum(_Table):
    url: str
    lijn: str = ""
    seconden: float = Field(1, gt=0, allow_inf_nan=False)


class _Sleutels(_Table):
    zoeksleutel: str
    pgnfrag: str = ""
    proef: StrictBool = False


class _Administratie(_Table):
    bron: str = ""
    doel: str = ""
    bestand: str = ""
    kluis: str = ""


class _Voorwaarden(_Table):
    peildatum: date = date.min
    releases: list[str] = []
    zonder_aanvraagdatum: Literal["eerste", "laatste"] = "eerste"


class _Las(_Table):
    """What asking and answering share; tables without a default have to be there."""

    draad: _Draad
    aanleverpunt: list[_Aanleverpunt] = Field(min_length=1)
    verkeerscentrum: _Verkeerscentrum
    sleutels: _Sleutels
    tls: _Tls | None = None
    client: _Certificaat | None = None
    toegang: dict[str, list[str]] = {}
    voorwaarden: _Voorwaarden = _Voorwaarden()


class _Settings(_Las):
    """The tables of ``serve las``."""

    server: _Server
    administratie: _Administratie


class Asking(_Las):
    """The tables of ``fetch`` and ``delivery-points``: those of ``serve las``, of which it needs a few."""

    server: _Server | None = None
    administratie: _Administratie | None = None


class _UwlrServer(_Server):
    url: str = ""


class _UwlrSleutel(_Table):
    env: str = Field(min_length=1)
    brincode: str = ""
    dependancecode: str = ""
    schoolkey: str = ""


class _UwlrKlant(_Table):
    code: str = Field(min_length=1)
    naam: str = Field(min_length=1)
    veldsets: list[str] = Field(["smalle-set"], min_length=1)
    oin: str = ""
    sleutel: list[_UwlrSleutel] = Field(min_length=1)


class _UwlrAdministratie(_Table):
    bron: str = ""
    versies: list[str] = Field(["uwlr/2.2"], min_length=1)


class Uwlr(_Table):
    """The tables of ``serve uwlr``; those without a default have to be there."""

    server: _UwlrServer
    klant: list[_UwlrKlant] = Field(min_length=1)
    tls: _Tls | None = None
    administratie: _UwlrAdministratie | None = None


class _Vreemd(_Tls):
    poort: int = Field(0, ge=0, le=65535)


class _Eigen(_Table):
    brin: str
    kenmerk: str
    naam: str = ""
    sector: str = ""


class _Punt(_Eigen):
    doel: str = ""
    url: str = ""
    oin: str = ""


class _Nepsleutels(_Table):
    zoeksleutel: str = ""
    pgnfrag: str = ""


class _Antwoorden(_Table):
    inbedding: Literal["xml", "tekst", "base64"] = "xml"
    sessie_seconden: float = Field(1, gt=0, allow_inf_nan=False)


class _Fouten(_Table):
    kans: float = Field(0, ge=0, le=1)
    zaad: int = 0
    soorten: list[str] = []
    berichten: list[str] = []
    seconden: float = Field(1, gt=0, allow_inf_nan=False)


class _Fout(_Table):
    fout: str
    bericht: str = "*"
    keer: int = Field(1, ge=1, le=1000)


class Simulator(_Table):
    """The tables of ``serve simulator``; those without a default have to be there."""

    server: _Server
    tls: _Tls | None = None
    vreemd: _Vreemd | None = None
    client: _Certificaat | None = None
    toegang: dict[str, list[str]] = {}
    aanleverpunt: list[_Punt] = []
    school: _Eigen | None = None
    swv: _Eigen | None = None
    sleutels: _Nepsleutels | None = None
    antwoorden: _Antwoorden | None = None
    fouten: _Fouten | None = None
    fout: list[_Fout] = []


def read(path: Path, tables: type[BaseModel] = _Settings, page: str = "docs/exchange.md") -> dict[str, Any]:
    """The settings in a file: its tables, with only what stands there.

    Args:
        path: The file, in TOML.
        tables: What may stand in it; that of ``serve las`` when left out.
        page: Where it is explained.

    Raises:
        DataError: It is no TOML, lacks something, or has something in it that means nothing; no value is quoted.
        OSError: It cannot be read.
    """
    try:
        found = tables.model_validate(data.load_toml(path))
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        # a name with a slip of the pen is missing as well, and the slip is what to mend
        fault = next((one for one in faults if one["type"] == "extra_forbidden"), faults[0])
        told = _told(fault["type"], [str(step) for step in fault["loc"]], fault.get("ctx", {}), tables)
    else:
        return found.model_dump(exclude_unset=True)
    raise DataError(told, where=str(path), remedy=f"See {page}.")


_KINDS = {
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a number",
    "greater_than": "a number above {gt}",
    "greater_than_equal": "a number from {ge} on",
    "less_than_equal": "a number up to {le}",
    "bool_type": "true or false",
    "string_type": 'a text, in quotes: "..."',
    "string_too_short": "a text that is not empty",
    "list_type": 'a list: ["..."], or for a table [[name]]',
    "too_short": "at least one",
    "dict_type": "a table",
    "model_type": "a table",
    "literal_error": "{expected}",
    "date_parsing": "a day, such as 2025-08-01",
    "date_from_datetime_parsing": "a day, such as 2025-08-01",
    "date_type": "a day, such as 2025-08-01",
}
"""What the settings want, by the kind of fault that pydantic tells; its own texts may quote what stands there."""


def _told(kind: str, place: list[str], context: dict[str, Any], tables: type[BaseModel]) -> str:
    """What is wrong, by the kind of fault and the place that pydantic gives it."""
    if kind == "extra_forbidden":
        *above, name = place
        return unknown(".".join(above), name, _names(tables, above))
    if kind == "missing":
        return f"The settings have no {'table ' if len(place) == 1 else ''}{'.'.join(place)}."
    wanted = f": it takes {_KINDS[kind].format(**context)}" if kind in _KINDS else ""
    return f"In the settings, {'.'.join(place)} cannot be what it is{wanted}."


def unknown(table: str, name: str, known: Iterable[str]) -> str:
    """That a name in the settings means nothing, and which one was probably meant.

    Args:
        table: The table it stands in; empty for the name of a table.
        name: The name; told only when it looks like one.
        known: The names that mean something there.
    """
    shown = name if _NAME.fullmatch(name) else "a name"
    place = f"{table}: {shown}" if table else shown
    return f"The settings have something unknown in {place}. {choose(name, sorted(known))}".rstrip()


def _names(tables: type[BaseModel], above: list[str]) -> list[str]:
    """The names that a table may have, found along the types of the settings."""
    found: Any = tables
    for step in above:
        if not step.isdigit():
            found = _table(found.model_fields[step].annotation)
    return list(found.model_fields)


def _table(kind: Any) -> Any:
    """The table in a type: itself, one that may be left out, or one of a list."""
    return next((one for part in get_args(kind) if (one := _table(part))), None) if get_args(kind) else kind
