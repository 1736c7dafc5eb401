"""Documents that are read piece by piece: the same report as of the whole, in memory that does not grow."""

from __future__ import annotations

import codecs
import copy
import io
import json
import random
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from make_las import administration

import oso_bridge as oso
from oso_bridge import data, document, streaming
from oso_bridge.cli import main
from oso_bridge.references import Keys, Waiting
from oso_bridge.xml import feed

from .samples import CASES, EDEX, EXAMPLES, LEERLINGGEGEVENS, PUPILS, REFERENCES, RESULTS

PIECES = (40, 700, 128 * 1024)


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how much is read at a time."""
    return lambda size: monkeypatch.setattr(feed, "CHUNK", size)


@pytest.fixture(autouse=True)
def streamed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that were read piece by piece."""
    found: list[str] = []
    report = streaming._Check.report

    def noted(check: Any) -> oso.Report:
        found.append(check._opened.name)
        return report(check)

    monkeypatch.setattr(streaming._Check, "report", noted)
    return found


def seen(report: oso.Report) -> dict[str, Any]:
    """All that a report says, but for how long it took."""
    told = report.to_dict()
    for layer in told["layers"]:
        layer["duration"] = layer["duration"] is not None
    return told


def assert_same(content: bytes, **settings: Any) -> oso.Report:
    whole = oso.check(content, stream=False, **settings)
    assert seen(oso.check(content, stream=True, **settings)) == seen(whole)
    return whole


# --- the same report ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", PIECES)
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples(path: Path, size: int, pieces: Callable[[int], None], streamed: list[str]) -> None:
    pieces(size)
    assert assert_same(path.read_bytes()).ok
    assert len(streamed) == 1


SIGNATURE = b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_signature_that_nobody_asked_after(path: Path, streamed: list[str]) -> None:
    before, end, after = path.read_bytes().rpartition(b"</")
    report = assert_same(before + SIGNATURE + end + after)
    assert len(streamed) == 1
    assert [layer.name for layer in report.layers][:2] == ["wellformed", "signature"]
    assert report.layer("signature").state is oso.State.NOT_RUN
    assert not report.layer("signature").required


def test_a_signature_that_stands_first(streamed: list[str]) -> None:
    begin, root, rest = EXAMPLES[0].read_bytes().partition(b"<EDEX")
    opening, end, content = rest.partition(b">")
    report = assert_same(begin + root + opening + end + SIGNATURE + content)
    assert (len(streamed), report.layer("signature").state) == (1, oso.State.NOT_RUN)


def test_a_signature_elsewhere_is_none_of_the_whole() -> None:
    content = EXAMPLES[0].read_bytes().replace(b"<leerlingen>", b"<leerlingen>" + SIGNATURE, 1)
    assert "signature" not in [layer.name for layer in assert_same(content).layers]


