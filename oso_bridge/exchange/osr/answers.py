"""What the OSR answers: a type for each thing, made from JSON that nobody vouches for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, TypeVar

from oso_bridge.errors import OsoBridgeError

MAX_DEPTH = 16
HIDDEN = "***"

Moment = date | datetime
"""A day, or a moment where the OSR gave a time as well."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# What tells a single thing from something that stands round a list.
_KNOWN = frozenset(
    {"token", "routing_id", "oin", "brin", "school_oin", "start_date", "service_code", "service_version_namespace"}
)

_T = TypeVar("_T")


class OsrError(OsoBridgeError):
    """The OSR refused a call, or its answer is not what is known of it; the text never quotes the answer.

    Args:
        what: What is wrong.
        status: See below.
        named: See below.
        where: The call, such as ``GET schools``.
        remedy: What the reader can do.

    Attributes:
        status: The status of HTTP (400 invalid, 404 not there); None when the answer came but is not understood.
        named: Those of our own parameters that occur in a refusal.
    """

    def __init__(
        self,
        what: str,
        *,
        status: int | None = None,
        named: Sequence[str] = (),
        where: str | None = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.status = status
        self.named = tuple(named)


@dataclass(frozen=True, slots=True)
class Mandaat:
    """A school lets a supplier act for it in one service.

    Attributes:
        token: What :meth:`Osr.add_endpoint` needs; never shown.
        start: From when.
        end: Until when; None when it has no end, or none is told.
        wire: All that the OSR said, under its own names; never shown, for the token is in it.
    """

    token: str | None = field(repr=False)
    start: Moment | None
    end: Moment | None
    wire: Mapping[str, Any] = field(repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Schoolmandaat:
    """A mandate in the list of a service.

    Attributes:
        school_oin: The school.
        start: From when.
        end: Until when.
        wire: All that the OSR said.
    """

    school_oin: str | None
    start: Moment | None
    end: Moment | None
    wire: Mapping[str, Any] = field(repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Eindpunt:
    """The address of a school for one version of a service (endpoint).

    Attributes:
        id: How the OSR calls it.
        routing_id: Its routeringskenmerk, 20 positions.
        namespace: The namespace of the version of the service.
        url: Where to send to. It comes from outside: a transport judges it again.
        attributes: Such as ``LAS``.
        start: From when.
        end: Until when.
        wire: All that the OSR said.
    """

    id: str | None
    routing_id: str | None
    namespace: str | None
    url: str | None
    attributes: tuple[str, ...]
    start: Moment | None
    end: Moment | None
    wire: Mapping[str, Any] = field(repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class School:
    """A school, as the OSR has it from RIO.

    Attributes:
        name: Its name.
        oin: Its OIN.
        brin: Its BRIN.
        oa_id: The id of its onderwijsaanbieder.
        wire: All that the OSR said.
    """

    name: str | None
    oin: str | None
    brin: str | None
    oa_id: str | None
    wire: Mapping[str, Any] = field(repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Dienst:
    """A service that schools give mandates for.

    Attributes:
        code: Its code.
        wire: All that the OSR said.
    """

    code: str | None
    wire: Mapping[str, Any] = field(repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class Dienstversie:
    """A version of a service.

    Attributes:
        namespace: Its namespace.
        wire: All that the OSR said.
    """

    namespace: str | None
    wire: Mapping[str, Any] = field(repr=False, hash=False)


class Lijst(tuple[_T, ...]):  # noqa: SLOT001 - a tuple with slots can have no field of its own
    """What was found, in the order of the OSR.

    Whether the OSR gives long lists in pages is not public, so this may be the first page; ``around`` would say so.

    Attributes:
        around: What stood round the list, under the names of the OSR; empty when it was a bare list.
    """

    around: Mapping[str, Any] = MappingProxyType({})


def shown(wire: Mapping[str, Any], *, token: bool = False) -> dict[str, Any]:
    """What the OSR said, fit to be shown: tokens are left out, wherever they stand.

    Args:
        wire: What it said.
        token: Show tokens all the same.
    """
    found: dict[str, Any] = dict(wire) if token else _without(dict(wire), set(_tokens(dict(wire), False)))
    return found


def _tokens(value: Any, inside: bool) -> Iterator[str]:
    """The texts below a name with ``token`` in it."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _tokens(item, inside or _is_token(name))
    elif isinstance(value, list):
        for item in value:
            yield from _tokens(item, inside)
    elif inside and isinstance(value, str) and value:
        yield value


def _is_token(name: str) -> bool:
    return "token" in name.lower()


def _without(value: Any, secrets: set[str]) -> Any:
    """A value without what stands below such a name, and without the same texts elsewhere, as in an address."""
    if isinstance(value, dict):
        return {name: HIDDEN if _is_token(name) else _without(item, secrets) for name, item in value.items()}
    if isinstance(value, list):
        return [_without(item, secrets) for item in value]
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, HIDDEN)
    return value


class Row:
    """One thing in an answer, whose fields are given as the kind that they have to be.

    Args:
        found: What stands there.

    Raises:
        OsrError: It is no object; also raised where a field is of another kind.

    Attributes:
        fields: All fields, under their own names.
    """

    def __init__(self, found: object) -> None:
        if not isinstance(found, dict):
            raise _odd("an object was expected")
        self.fields: Mapping[str, Any] = MappingProxyType(found)

    def text(self, name: str) -> str | None:
        """A text; a number is one as well."""
        found = self.fields.get(name)
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        if found is not None and not isinstance(found, str):
            raise _odd(f"{name} is no text")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; one text is a list of one."""
        found = self.fields.get(name)
        items = found if isinstance(found, list) else [] if found is None else [found]
        if not all(isinstance(item, str) for item in items):
            raise _odd(f"{name} is no list of texts")
        return tuple(items)

    def day(self, name: str) -> Moment | None:
        """A day, or a moment."""
        found = self.text(name)
        if found is None:
            return None
        try:
            return date.fromisoformat(found) if _DAY.fullmatch(found) else datetime.fromisoformat(found)
        except ValueError:
            raise _odd(f"{name} is no date") from None


def mandaat(row: Row) -> Mandaat:
    """The mandate in a row."""
    return Mandaat(row.text("token"), row.day("start_date"), row.day("end_date"), row.fields)


def schoolmandaat(row: Row) -> Schoolmandaat:
    """The mandate of a school in a row."""
    return Schoolmandaat(row.text("school_oin"), row.day("start_date"), row.day("end_date"), row.fields)


def eindpunt(row: Row, name: str) -> Eindpunt:
    """The endpoint in a row, whose own id has that name."""
    return Eindpunt(
        row.text(name),
        row.text("routing_id"),
        row.text("service_version_namespace"),
        row.text("url"),
        row.texts("attributes"),
        row.day("start_date"),
        row.day("end_date"),
        row.fields,
    )


def school(row: Row) -> School:
    """The school in a row."""
    return School(row.text("name"), row.text("oin"), row.text("brin"), row.text("oa_id"), row.fields)


def dienst(row: Row) -> Dienst:
    """The service in a row."""
    return Dienst(row.text("service_code"), row.fields)


def dienstversie(row: Row) -> Dienstversie:
    """The version of a service in a row."""
    return Dienstversie(row.text("service_version_namespace"), row.fields)


def rows(answer: Any, path: str) -> tuple[list[Any], dict[str, Any]]:
    """The list in an answer, and what stands round it: a bare list, a list under the name of the call, or one thing.

    Args:
        answer: The answer.
        path: The path of the call, such as ``schools``.

    Raises:
        OsrError: It is none of the three.
    """
    if isinstance(answer, list):
        return answer, {}
    if not isinstance(answer, dict):
        raise _odd("a list was expected")
    for name in (path, path.replace("-", "_")):
        if isinstance(answer.get(name), list):
            return answer[name], {key: value for key, value in answer.items() if key != name}
    if _KNOWN.isdisjoint(answer):
        raise _odd("a list was expected")
    return [answer], {}


def parsed(content: bytes) -> Any:
    """An answer in JSON: no name twice in an object, no numbers that are none, not too deep.

    Args:
        content: The bytes.

    Raises:
        OsrError: It is not; the text does not quote it.
    """
    try:
        found = json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _odd("it is no JSON, or has a name twice") from None
    if _deeper(found, MAX_DEPTH):
        raise _odd(f"it is deeper than {MAX_DEPTH}")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _no_number(text: str) -> None:
    raise ValueError


def _deeper(value: Any, most: int) -> bool:
    """Whether lists and objects stand deeper in one another than that."""
    layer = [value]
    for _ in range(most + 1):
        layer = [
            item
            for outer in layer
            if isinstance(outer, dict | list)
            for item in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return bool(layer)


def _odd(why: str) -> OsrError:
    """The error for an answer that is not understood."""
    return OsrError(
        f"The answer of the OSR is not understood: {why}.", remedy="What is known of the OSR may be out of date."
    )
