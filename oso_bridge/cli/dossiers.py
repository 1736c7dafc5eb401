"""What a user may give as a dossier: the JSON of the model, and for some commands the XML of a release.

A fault in JSON is told with its place and never with a value: both come from the administration of a school.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from oso_bridge.cli import inputs, output
from oso_bridge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError

    from oso_bridge.document import Document
    from oso_bridge.model import Dossier

MAX_FAULTS = 50
"""More faults than this in one dossier are counted, not listed."""

_LINE = re.compile(r"at line (\d+) column (\d+)")
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CHARACTER = "{path}: this holds a character that XML does not allow ({sign}); remove it"
_SAID = {
    "nl": {
        "json": "dit is geen JSON",
        "json_at": "dit is geen JSON vanaf regel {line}, teken {column}",
        "encoding": "dit is geen tekst in UTF-8",
        "several": "dit is een lijst; geef één dossier tegelijk",
        "xml": "dit is XML; maak er JSON van met: oso-bridge read --json",
        "more": "nog {count} fouten",
    },
    "en": {
        "json": "this is not JSON",
        "json_at": "this is not JSON from line {line}, column {column} on",
        "encoding": "this is not text in UTF-8",
        "several": "this is a list; give one dossier at a time",
        "xml": "this is XML; make JSON of it with: oso-bridge read --json",
        "more": "{count} more faults",
    },
}


def load(name: str) -> bytes:
    """The bytes of the one source behind an argument, within the limit for documents.

    Raises:
        OSError: It cannot be read.
        UnsafeDocument: It is larger than a document may be.
        UsageError: It is not there, or it is a folder.
    """
    from oso_bridge import sources
    from oso_bridge.xml.limits import DEFAULT

    return sources.load(inputs.single(name), DEFAULT.max_bytes).data


def is_xml(data: bytes) -> bool:
    """Whether bytes begin as XML does, in any encoding that a document may have."""
    return data[:64].lstrip(b"\xef\xbb\xbf\xfe\xff\0 \t\r\n").startswith(b"<")


def parse(name: str, data: bytes, lang: str) -> Dossier | None:
    """The dossier in JSON; None when it has faults, each of which is then told on standard error.

    Args:
        name: What to call the source.
        data: The JSON, in UTF-8 or with a byte order mark.
        lang: The language of the faults, ``nl`` or ``en``.
    """
    from oso_bridge.render.words import check_language

    check_language(lang)
    found = _parse(data, lang)
    if not isinstance(found, list):
        return found
    for fault in found[:MAX_FAULTS]:
        output.note(f"{name}: {fault}")
    if len(found) > MAX_FAULTS:
        output.note(f"{name}: {_say('more', lang, count=len(found) - MAX_FAULTS)}")
    return None


def _parse(data: bytes, lang: str) -> Dossier | list[str]:
    """The dossier, or its faults."""
    from pydantic import ValidationError

    from oso_bridge.model import Dossier

    if is_xml(data):
        return [_say("xml", lang)]
    try:
        # tools on Windows write a byte order mark, or UTF-16
        text = data.decode(json.detect_encoding(data))
    except UnicodeDecodeError:
        return [_say("encoding", lang)]
    if text.lstrip().startswith("["):
        return [_say("several", lang)]
    try:
        dossier = Dossier.model_validate_json(text)
    except ValidationError as error:
        return list(_faults(error, lang))
    return [_CHARACTER.format(path=path, sign=sign) for path, sign in _not_in_xml(dossier, "")] or dossier


def _not_in_xml(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """The place of every text that XML cannot hold, with the first character in it that is not allowed."""
    if isinstance(value, str):
        if found := _NOT_IN_XML.search(value):
            yield path, f"U+{ord(found[0]):04X}"
    elif isinstance(value, list):
        for number, item in enumerate(value, start=1):
            yield from _not_in_xml(item, f"{path}[{number}]")
    elif hasattr(type(value), "model_fields"):
        for name in type(value).model_fields:
            yield from _not_in_xml(getattr(value, name), f"{path}.{name}" if path else name)


def _faults(error: ValidationError, lang: str) -> Iterator[str]:
    """What is wrong with JSON: with its fields, or, with the line, with the JSON itself."""
    from oso_bridge.model import Dossier
    from oso_bridge.model.base import faults

    first = error.errors(include_input=False, include_url=False)[0]
    if first["type"] == "json_invalid":
        at = _LINE.search(str(first.get("ctx", {}).get("error", "")))
        yield _say("json_at", lang, line=at[1], column=at[2]) if at else _say("json", lang)
        return
    for fault in faults(error, Dossier):
        yield f"{fault['path']}: {fault[lang]}"


def _say(key: str, lang: str, **values: object) -> str:
    return _SAID[lang][key].format(**values)


def only(document: Document) -> Dossier:
    """The dossier of a document that holds one.

    Raises:
        UsageError: It holds several, or none.
    """
    found = document.dossiers()
    if len(found) != 1:
        raise UsageError(
            f"The document holds {len(found)} dossiers, and this takes one.",
            where=document.source,
            remedy="All of them as a list: oso-bridge read --json --all.",
        )
    return found[0]


def dump(dossier: Dossier) -> dict[str, Any]:
    """A dossier as plain JSON values; what is absent or empty is left out."""
    return dossier.model_dump(mode="json", exclude_defaults=True)