def test_a_signature_that_is_asked_for_is_looked_at_in_the_whole(
    streamed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = EXAMPLES[0].read_bytes()
    monkeypatch.setattr(document, "LARGE", 1)
    assert oso.check(content).ok
    assert len(streamed) == 1
    report = oso.check(content, layers=["signature"])
    assert (len(streamed), report.layer("signature").required, report.ok) == (1, True, False)
    with pytest.raises(oso.UsageError, match="read whole"):
        oso.check(content, layers=["signature"], stream=True)


def reference_cases() -> Iterator[bytes]:
    for path in REFERENCES:
        root = etree.parse(str(path)).getroot()
        for line in path.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines():
            edited = copy.deepcopy(root)
            if all(apply(edited, step) for step in json.loads(line)["ops"]):
                yield etree.tostring(edited, encoding="UTF-8", xml_declaration=True)


def apply(root: etree._Element, step: dict[str, str]) -> bool:
    """Apply one edit of a reference case; False for a kind that is not known here."""
    names = "/".join(f"{{*}}{name}" for name in step["path"].strip("/").split("/")[1:])
    element = root.find(names) if names else root
    assert element is not None
    parent: Any = element.getparent()
    tag = etree.QName(root).namespace
    full = (lambda name: f"{{{tag}}}{name}") if tag else str
    match step["op"]:
        case "delete":
            parent.remove(element)
        case "text":
            element.text = step["value"]
        case "duplicate":
            element.addnext(copy.deepcopy(element))
        case "rename":
            element.tag = full(step["value"])
        case "swap":
            element.getnext().addnext(element)
        case "attr":
            element.set(step["name"], step["value"])
        case "append":
            etree.SubElement(element, full(step["name"])).text = step.get("value")
        case _:
            return False
    return True


@pytest.mark.skipif(CASES is None, reason="the reference cases are not here; OSO_CASES names their folder")
def test_the_reference_cases(pieces: Callable[[int], None], streamed: list[str]) -> None:
    pieces(150)
    number = sum(1 for content in reference_cases() if assert_same(content) is not None)
    assert number > 700
    assert len(streamed) > 0.9 * number


def several(path: Path) -> etree._Element:
    """An example with four of each of its pupils, members of staff and results."""
    root = etree.parse(str(path)).getroot()
    for element in [*root.iter("{*}leerling", "{*}leerkracht", "{*}toetsafname")]:
        for number in range(3 if len(element) else 0):
            twin = copy.deepcopy(element)
            for keyed in twin.iter():
                for name in ("key", "eckid"):
                    if keyed.get(name) and (keyed is twin or keyed.tag.endswith("resultaat")):
                        keyed.set(name, f"{keyed.get(name)}{number}")
            element.addnext(twin)
    return root


def spoil(root: etree._Element, chance: random.Random) -> None:  # noqa: C901 - one case for each way
    """Do something to a document that may be wrong."""
    elements = list(root.iter(etree.Element))
    element, other = chance.choice(elements), chance.choice(elements)
    parent = element.getparent()
    namespace = etree.QName(element).namespace
    name = chance.choice(["geheim", "leerling", "leerlingen", "groep", "blok", "EDEX"])
    tag = f"{{{namespace}}}{name}" if namespace else name
    keyed = [item for item in elements if item.get("key")]
    match chance.randrange(11):
        case 0 if parent is not None:
            parent.remove(element)
        case 1:
            element.text = chance.choice(["", "9999999999", "x" * 300, " ", "2020-13-01", "000000000"])
        case 2 if parent is not None:
            element.addnext(copy.deepcopy(element))
        case 3 if parent is not None:
            element.tag = tag
        case 4 if parent is not None:
            chance.choice(list(parent)).addprevious(copy.deepcopy(element))
        case 5 if element.attrib:
            key = chance.choice(list(element.attrib))
            element.set(key, chance.choice(["", "G-4", f" {element.get(key)}", "x" * 300]))
        case 6 if element.attrib:
            del element.attrib[chance.choice(list(element.attrib))]
        case 7:
            element.tail = f"{element.tail or ''}stray"
        case 8 if other.getparent() is not None:
            other.addnext(copy.deepcopy(element))
        case 9:
            element.set(chance.choice(["zz", "{urn:x}y", "{http://www.w3.org/2001/XMLSchema-instance}type"]), "q")
        case 10 if len(keyed) > 1:
            chance.choice(keyed).set("key", str(chance.choice(keyed).get("key")))
        case _:
            etree.SubElement(element, tag).text = "t"


def break_bytes(content: bytes, chance: random.Random) -> bytes:
    """Do something to the text of a document that may be wrong."""
    at = chance.randrange(len(content))
    match chance.randrange(10):
        case 0:
            return content[:at]
        case 1:
            return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]
        case 2:
            put = chance.choice([b"<!DOCTYPE a>", b"&x;", b"</leerling>", b"<a>", b"\x00"])
            return content[:at] + put + content[at:]
        case _:
            return content


@pytest.mark.parametrize("seed", range(12))
def test_broken_documents(seed: int, pieces: Callable[[int], None], streamed: list[str]) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same documents at every run
    made = [several(path) for path in EXAMPLES]
    for _ in range(25):
        root = copy.deepcopy(chance.choice(made))
        for _ in range(chance.choice([1, 1, 2, 3, 5])):
            spoil(root, chance)
        encoding = chance.choice(["UTF-8", "UTF-8", "UTF-16", "ISO-8859-1"])
        pieces(chance.choice([*PIECES, 300]))
        assert_same(break_bytes(etree.tostring(root, encoding=encoding, xml_declaration=True), chance))
    assert len(streamed) > 12


