"""What the OSR is asked: the calls of each version, parameters in the form that they must have, and parcels of both."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from oso_bridge import data, identifiers
from oso_bridge.errors import UsageError, choose
from oso_bridge.parcels import Parcel
from oso_bridge.transports.http import checked

FILE = ("schemas", "osr.toml")
FORM = "application/x-www-form-urlencoded"

Given = str | Sequence[str] | date | bool | None
"""The value of a parameter; nothing is sent of one that is None, False or an empty list."""

_Checked = str | list[str]
_SECRET = re.compile(r"[\x21-\x7e]{1,4096}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}")
_TEXT = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,498}[\x21-\x7e])?")
_CODE = re.compile(r"[A-Za-z0-9]{1,20}")
_PATTERNS = {
    "bge_code": _CODE,
    "mandate_token": _SECRET,
    "name": re.compile(r"[^\x00-\x1f\x7f]{1,200}"),
    "oa_id": _CODE,
    "routing_id": re.compile(r"[0-9A-Z]{20}"),
    "service_code": _TEXT,
    "service_version_namespace": _TEXT,
    "url": _TEXT,
}
_NOTHING = re.compile(r"(?!)")  # a day that is no date, and the like
_IDENTIFIERS = {
    "brin": (identifiers.brin, "A BRIN has two digits and two capitals; leave out the digits of a location."),
    **dict.fromkeys(
        ("oin", "school_oin", "supplier_oin"),
        (identifiers.oin, "An OIN has 20 positions, such as 0000000700000YY00000."),
    ),
}


def version(name: str) -> dict[str, Any]:
    """What is known of a version, with what it takes over from another one.

    Args:
        name: Such as ``V2``.

    Returns:
        The table of ``schemas/osr.toml``, with all calls in it.

    Raises:
        UsageError: There is no such version, or it has ended.
    """
    known = data.toml(*FILE)
    if name not in known:
        raise UsageError("There is no such version of the OSR.", remedy=choose(name, known))
    facts = known[name]
    if "refused" in facts:
        raise UsageError(facts["refused"], remedy=facts["remedy"])
    base = known[facts["like"]]["calls"] if "like" in facts else {}
    return {**facts, "calls": {**base, **facts["calls"]}}


def parcel(facts: Mapping[str, Any], given: Mapping[str, Given]) -> Parcel:
    """A question as a parcel: parameters in the path, else in the query, or as JSON in the body.

    Args:
        facts: What is known of the call.
        given: Its parameters, by the names of the OSR.

    Raises:
        UsageError: A parameter is missing, one too many, or has another form than it must have.
    """
    told = {name: _checked(name, value) for name, value in given.items() if is_told(value)}
    _complete(facts, told)
    call = str(facts["call"]).replace(" ", ":")
    inside = {name for name in told if f"{{{name}}}" in call}
    operation = call.format(**{name: told[name] for name in inside})
    rest = {name: value for name, value in told.items() if name not in inside}
    if operation.startswith("GET:"):
        return Parcel(urlencode(rest, doseq=True).encode("ascii"), FORM, operation=operation)
    return Parcel(json.dumps(rest).encode("ascii"), "application/json", operation=operation)


def is_told(value: Given) -> bool:
    """Whether a parameter was given at all; an empty text was, and has the wrong form."""
    return value is not None and value is not False and value != () and value != []


def key(header: str, api_key: str) -> dict[str, str]:
    """The header with an API key.

    Args:
        header: Its name.
        api_key: The key.

    Raises:
        UsageError: Either cannot be sent; the text repeats neither.
    """
    return {_fitting(header, "name of a header", _HEADER): _fitting(api_key, "API key", _SECRET)}


def _complete(facts: Mapping[str, Any], told: Mapping[str, _Checked]) -> None:
    """Refuse a question that lacks something, asks for two things, or holds what the call does not take.

    Raises:
        UsageError: That is so.
    """
    needs, one_of = facts.get("needs", []), facts.get("one_of", [])
    if one_of and len(told.keys() & set(one_of)) != 1:
        raise UsageError(f"Give exactly one of {' and '.join(one_of)}.")
    if missing := [name for name in needs if name not in told]:
        raise UsageError(f"The call {facts['call']} needs {', '.join(missing)}.")
    if unknown := sorted(told.keys() - {*needs, *facts.get("may", []), *one_of}):
        raise UsageError(f"The call {facts['call']} does not take {', '.join(unknown)}.")


def _checked(name: str, value: Given) -> _Checked:
    """A parameter as it is sent, when it has the form that it must have.

    Raises:
        UsageError: It has another form; the text does not repeat it.
    """
    if value is True:
        return "true"
    if isinstance(value, date):
        return (value.date() if isinstance(value, datetime) else value).isoformat()
    if name in _IDENTIFIERS:
        return _identifier(name, value)
    if name == "attributes":
        # a text is a sequence of letters
        each = [value] if isinstance(value, str) or not isinstance(value, Sequence) else value
        return [_fitting(item, "attribute", _TEXT) for item in each]
    text = _fitting(value, name, _PATTERNS.get(name, _NOTHING))
    return checked(text) if name == "url" else text


def _identifier(name: str, value: object) -> str:
    kind, remedy = _IDENTIFIERS[name]
    why = kind.why(value) if isinstance(value, str) else identifiers.FORM
    if why or not isinstance(value, str):
        raise UsageError(f"This is no {kind.name} ({name}: {why}).", remedy=remedy)
    return value


def _fitting(given: object, name: str, pattern: re.Pattern[str]) -> str:
    if not isinstance(given, str) or not pattern.fullmatch(given):
        raise UsageError(f"This is no {name}.")
    return given
