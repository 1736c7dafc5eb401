"""Any bytes give a Report, and from ``read`` a Document or an error of our own; a Document can be copied.

The tries are the same at every run. To make other and more ones, say how many times as many:

    OSO_HOSTILE=50 python -m pytest tests/hostile/test_properties.py
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hostile_documents import EXAMPLES, GOOD, NAMESPACE, canonical, serialised, tree
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lxml import etree

import oso_bridge as oso

TIMES = int(os.environ.get("OSO_HOSTILE", "0"))
DOCUMENTS = [path.read_bytes() for path in EXAMPLES]
STARTS = [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b'<?xml version="1.0"?>', b"<dossier>", GOOD[:400], b"<!--"]
NAMES = ["bsn", "adres", "verzonnen", "metadata", "cijferlijstTypelijst", "onderdeel", "naam", "land"]
NAMESPACES = [NAMESPACE, "", "urn:x", NAMESPACE.replace("2019", "2018")]
TEXTS = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff"), max_size=20)


def tries(number: int) -> Callable[[Any], Any]:
    """So many tries: always the same ones, or more and others when that was asked for."""
    quiet = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    return settings(
        max_examples=number * max(TIMES, 1),
        derandomize=TIMES == 0,
        database=None,
        deadline=None,
        suppress_health_check=quiet,
    )


def assert_survived(document: bytes) -> oso.Document | None:
    """A report that is complete, and a Document or an error of our own that goes with it."""
    report = oso.check(document)
    assert [layer.name for layer in report.layers] == ["wellformed", "schema", "codes", "rules", "integrity"]
    assert report.to_dict()["exit_code"] in (0, 1, 3)
    for finding in report.findings:
        assert all(finding.text(language) and finding.remedy(language) for language in ("nl", "en"))
    try:
        read = oso.read(document)
    except oso.OsoBridgeError:
        assert not report.ok
        return None
    assert report.layers[0].state == oso.State.PASSED
    assert oso.check(read).to_dict()["findings"] == report.to_dict()["findings"]
    return read


def assert_copied(document: bytes) -> None:
    """If it can be read, what is written says the same."""
    read = assert_survived(document)
    if read is not None:
        written = oso.write(read)
        assert canonical(written) == canonical(document)
        again = oso.read(written)
        assert again.schema_ok == read.schema_ok
        assert settled(again.record) == settled(read.record)


def settled(value: Any) -> Any:
    """A record without the blank space around stray texts, which is between elements."""
    if isinstance(value, list):
        return [settled(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("kind") == "text":
        return {**value, "content": value["content"].strip(" \t\r\n")}
    return {name: settled(item) for name, item in value.items()}


@tries(250)
@given(st.binary(max_size=300), st.sampled_from(STARTS))
def test_any_bytes(data: bytes, start: bytes) -> None:
    assert_survived(start + data)


@tries(100)
@given(st.text(max_size=200), st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-7", "utf-32", "cp037"]))
def test_any_text_in_any_encoding(text: str, encoding: str) -> None:
    assert_survived(f"<dossier>{text}</dossier>".encode(encoding, "replace"))


@tries(200)
@given(st.sampled_from(DOCUMENTS), st.data())
def test_flipped_bytes(document: bytes, data: st.DataObject) -> None:
    flipped = bytearray(document)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(flipped) - 1))
        flipped[at] = data.draw(st.integers(0, 255))
    assert_survived(bytes(flipped))


@tries(150)
@given(st.sampled_from(DOCUMENTS), st.data())
def test_pieces_left_out_and_doubled(document: bytes, data: st.DataObject) -> None:
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(document))] * 2)))
    double = data.draw(st.booleans())
    assert_survived(document[:last] + document[first:] if double else document[:first] + document[last:])


@st.composite
def edited(draw: st.DrawFn) -> bytes:
    """A dossier with some of its elements left out, doubled, moved, renamed, filled or marked."""
    root = tree(GOOD)
    for _ in range(draw(st.integers(1, 6))):
        elements = [element for element in root.iter(etree.Element) if element is not root]
        assume(elements)
        _edit(draw, draw(st.sampled_from(elements)), elements)
    return serialised(root)


def _edit(draw: st.DrawFn, element: etree._Element, elements: list[etree._Element]) -> None:
    parent = element.getparent()
    assert parent is not None
    kind = draw(
        st.sampled_from(["remove", "double", "move", "rename", "text", "tail", "attribute", "child", "shuffle"])
    )
    if kind == "remove":
        parent.remove(element)
    elif kind == "double":
        parent.append(etree.fromstring(etree.tostring(element, with_tail=False)))
    elif kind == "move":
        _move(element, draw(st.sampled_from(elements)))
    elif kind == "rename":
        element.tag = draw(_names())
    elif kind == "text":
        element.text = draw(TEXTS)
    elif kind == "tail":
        element.tail = draw(TEXTS)
    elif kind == "attribute":
        element.set(draw(_names()), draw(TEXTS))
    elif kind == "child":
        element.insert(draw(st.integers(0, len(element))), element.makeelement(draw(_names())))
    else:
        parent[:] = draw(st.permutations(list(parent)))


def _move(element: etree._Element, to: etree._Element) -> None:
    if to is not element and element not in to.iterancestors():
        to.append(element)


@st.composite
def _names(draw: st.DrawFn) -> str:
    namespace, name = draw(st.sampled_from(NAMESPACES)), draw(st.sampled_from(NAMES))
    return f"{{{namespace}}}{name}" if namespace else name


@tries(250)
@given(edited())
def test_edited_dossiers_are_copied(document: bytes) -> None:
    assert_copied(document)


@tries(60)
@given(edited())
def test_edited_dossiers_of_a_release_that_is_not_installed(document: bytes) -> None:
    assert_copied(document.replace(NAMESPACE.encode(), NAMESPACE.replace("2019", "2024").encode()))