GROUPS = '<groepen><groep key="g"><naam>a</naam><jaargroep>3</jaargroep></groep></groepen>'
WRONG: dict[str, Callable[[int], str]] = {
    "a code": lambda at: pupil(at, "<geslacht>7</geslacht>"),
    "more of each": lambda at: pupil(at, '<geslacht>7</geslacht><geheim/><groep key="q"/>'),
    "a key twice": lambda at: pupil(at // 2),
    "a key twice but for a blank": lambda at: pupil(f"{at // 2}{' ' * (at % 2)}"),
    "no key": lambda at: pupil(at if at % 3 else ""),
    "references to nothing": lambda at: pupil(at, f'<groep key="h{at}"/>'),
    "a number": lambda at: pupil(at, f"<bsn>{at:09}</bsn>"),
    "text between": lambda at: f"{pupil(at)} x ",
    "an element between": lambda at: pupil(at, "<geslacht>7</geslacht>") if at != 400 else "<geheim/>",
}


def pupil(key: object, more: str = '<groep key="g"/>') -> str:
    return f'<leerling key="{key}"><roepnaam>x</roepnaam>{more}</leerling>\n'


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("before", [GROUPS, "", f"<geheim/>{GROUPS}"])
def test_more_than_a_report_lists(what: str, before: str, pieces: Callable[[int], None]) -> None:
    pieces(5000)
    inside = "".join(map(WRONG[what], range(2300)))
    body = f"<school><schooljaar>2024-2025</schooljaar></school>{before}<leerlingen>{inside}</leerlingen>"
    assert_same(f"<EDEX>{body}</EDEX>".encode())
    assert_same(f'<leerlinggegevens xmlns="{LEERLINGGEGEVENS}">{body}</leerlinggegevens>'.encode())


@pytest.mark.parametrize("layers", [["schema"], ["integrity"], ["codes", "rules"], []])
def test_some_layers(layers: list[str]) -> None:
    assert_same(etree.tostring(several(PUPILS)).replace(b"<bsn_ondwnr-4>", b"<bsn>"), layers=layers)


def test_values_only_when_asked(capfd: pytest.CaptureFixture[str]) -> None:
    content = EDEX.read_bytes().replace(b"<geslacht>2", b"<geslacht>kanarie")
    assert "kanarie" not in str(seen(assert_same(content)))
    assert "kanarie" in str(seen(assert_same(content, show_values=True)))
    items = [str(finding.to_dict()) for item in oso.stream(content) for finding in item.findings]
    assert items
    assert "kanarie" not in "".join(items)


def test_no_rule_of_such_a_format_looks_beyond_a_pupil() -> None:
    formats = {release.format for release in oso.installed()}
    with_lists = [name for name in formats if data.toml("schemas", name, "format.toml").get("stream")]
    assert sorted(with_lists) == ["edexml", "uwlr"]
    for name in with_lists:
        for file in ("rules.toml", "integrity.toml"):
            rows = [row for rows in data.toml("schemas", name, file).values() if isinstance(rows, list) for row in rows]
            assert not [row for row in rows if "//" in str({**row, "at": ""})]


# --- which documents ----------------------------------------------------------------------------------------------


def test_a_large_document_is_read_in_pieces_by_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, streamed: list[str]
) -> None:
    monkeypatch.setattr(document, "LARGE", 20_000)
    small, other = b"".join(administration(1)), (EDEX.parent / "povo.xml").read_bytes()
    large = tmp_path / "large.xml"
    large.write_bytes(b"".join(administration(50)))
    assert oso.check(large).ok
    assert oso.check(io.BytesIO(large.read_bytes())).ok
    assert [report.ok for report in oso.check_many([large, small])] == [True, True]
    assert len(streamed) == 3
    assert oso.check(large, limits=oso.Limits()).ok
    assert oso.check(large, stream=False).ok
    assert oso.check(io.BytesIO(small)).ok
    assert oso.check(io.BytesIO(other)).ok
    assert oso.check(io.BytesIO(b"no xml" * 5000)).findings[0].layer == "wellformed"
    assert len(streamed) == 3


