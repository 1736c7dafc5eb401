"""Writing: the outbound end of the road. A dossier becomes a record, the record bytes, and the bytes are checked.

The check is the one that every receiver can make (:func:`oso_bridge.check`), on the very bytes that leave.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from typing import Any, Literal

from pydantic import BaseModel

from oso_bridge import binding, catalog, plan, releases
from oso_bridge import document as documents
from oso_bridge.binding import Loss, Written
from oso_bridge.document import Document
from oso_bridge.errors import FieldError, NotChecked, UsageError, WouldLose, WriteRefused
from oso_bridge.findings import Finding, Severity, State
from oso_bridge.model.base import Geheel
from oso_bridge.plan import Branch
from oso_bridge.records import GROUPS, Record
from oso_bridge.releases import Release
from oso_bridge.rules.rows import Row, rows
from oso_bridge.xml.writer import write_record

_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_CHARACTER = {
    "nl": "hier staat een teken dat XML niet toelaat ({sign}); haal het weg",
    "en": "this holds a character that XML does not allow ({sign}); remove it",
}
_REQUIRED = ("schema", "codes", "rules")
_ABOUT_A_FIELD = ("required", "true", "equals", "in_list")


def write(
    what: Geheel | Document,
    *,
    release: str | None = None,
    root: str | None = None,
    check: bool = True,
    losses: Literal["refuse", "allow"] = "refuse",
) -> bytes:
    """Write a dossier, an administration or results, or a copy of a document.

    Args:
        what: A Dossier, Schooladministratie or Leerresultaten, or what :func:`oso_bridge.read` gave.  A document
            written in its own release is copied as it was (comments and blank space between elements aside), whatever
            the checks say of it.
        release: The release to write, such as ``oso/2019.1``; for a document its own when left out.
        root: Of UWLR the message to write, such as ``leerlingen_antwoord``; when left out ``leerlinggegevens_antwoord``
            for an administration and ``leerresultaten_verzoek`` for results.
        check: Refuse to write what does not pass the required layers.
        losses: ``allow`` to leave out what the release has no place for.

    Returns:
        XML with a declaration, in UTF-8.

    Raises:
        UsageError: No release is named, it is not installed, or it has no such documents.
        FieldError: A text holds a character that XML does not allow.
        WouldLose: The release has no place for a part of the dossier.
        WriteRefused: What would be written does not pass the checks.

    Warns:
        NotChecked: The codes and rules of a release that came as a bundle cannot be run here; the schema was passed.
    """
    if losses not in ("refuse", "allow"):
        raise UsageError(f"losses is refuse or allow, not {losses!r}.")
    if not isinstance(what, Document | Geheel):
        raise UsageError(
            f"oso.write takes a Dossier or a Document, not {type(what).__name__}.", remedy="Use oso.read(path) first."
        )
    if isinstance(what, Document):
        if release in (None, what.release_id) and root in (None, what.root):
            return write_record(what.record, what.reading.tree)
        release = release or what.release_id
        what = what.geheel()
    made, chosen = _made(what, release, root)
    if made.losses and losses == "refuse":
        raise WouldLose(made.losses)
    xml = _bytes(made, chosen, what)
    if check:
        _refuse_faulty(xml, chosen)
    return xml


def _bytes(made: Written, release: Release, whole: Geheel) -> bytes:
    """A record as XML; a text that XML cannot hold is named by its place in the model."""
    try:
        return write_record(made.record, plan.load(release).tree(made.root))
    except UsageError as error:
        faults = list(not_in_xml(whole, ""))
        if not faults:
            raise error from None
    raise FieldError("XML", faults)


def not_in_xml(value: Any, path: str) -> Iterator[dict[str, str]]:
    """A fault for every text of a part that XML cannot hold, with its place and the first character of that kind."""
    if isinstance(value, str):
        if found := _NOT_IN_XML.search(value):
            sign = f"U+{ord(found[0]):04X}"
            yield {"path": path, **{language: text.format(sign=sign) for language, text in _CHARACTER.items()}}
    elif isinstance(value, list):
        for number, item in enumerate(value, start=1):
            yield from not_in_xml(item, path if number == 1 else f"{path}[{number}]")
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from not_in_xml(getattr(value, name), f"{path}.{name}" if path else name)


def _made(whole: Geheel, release: str | None, root: str | None = None) -> tuple[Written, Release]:
    chosen = releases.chosen(release, "to write")
    return binding.written(whole, chosen, root), chosen


def _refuse_faulty(xml: bytes, release: Release) -> None:
    report = documents.check(xml, layers=_REQUIRED, release=release.id)
    states = {layer.name: layer.state for layer in report.layers if layer.required}
    if State.FAILED in states.values() or State.UNCLEAR in states.values() or states["schema"] is not State.PASSED:
        raise WriteRefused(report)
    absent = [name for name, state in states.items() if state is State.NOT_RUN]
    if absent:
        # the rules of a release that came as a bundle need its stylesheets, and those an extra
        told = f"Written without having been checked for {' and '.join(absent)}; oso.check(...) says why."
        warnings.warn(told, NotChecked, stacklevel=3)


def todo(dossier: Geheel, *, release: str | None = None) -> list[Finding]:
    """What a dossier still needs before it can be written.

    Args:
        dossier: The dossier, as far as it is.
        release: The release that it is to be written in, such as ``oso/2019.1``.

    Returns:
        A finding for each thing that is missing or wrong or would be lost (``VERLIES...``), with its rule, place and
        remedy; empty when it can be written.  Places are those of the document that would be written.

    Raises:
        UsageError: No release is named, or it is not installed.
        FieldError: A text holds a character that XML does not allow.
    """
    return _judged(dossier, release, _REQUIRED)[0]


def review(dossier: Geheel, *, release: str | None = None) -> tuple[list[Finding], list[Finding]]:
    """What a dossier still needs, and what is odd about it although it can be written.

    Args:
        dossier: The dossier, as far as it is.
        release: The release that it is to be written in.

    Returns:
        What :func:`todo` gives, and the warnings: a number that cannot exist, an attachment that cannot be opened.

    Raises:
        UsageError: No release is named, or it is not installed.
        FieldError: A text holds a character that XML does not allow.
    """
    return _judged(dossier, release, None)


def _judged(
    dossier: Geheel, release: str | None, layers: tuple[str, ...] | None
) -> tuple[list[Finding], list[Finding]]:
    """What must be mended, and what is only warned of, as far as these layers see it."""
    made, chosen = _made(dossier, release)
    tree = plan.load(chosen).tree(made.root)
    report = documents.check(_bytes(made, chosen, dossier), layers=layers, release=chosen.id)
    found = [_placed(finding, chosen) for finding in report.findings]
    # the schema names the first absent child of an element only; whoever builds a dossier wants them all
    missing = list(_missing(made.record, tree.root, f"/{tree.root.name}[1]", chosen))
    others = [finding for finding in found if not finding.rule.startswith("XSD.ontbreekt.")]
    wrong = [finding for finding in others if finding.severity is Severity.ERROR]
    odd = [finding for finding in others if finding.severity is not Severity.ERROR]
    return missing + wrong + [loss.finding for loss in made.losses], odd


def _missing(record: Record, branch: Branch, xpath: str, release: Release) -> Iterator[Finding]:
    """A finding for every child that its element must have and has not."""
    groups = record.get(GROUPS, [record])
    for particle in branch.content:
        names = [item["name"] for item in particle.get("choice", (particle,))]
        if particle["min"] and any(group.keys().isdisjoint(names) for group in groups):
            yield _absent(names, branch, xpath, release)
    for group in groups:
        for name, child in branch.branches.items():
            value = group.get(name, [])
            for number, item in enumerate(value if isinstance(value, list) else [value], start=1):
                yield from _missing(item, child, f"{xpath}/{name}[{number}]", release)


def _absent(names: list[str], branch: Branch, xpath: str, release: Release) -> Finding:
    element = "|".join(names)
    return Finding(
        f"XSD.ontbreekt.{element}",
        "schema",
        Severity.ERROR,
        True,
        catalog.message("XSD", "ontbreekt"),
        path=_field(release, f"{xpath}/{names[0]}[1]"),
        xpath=xpath,
        args={"element": element, "ouder": branch.name},
    )


def _placed(finding: Finding, release: Release) -> Finding:
    """The finding with the field that has to be filled, where a rule speaks of an element in or beside its place."""
    about = [row for row in rows(release) if finding.rule in _ids(row)]
    asked = {path: None for row in about for path in _asked(row, alone=finding.path is None)}
    places = [_xpath(release, path, finding.xpath or "") for path in asked]
    fields = [_field(release, place) or "" for place in places if _wire(place) in plan.model_paths(release)]
    field = _common(fields)
    return replace(finding, path=field) if field and len(fields) == len(asked) else finding


def _common(places: list[str]) -> str:
    """The field that holds all of these, or the only one; empty when there is none."""
    steps = zip(*(place.split(".") for place in places), strict=False)
    return ".".join(step[0] for step in takewhile(lambda step: len(set(step)) == 1, steps))


def _ids(row: Row) -> tuple[str, ...]:
    """The ids that findings of a rule may have."""
    return row.id, *row.keys.get("id_by_kind", {}).values()


def _asked(row: Row, *, alone: bool) -> list[str]:
    """The paths of what a rule asks for or forbids; those of several things only where there is no better place."""
    if row.word in ("one_of", "forbidden"):
        several = row.what if isinstance(row.what, list) else [row.what]
        return [str(path) for path in several] if alone else []
    path = row.what.get("path", ".") if isinstance(row.what, dict) else row.what
    return [str(path)] if row.word in _ABOUT_A_FIELD and path != "." else []


def _xpath(release: Release, path: str, xpath: str) -> str:
    """The place in the document that a path of a rule means, seen from a place; the first of each."""
    if path.startswith("//"):
        ending = "/" + path.removeprefix("//").removeprefix("dossier/")
        path = next((known for known in plan.model_paths(release) if known.endswith(ending)), "dossier")
        xpath = ""
    return xpath + "".join(f"/{name}[1]" for name in path.split("/"))


def _wire(xpath: str) -> str:
    """A place in a document without its numbers, as ``paths.json`` names it."""
    return re.sub(r"\[\d+\]|#\d+/", "", xpath).strip("/")


def _field(release: Release, xpath: str) -> str | None:
    """The field of the model for a place in a document; for a mere wrapper that of what it holds."""
    paths = plan.model_paths(release)
    wire = _wire(xpath)
    inside = [known for known in paths if known.rpartition("/")[0] == wire]
    if paths.get(wire) == paths.get(wire.rpartition("/")[0], "") and len(inside) == 1:
        xpath = f"{xpath}/{inside[0].rpartition('/')[2]}[1]"
    return plan.model_path(release, xpath)


def losses(dossier: Geheel, *, release: str | None = None, root: str | None = None) -> list[Loss]:
    """What a release has no place for in a dossier.

    Raises:
        UsageError: No release is named, or it is not installed.
    """
    return _made(dossier, release, root)[0].losses
