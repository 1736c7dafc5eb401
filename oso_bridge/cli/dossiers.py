"""What a user may give: the JSON of the model, and for some commands the XML of a release.

JSON of a dossier has no field ``model``; that of an administration or of results says in it which of the two it is.

A fault in JSON is told with its place and never with a value: both come from the administration of a school.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from oso_bridge.cli import inputs, output
from oso_bridge.errors import FieldError, UsageError

if TYPE_CHECKING:
    from pydantic import BaseModel

    from oso_bridge.document import Document
    from oso_bridge.model import Dossier
    from oso_bridge.model.base import Geheel

MAX_FAULTS = 50
"""More faults than this in one dossier are counted, not listed."""

_SAID = {
    "nl": {
        "encoding": "dit is geen tekst in UTF-8",
        "empty": "dit bestand is leeg; kijk of het goede bestand is gekozen en of de export is voltooid",
        "several": "dit is een lijst; geef één dossier tegelijk",
        "xml": "dit is XML; maak er JSON van met: oso-bridge read --json",
        "more": "nog {count} fouten",
        "model": "model: dit moet een van deze zijn: {known}; een dossier heeft dit veld niet",
        "other": "dit is geen dossier maar een {model}",
    },
    "en": {
        "encoding": "this is not text in UTF-8",
        "empty": "this file is empty; see whether the right file was chosen and the export was completed",
        "several": "this is a list; give one dossier at a time",
        "xml": "this is XML; make JSON of it with: oso-bridge read --json",
        "more": "{count} more faults",
        "model": "model: this must be one of: {known}; a dossier does not have this field",
        "other": "this is no dossier but a {model}",
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


def is_empty(data: bytes) -> bool:
    """Whether bytes hold nothing, or blanks only."""
    return not data.strip(b"\xef\xbb\xbf\xfe\xff\0 \t\r\n")


def parse(name: str, data: bytes, lang: str) -> Dossier | None:
    """The dossier in JSON; None when it has faults, or is none; see :func:`parse_whole`."""
    from oso_bridge.model import Dossier

    found = parse_whole(name, data, lang)
    if found is None or isinstance(found, Dossier):
        return found
    output.note(f"{name}: {_say('other', lang, model=type(found).__name__)}")
    return None


def parse_whole(name: str, data: bytes, lang: str) -> Geheel | None:
    """The dossier, administration or results in JSON; None when it has faults, each of which is told on standard error.

    Args:
        name: What to call the source.
        data: The JSON, in UTF-8 or with a byte order mark.
        lang: The language of the faults, ``nl`` or ``en``.
    """
    text = _text(data, lang)
    if isinstance(text, str) and text.lstrip().startswith("["):
        text = [_say("several", lang)]
    found: Geheel | None = _told(name, text if isinstance(text, list) else _parse(text, lang), lang)
    return found


def parse_model(name: str, data: bytes, lang: str, model: type[BaseModel]) -> list[Any]:
    """What JSON holds of a class of the model, one or a list of them; None for each with faults, which are told.

    Args:
        name: What to call the source.
        data: The JSON, in UTF-8 or with a byte order mark.
        lang: The language of the faults, ``nl`` or ``en``.
        model: The class, such as ``Schooladministratie``.
    """
    text = _text(data, lang)
    if isinstance(text, list) or not text.lstrip().startswith("["):
        return [_told(name, text if isinstance(text, list) else _made(text, lang, model), lang)]
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return [_told(name, _made(text, lang, model), lang)]
    return [_told(name, _made(json.dumps(item), lang, model), lang) for item in items]


def of_model(document: Document, model: type[BaseModel]) -> list[Any]:
    """What a document holds of a class of the model.

    Raises:
        UsageError: Documents of this kind hold no such thing.
    """
    if model.__name__ == _UNNAMED:
        return list(document.dossiers())
    found = document.geheel()
    if not isinstance(found, model):
        raise UsageError(f"This document holds no {model.__name__}.", where=document.source)
    return [found]


def _told(name: str, found: Any, lang: str) -> Any:
    """What was parsed; None when it is a list of faults, which are then told."""
    from oso_bridge.render.words import check_language

    check_language(lang)
    if not isinstance(found, list):
        return found
    for fault in found[:MAX_FAULTS]:
        output.note(f"{name}: {fault}")
    if len(found) > MAX_FAULTS:
        output.note(f"{name}: {_say('more', lang, count=len(found) - MAX_FAULTS)}")
    return None


def _text(data: bytes, lang: str) -> str | list[str]:
    """The text of JSON, or what is wrong."""
    if is_empty(data) or is_xml(data):
        return [_say("empty" if is_empty(data) else "xml", lang)]
    try:
        # tools on Windows write a byte order mark, or UTF-16
        return data.decode(json.detect_encoding(data))
    except UnicodeDecodeError:
        return [_say("encoding", lang)]


def _parse(text: str, lang: str) -> Any:
    """What the JSON holds, by the model that it names, or its faults."""
    from oso_bridge.binding import MODELS

    chosen = _named(text)
    if chosen in MODELS:
        return _made(text, lang, MODELS[chosen])
    known = ", ".join(name for name in MODELS if name != _UNNAMED)
    return [_say("model", lang, known=known)]


def _made(text: str, lang: str, model: type[BaseModel]) -> Any:
    """What the JSON says of a class of the model, or its faults."""
    from oso_bridge.writing import not_in_xml

    try:
        found = model.model_validate_json(text)
    except FieldError as error:
        return [f"{fault['path']}: {fault[lang]}".removeprefix("-: ") for fault in error.faults]
    return [f"{fault['path']}: {fault[lang]}" for fault in not_in_xml(found, "")] or found


_UNNAMED = "Dossier"
"""The model of JSON that does not name one."""


def _named(text: str) -> str:
    """The model that JSON says it is of; that of a dossier when it says nothing, or is no JSON at all."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return _UNNAMED
    named = found.get("model", _UNNAMED) if isinstance(found, dict) else _UNNAMED
    return named if isinstance(named, str) and not (named == _UNNAMED and "model" in found) else ""


def _say(key: str, lang: str, **values: object) -> str:
    return _SAID[lang][key].format(**values)


def either(name: str, lang: str) -> tuple[Dossier | None, str | None]:
    """The dossier behind an argument, JSON or XML, and the release of XML; None when JSON has faults, which are told.

    Raises:
        DocumentError: The XML cannot be read.
        OSError: The source cannot be read.
        UsageError: It is not there, or it holds several dossiers.
    """
    data = load(name)
    if not is_xml(data):
        return parse(name, data, lang), None
    import oso_bridge as oso

    with inputs.told_of(name):
        document = oso.read(data)
    return only(document), document.release_id


def refuse_same_input(*names: str) -> None:
    """Refuse to read standard input twice.

    Raises:
        UsageError: It was asked for more than once.
    """
    if names.count(inputs.STDIN) > 1:
        raise UsageError("Standard input can be read once only.", remedy="Give one of the two as a file.")


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


def whole(document: Document) -> Geheel:
    """What a document holds: its only dossier, an administration, or results.

    Raises:
        UsageError: It holds several dossiers, or nothing that the model has.
    """
    from oso_bridge.binding import model_of

    model = model_of(document.release, document.root)
    return only(document) if model is None or model.__name__ == _UNNAMED else document.geheel()


def dump(whole: Geheel) -> dict[str, Any]:
    """A dossier, an administration or results as plain JSON values; what is absent or empty is left out."""
    named = {} if type(whole).__name__ == _UNNAMED else {"model": type(whole).__name__}
    return {**named, **whole.model_dump(mode="json", exclude_defaults=True)}