def test_a_release_that_is_told_behind_the_pupils() -> None:
    school = "<school><schooljaar>2024-2025</schooljaar><xsdversie>2.0</xsdversie></school>"
    content = f"<EDEX><leerlingen>{pupil(1, '')}</leerlingen>{school}</EDEX>".encode()
    assert assert_same(content).release == "edexml/2.0"


def test_progress() -> None:
    content = b"".join(administration(400))
    told: list[tuple[int, int | None]] = []
    assert oso.check(content, stream=True, progress=lambda done, total: told.append((done, total))).ok
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert told[-1] == (len(content), len(content))
    assert len(told) > 1
    del told[:]
    oso.check(io.BytesIO(content), stream=True, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (len(content), None)


def test_the_program_takes_a_large_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], streamed: list[str]
) -> None:
    monkeypatch.setattr(document, "LARGE", 20_000)
    file = tmp_path / "large.xml"
    file.write_bytes(b"".join(administration(50)))
    monkeypatch.setattr("sys.argv", ["oso-bridge", "check", str(file)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, None)
    assert streamed == [str(file)]


# --- limits -------------------------------------------------------------------------------------------------------

HEAD = b"<EDEX><school><schooljaar>2024-2025</schooljaar></school><leerlingen>"
ENDLESS = {
    "max_stream_bytes": (b"", b"<leerling><roepnaam>x</roepnaam></leerling>"),
    "max_bytes": (b"", pupil(1, f"<!-- --><roepnaam>{'x' * 100_000}").encode()[:-12]),
    "max_children": (b'<leerling key="1">', b"<roepnaam/>"),
    "max_depth": (b"", b'<leerling key="1">' + b"<a>" * 300 + b"</a>" * 300 + b"</leerling>"),
    "max_attributes": (b'<leerling key="1">', b"<a " + b" ".join(b'a%d=""' % at for at in range(900)) + b"/>"),
    "max_elements": (b'<leerling key="1">', b"<a>" + b"<b/>" * 500 + b"</a>"),
}


class Endless(io.RawIOBase):
    """A file that never ends, and says how much was read of it."""

    def __init__(self, head: bytes, again: bytes) -> None:
        self.head, self.again, self.given = head, again * (200_000 // len(again) + 1), 0

    def read(self, number: int = -1) -> bytes:
        piece, self.head = (self.head, b"") if self.head else (self.again, b"")
        self.given += len(piece)
        return piece


@pytest.mark.parametrize("limit", ENDLESS)
def test_what_never_ends_is_refused(limit: str) -> None:
    before, again = ENDLESS[limit]
    most = 300_000 if limit == "max_stream_bytes" else 40_000_000
    limits = oso.Limits(max_bytes=3_000_000, max_stream_bytes=most, max_elements=30_000)
    file = Endless(HEAD + before, again)
    with pytest.raises(oso.UnsafeDocument) as refused:
        for _ in oso.stream(file, limits=limits):
            pass
    assert refused.value.rule == f"DOC.limiet.{limit}"
    assert file.given < most + 1_000_000


def test_one_key_very_often() -> None:
    body = f"<school><schooljaar>2024-2025</schooljaar></school><leerlingen>{pupil('een', '') * 300}</leerlingen>"
    limits = oso.Limits(max_same_key=100)
    (finding,) = assert_same(f"<EDEX>{body}</EDEX>".encode(), limits=limits).findings
    assert finding.rule == "DOC.limiet.max_same_key"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "iso-8859-1", "utf-8-sig"])
def test_encodings(encoding: str, pieces: Callable[[int], None], streamed: list[str]) -> None:
    pieces(41)
    text = EDEX.read_text("utf-8").replace("Teun", "Théún").partition("?>")[2]
    declared = {"iso-8859-1": "iso-8859-1", "utf-8-sig": "utf-8"}.get(encoding, "utf-16")
    assert assert_same(f'<?xml version="1.0" encoding="{declared}"?>{text}'.encode(encoding)).ok
    assert streamed


