"""A canary, and everything that may be heard of it: reports in every form, errors, logs, warnings."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator

from hostile_documents import (
    FORMATS,
    GOOD,
    LANGUAGES,
    NAMESPACE,
    XSI,
    attachment,
    dossier,
    edited,
    places,
    serialised,
    tree,
    with_attachment,
    with_bsn,
)

import oso_bridge as oso
from oso_bridge.render import render

KANARIE = "Kanarie7f3a91"
BYTES = KANARIE.encode()
# what a leaf may hold: a text, a date in both spellings, numbers; none of them is anywhere else in a report
GOOD_VALUES = (KANARIE, "1983-10-29", "1983-10-29T03:27:11", "29-10-1983", "73519", "735.19", "7351", "735")
BAD_VALUES = (KANARIE, f"{KANARIE} " * 60, f"  {KANARIE}\n", f"2012-03-{KANARIE}", f"<{KANARIE} a='&amp;'>\u2028ë")


def shy(value: str) -> str:
    """The part of a value that is looked for."""
    return KANARIE if KANARIE in value else value


def said(report: oso.Report) -> Iterator[tuple[str, str]]:
    """Everything that a report says, by the name of the form."""
    held = report.to_dict()
    held["digest"] = None
    for layer in held["layers"]:
        layer["duration"] = None  # its digits may happen to be those of a canary
    for finding in held["findings"]:
        finding["value"] = None
    yield "dict", json.dumps(held, ensure_ascii=False)
    for form in FORMATS:
        for language in LANGUAGES:
            yield f"{form} {language}", render([held], form, language)
    if not any(finding.value for finding in report.findings):
        yield "repr", repr(report)
        yield "str", f"{report} {[str(finding) for finding in report.findings]}"


def told(document: bytes) -> Iterator[tuple[str, str]]:
    """Everything that reading says: the Document, or the error with all that hangs on it."""
    try:
        read = oso.read(document)
    except oso.OsoBridgeError as error:
        yield "traceback", "".join(traceback.format_exception(error))
        for link in _chain(error):
            yield f"chain {type(link).__name__}", f"{link!r} {link} {link.args} {vars(link)}"
    else:
        yield "document", f"{read!r} {read}"
        yield "faults", repr(read.schema_faults)


def _chain(error: BaseException) -> Iterator[BaseException]:
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def leaks(document: bytes, looked_for: str = KANARIE, *, values: bool = False) -> list[str]:
    """Where something that must not be said is said."""
    heard = [*said(oso.check(document, show_values=values)), *told(document)]
    # texts may be escaped, and may be broken off: a piece is a leak as well
    return sorted({name for name, text in heard if looked_for.casefold() in text.casefold()})


def leaves() -> list[list[int]]:
    """A place of every kind of leaf in the good example."""
    return list(places(tree(), leaves=True))


def branches() -> list[list[int]]:
    """A place of every kind of element with children in the good example."""
    return list(places(tree(), leaves=False))


def with_text(place: list[int], text: str) -> bytes:
    """The good example with another text in one leaf."""
    root, element = edited(tree(), place)
    element.text = text
    return serialised(root)


def with_good_text(place: list[int]) -> tuple[str, bytes] | None:
    """The good example with an unusual text that the schema allows in one leaf; None when it allows none."""
    for value in GOOD_VALUES:
        document = with_text(place, value)
        if oso.read(document).schema_ok:
            return value, document
    return None


def in_elements(place: list[int]) -> Iterator[bytes]:
    """The good example with a canary in, on and around one element."""
    namespace = f"{{{NAMESPACE}}}"
    for tag in (f"{namespace}{KANARIE}", KANARIE, f"{{urn:{KANARIE}}}naam", f"{{urn:{KANARIE}}}bsn"):
        root, element = edited(tree(), place)
        element.insert(len(element) // 2, element.makeelement(tag))
        yield serialised(root)
        root, element = edited(tree(), place)
        element.tag = tag
        yield serialised(root)
    for name in ("omschrijving", "x", KANARIE, f"{{{XSI}}}type", f"{{{XSI}}}nil", f"{{urn:{KANARIE}}}x"):
        root, element = edited(tree(), place)
        element.set(name, KANARIE)
        yield serialised(root)
    root, element = edited(tree(), place)
    element.text = KANARIE
    if len(element):
        element[-1].tail = KANARIE
    yield serialised(root)


BROKEN = {
    "tags": dossier(f"<{KANARIE}></bsn>"),
    "tags, the other way": dossier(f"<bsn></{KANARIE}>"),
    "entity": dossier(f"&{KANARIE};"),
    "prefix": dossier(f"<{KANARIE}:bsn/>"),
    "prefix of an attribute": dossier(f"<bsn {KANARIE}:a='1'/>"),
    "attribute twice": dossier(f"<bsn {KANARIE}='1' {KANARIE}='2'/>"),
    "attribute without quotes": dossier(f"<bsn a={KANARIE}/>"),
    "attribute without end": dossier(f"<bsn a='{KANARIE}<b/>"),
    "truncated": dossier(f"<bsn>{KANARIE}")[:-10],
    "truncated in a name": GOOD[:300] + b"<" + BYTES,
    "control character": with_bsn(BYTES + b"\x08" + BYTES),
    "not UTF-8": with_bsn(BYTES + b"\xe9" + BYTES),
    "not UTF-16": KANARIE.join(("<bsn>", "</bsn>")).encode("utf-16-le") + b"\x00\xd8\x20\x00",
    "only text": BYTES,
    "text behind the end": GOOD + BYTES,
    "DOCTYPE": dossier(before=f"<!DOCTYPE {KANARIE} [<!ENTITY {KANARIE} '{KANARIE}'>]>"),
    "encoding": f'<?xml version="1.0" encoding="{KANARIE}"?><a/>'.encode(),
    "version": f'<?xml version="{KANARIE}"?><a/>'.encode(),
    "root": f"<{KANARIE}/>".encode(),
    "root in a namespace": f'<{KANARIE} xmlns="urn:{KANARIE}"/>'.encode(),
    "root in a known namespace": dossier().replace(b"dossier ", BYTES + b" ").replace(b"</dossier", b"</" + BYTES),
    "namespace much like ours": GOOD.replace(b"/2019/dossier", f"/{KANARIE}/dossier".encode()),
    "comment": GOOD.replace(b"<bsn>", f"<!-- {KANARIE} --><bsn>".encode()),
    "comment that is wrong": GOOD.replace(b"<bsn>", f"<!-- {KANARIE} -- --><bsn>".encode()),
    "processing instruction": GOOD.replace(b"<bsn>", f"<?{KANARIE} {KANARIE}?><bsn>".encode()),
    "processing instruction that is wrong": GOOD.replace(b"<bsn>", f"<?xml {KANARIE}?><bsn>".encode()),
    "CDATA": with_bsn(f"<![CDATA[{KANARIE}]]>".encode()),
    "CDATA without end": with_bsn(f"<![CDATA[{KANARIE}".encode()),
    "schema location": dossier(root=f'xmlns:xsi="{XSI}" xsi:schemaLocation="{KANARIE} {KANARIE}"'),
    "type": dossier(root=f'xmlns:xsi="{XSI}" xsi:type="{KANARIE}"'),
    "prefix that is declared": GOOD.replace(b"<bsn>", f'<bsn xmlns:{KANARIE}="urn:{KANARIE}">'.encode()),
    "text too deep": dossier(f"<{KANARIE}>" * 100),
    "name of a member": with_attachment(attachment({f"../{KANARIE}\u202e.exe": BYTES})),
    "name of a member, good": with_attachment(attachment({f"{KANARIE}.pdf": BYTES})),
    "base64": with_attachment(f"{KANARIE}*".encode()),
    "file name": GOOD.replace(b"<bestandsnaam>", f"<bestandsnaam>../{KANARIE}\u202e.exe".encode()),
}


def all_at_once() -> bytes:
    """One readable document with a canary in every kind of place: what a command is given."""
    root = tree()
    namespace = f"{{{NAMESPACE}}}"
    for place in leaves()[::2]:
        element = root
        for step in place:
            element = element[step]
        element.text = KANARIE
        element.set(KANARIE, KANARIE)
    for element in list(root.iter(f"{namespace}*")):
        if len(element):
            element.append(element.makeelement(f"{{urn:{KANARIE}}}{KANARIE}"))
            element.text = KANARIE
    return serialised(root)