def test_a_file_that_ends_within_a_sign(pieces: Callable[[int], None]) -> None:
    pieces(41)
    content = EDEX.read_text("utf-8").replace("UTF-8", "UTF-16").encode("utf-16-le")
    assert_same(codecs.BOM_UTF16_LE + content[:-1])


# --- one by one ---------------------------------------------------------------------------------------------------


def test_items_are_what_the_document_holds() -> None:
    for path in (EDEX, PUPILS, RESULTS):
        whole = oso.read(path)
        items = list(oso.stream(path))
        rest = items[-1]
        assert all(item.ok for item in items)
        assert rest.path == whole.root
        assert [item.kind for item in items] == ["head", *["item"] * (len(items) - 2), "rest"]
        for name in {item.name for item in items[1:-1]}:
            mine = [item for item in items if item.name == name and item.kind == "item"]
            assert [item.number for item in mine] == list(range(1, len(mine) + 1))
            assert [item.record for item in mine] == list(below(whole.record, mine[0].path))
            assert [list(below(item.whole(), item.path)) for item in mine] == [[item.record] for item in mine]
            assert list(below(rest.record, mine[0].path)) == []


def below(record: Any, path: str) -> Iterator[Any]:
    """The records at a path of the structure."""
    found = [record]
    for name in path.split("/")[1:]:
        values = [one[name] for one in found if name in one]
        found = [item for value in values for item in (value if isinstance(value, list) else [value])]
    yield from found


def test_one_bad_pupil_does_not_stop_the_rest() -> None:
    inside = pupil(1) + pupil(2, "<geslacht>7</geslacht>") + pupil(1) + pupil(4, '<groep key="?"/>') + pupil(5)
    school = "<school><schooljaar>1980-1981</schooljaar></school>"
    content = f"<EDEX>{school}{GROUPS}<leerlingen>{inside}</leerlingen></EDEX>"
    head, *pupils, rest = oso.stream(content.encode())
    assert head.findings == ()
    found = [[finding.rule for finding in item.findings] for item in pupils]
    assert found == [[], ["XSD.keuzelijst.geslacht"], ["XSD.sleutel-dubbel.leerling"], [], []]
    assert [item.ok for item in pupils] == [True, False, False, True, True]
    assert "XSD.sleutel-onbekend.groep" in [finding.rule for finding in rest.findings]
    told = {finding.rule: finding.line for finding in oso.check(content.encode()).findings}
    assert pupils[2].findings[0].line == told["XSD.sleutel-dubbel.leerling"]


def test_what_has_no_lists_is_refused() -> None:
    with pytest.raises(oso.UsageError):
        list(oso.stream(EDEX.parent / "povo.xml"))
    with pytest.raises(oso.UsageError):
        list(oso.stream(b"no xml"))


def test_an_item_does_not_show_its_pupil() -> None:
    assert "Jildou" not in "".join(map(repr, oso.stream(EDEX)))


# --- memory -------------------------------------------------------------------------------------------------------


class Pieces(io.RawIOBase):
    """A file that is made while it is read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def read(self, number: int = -1) -> bytes:
        return b"".join(islice(self._pieces, 200))


def taken(number: int) -> int:
    """What Python allots at the most while so many pupils are checked."""
    tracemalloc.start()
    try:
        report = oso.check(Pieces(administration(number)), stream=True)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        assert report.ok


def test_memory_does_not_grow() -> None:
    taken(10)
    few, many = taken(500), taken(5000)
    # what stays of a pupil are its two keys
    assert many - few < 4500 * 600


def test_keys_and_references() -> None:
    keys = Keys()
    assert keys.add("a") == (False, False)
    assert keys.add(" a") == (False, True)
    assert keys.add("a") == (True, True)
    assert keys.add("b", exact=False) == (False, False)
    assert keys.add("b") == (False, True)
    assert keys.number("a") == 3
    assert "a  " in keys
    assert not keys.has("a  ")
    long = "x" * 5000
    assert keys.add(long) == (False, False)
    assert keys.add(long) == (True, True)
    waiting = Waiting[int](most=2)
    for number, key in enumerate(["q", "a", "q", "r", "q"]):
        waiting.add(key, lambda number=number: number)  # type: ignore[misc]
    assert waiting.left(keys.__contains__) == ([0, 2, 3], 4)
