"""Documents that are read piece by piece, into the model and into tables: what reading the whole gives."""

from __future__ import annotations

import copy
import random
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from make_las import administration

import oso_bridge as oso
from oso_bridge import document, streaming
from oso_bridge.cli import main
from oso_bridge.model import Administratieleerling, Leerkracht
from oso_bridge.xml import feed

from .samples import CASES, EDEX, EXAMPLES, LEERLINGGEGEVENS, PUPILS, RESULTS, edited
from .test_streaming import PIECES, Pieces, pupil, reference_cases, several, spoil

MAPPINGS = {EDEX: "administratie-csv", PUPILS: "administratie-csv", RESULTS: "leerresultaten-csv"}
SCHOOL = "<school><schooljaar>2024-2025</schooljaar><brincode>00AA</brincode><xsdversie>2.1</xsdversie></school>"
GROUPS = '<groepen><groep key="g"><naam>a</naam><jaargroep>3</jaargroep></groep></groepen>'


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how much is read at a time."""
    return lambda size: monkeypatch.setattr(feed, "CHUNK", size)


def rebuilt(content: bytes) -> tuple[Any, bool]:
    """The whole, put together from its pieces; and whether the end told nothing new."""
    head, *items, rest = oso.stream(content)
    whole, begun = rest.model(), head.model()
    for item in items:
        getattr(whole, str(item.list_name)).append(item.model())
    same = all(getattr(begun, name) in (getattr(whole, name), [], None) for name in type(whole).model_fields)
    return whole, same and not rest.unsettled


@pytest.mark.parametrize("size", PIECES)
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples(path: Path, size: int, pieces: Callable[[int], None]) -> None:
    pieces(size)
    content = etree.tostring(several(path), encoding="UTF-8", xml_declaration=True)
    assert rebuilt(content) == (oso.read(content).geheel(), True)


@pytest.mark.parametrize("seed", range(6))
def test_broken_documents(seed: int, pieces: Callable[[int], None], tmp_path: Path) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same documents at every run
    made, settled = [several(path) for path in EXAMPLES], 0
    for number in range(20):
        at = chance.randrange(3)
        root = copy.deepcopy(made[at])
        for _ in range(chance.choice([1, 2, 4])):
            spoil(root, chance)
        pieces(chance.choice([*PIECES, 300]))
        settled += compared(etree.tostring(root), MAPPINGS[EXAMPLES[at]], tmp_path / str(number))
    assert settled > 5


@pytest.mark.skipif(CASES is None, reason="the reference cases are not here; OSO_CASES names their folder")
def test_the_reference_cases(pieces: Callable[[int], None]) -> None:
    pieces(150)
    settled = 0
    for content in reference_cases():
        try:
            whole = oso.read(content).geheel()
            found, is_settled = rebuilt(content)
        except (oso.DocumentError, oso.UsageError):
            continue
        settled += is_settled
        assert found == whole or not is_settled
    assert settled > 500


def compared(content: bytes, name: str, folder: Path) -> bool:
    """Hold both ways of reading a document against each other; False when it can be read as a whole only."""
    try:
        whole = oso.read(content).geheel()
        found, is_settled = rebuilt(content)
    except (oso.DocumentError, oso.UsageError):
        return False
    if is_settled:
        assert found == whole
    mapped = tables(content, name, folder / "pieces")
    if mapped is not None:
        assert mapped == exported(whole, name, folder / "whole")
    return is_settled and mapped is not None


Tables = tuple[dict[str, bytes], set[str]]


def tables(content: bytes, name: str, folder: Path) -> Tables | None:
    """The files that come of a document pupil by pupil, and what was lost; None when that cannot be."""
    folder.mkdir(parents=True)
    try:
        with oso.mapping(name).writer(folder / "uit.csv", losses="allow") as table:
            streaming.into_table(oso.stream(content), table)
    except streaming.HeadChanged:
        assert list(folder.iterdir()) == []
        return None
    return {path.name: path.read_bytes() for path in folder.iterdir()}, set(map(repr, table.losses))


def exported(whole: Any, name: str, folder: Path) -> Tables:
    folder.mkdir(parents=True)
    losses = oso.mapping(name).export(whole, folder / "uit.csv", losses="allow")
    return {path.name: path.read_bytes() for path in folder.iterdir()}, set(map(repr, losses))


# --- models -------------------------------------------------------------------------------------------------------


def test_the_head_comes_first(pieces: Callable[[int], None]) -> None:
    for size in PIECES:
        pieces(size)
        head, *items, rest = oso.stream(EDEX)
        whole = oso.read(EDEX).administratie()
        begun = head.model()
        assert (begun.school, begun.groepen, begun.vestigingen) == (whole.school, whole.groepen, whole.vestigingen)
        assert begun.leerlingen == []
        assert {type(item.model()) for item in items} == {Administratieleerling, Leerkracht}
        assert (head.list_name, items[0].list_name, rest.list_name) == (None, "leerlingen", None)


def test_what_stands_behind_the_items_is_not_in_the_head(pieces: Callable[[int], None]) -> None:
    for size in PIECES:
        pieces(size)
        head, *_, rest = oso.stream(RESULTS)
        assert head.model().toetsen == []
        assert rest.model().toetsen == oso.read(RESULTS).leerresultaten().toetsen
        assert head.model().school == rest.model().school


def test_a_document_without_items_has_a_head() -> None:
    head, rest = oso.stream(f"<EDEX>{SCHOOL}{GROUPS}<leerlingen/></EDEX>".encode())
    assert head.model().groepen == rest.model().groepen
    assert rest.model() == oso.read(f"<EDEX>{SCHOOL}{GROUPS}<leerlingen/></EDEX>".encode()).geheel()


def test_values_that_no_field_holds() -> None:
    inside = pupil(1) + pupil(2, "<geboortedatum>kanarie</geboortedatum>")
    content = f"<EDEX>{SCHOOL}{GROUPS}<leerlingen>{inside}</leerlingen></EDEX>".encode()
    _, good, bad, _ = oso.stream(content)
    assert good.model(strict=True) == good.model()
    assert bad.model() == oso.read(content).administratie().leerlingen[1]
    with pytest.raises(oso.IllTyped) as refused:
        bad.model(strict=True)
    with pytest.raises(oso.IllTyped) as as_whole:
        oso.read(content).administratie(strict=True)
    assert [finding.path for finding in refused.value.findings] == ["leerlingen[2].geboortedatum"]
    assert [finding.path for finding in as_whole.value.findings] == ["leerlingen[2].geboortedatum"]
    assert "kanarie" not in str(refused.value)


def test_an_answer_that_holds_nothing() -> None:
    message = "leerlinggegevens_antwoord"
    content = f'<{message} xmlns="{LEERLINGGEGEVENS}"><geengegevens/></{message}>'.encode()
    for item in oso.stream(content):
        with pytest.raises(oso.UsageError):
            item.model()


# --- tables -------------------------------------------------------------------------------------------------------


def test_tables_of_the_examples(tmp_path: Path, pieces: Callable[[int], None]) -> None:
    pieces(700)
    for path, name in MAPPINGS.items():
        content, folder = etree.tostring(several(path)), tmp_path / path.stem
        made = tables(content, name, folder / "pieces")
        assert made == exported(oso.read(content).geheel(), name, folder / "whole")
        assert len(made[0]) > 4


LATE = {
    "the school": f"<leerlingen>{pupil(1, '')}</leerlingen>{SCHOOL}",
    "something between": f"{SCHOOL}<leerlingen>{pupil(1, '')}<geheim/>{pupil(2, '')}</leerlingen>",
    "text between": f"{SCHOOL}<leerlingen>{pupil(1, '')}geheim{pupil(2, '')}</leerlingen>",
    "the release": f"<leerlingen>{pupil(1, '')}</leerlingen>{SCHOOL.replace('2.1', '2.0')}",
}


@pytest.mark.parametrize("what", LATE)
def test_what_can_be_read_as_a_whole_only(what: str, tmp_path: Path) -> None:
    assert tables(f"<EDEX>{LATE[what]}</EDEX>".encode(), "administratie-csv", tmp_path / "uit") is None


def test_more_staff_than_may_be_kept(tmp_path: Path) -> None:
    limits = oso.Limits(max_children=2)
    staff = "".join(f'<leerkracht key="{at}"><achternaam>x</achternaam></leerkracht>' for at in range(4))
    content = f"<EDEX>{SCHOOL}<leerlingen>{pupil(1, '') * 5}</leerlingen><leerkrachten>{staff}</leerkrachten></EDEX>"
    with (
        pytest.raises(oso.UnsafeDocument) as refused,
        oso.mapping("administratie-csv").writer(tmp_path / "uit.csv") as table,
    ):
        streaming.into_table(oso.stream(content.encode()), table, limits=limits)
    assert refused.value.rule == "DOC.limiet.max_children"
    assert list(tmp_path.iterdir()) == []


def test_other_mappings_are_refused(tmp_path: Path) -> None:
    for name in ("oso-csv", "leerresultaten-csv"):
        with pytest.raises(oso.UsageError), oso.mapping(name).writer(tmp_path / "uit.csv") as table:
            streaming.into_table(oso.stream(EDEX), table)


def test_which_documents_can_be_streamed() -> None:
    assert all(map(streaming.can_stream, EXAMPLES))
    assert not streaming.can_stream(EDEX.parent / "povo.xml")
    assert not streaming.can_stream(b'{"leerlingen": []}')


def taken(number: int, file: Path) -> int:
    """What Python allots at the most while so many pupils are mapped."""
    tracemalloc.start()
    try:
        with oso.mapping("administratie-csv").writer(file) as table:
            streaming.into_table(oso.stream(Pieces(administration(number))), table)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow(tmp_path: Path) -> None:
    taken(10, tmp_path / "uit.csv")
    few, many = taken(300, tmp_path / "uit.csv"), taken(1800, tmp_path / "uit.csv")
    # what stays of a pupil are its two keys
    assert many - few < 1500 * 600


# --- the program --------------------------------------------------------------------------------------------------


@pytest.fixture
def by_pupil(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Makes every file a large one, and says of each time that one is written pupil by pupil how many items came."""
    found: list[int] = []
    into_table = streaming.into_table

    def noted(items: Any, table: Any, **more: Any) -> None:
        every = list(items)
        found.append(len(every))
        into_table(every, table, **more)

    monkeypatch.setattr(streaming, "into_table", noted)
    monkeypatch.setattr(document, "LARGE", 1)
    return found


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs ``oso-bridge map``: exit code, standard output, standard error."""

    def call(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            main(["map", *map(str, arguments)])
        captured = capfd.readouterr()
        return int(stop.value.code or 0), captured.out, captured.err

    return call


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def both_ways(run: Any, by_pupil: list[int], monkeypatch: pytest.MonkeyPatch, folder: Path, *given: object) -> Any:
    """The outcome of the program on documents that are read pupil by pupil, which is that of the wholes."""
    outcomes = []
    for large in (1, 10_000_000):
        monkeypatch.setattr(document, "LARGE", large)
        made = folder / "uit"
        made.mkdir()
        code, out, err = run(*given[:2], made / "uit.csv", *given[2:])
        outcomes.append((code, out, err, files(made)))
        made.rename(folder / f"uit{large}")
    assert outcomes[0] == outcomes[1]
    return outcomes[0]


def test_the_program_goes_pupil_by_pupil(
    run: Any, by_pupil: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path, name in MAPPINGS.items():
        folder = tmp_path / path.stem
        folder.mkdir()
        code, _, err, made = both_ways(run, by_pupil, monkeypatch, folder, name, path)
        assert code == 0, err
        assert "uit.csv" in made
    assert len(by_pupil) == len(MAPPINGS)


def test_what_is_sensitive_stays_behind(
    run: Any, by_pupil: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "in.xml"
    file.write_bytes(b"".join(administration(3)).replace(b"<land>NL</land>", b"<land>KanarieLand</land>"))
    _, _, err, made = both_ways(run, by_pupil, monkeypatch, tmp_path, "administratie-csv", file)
    assert "leerlingen[].land" in err
    assert b"KanarieLand" not in b"".join(made.values())
    (tmp_path / "met").mkdir()
    _, _, err, made = both_ways(run, by_pupil, monkeypatch, tmp_path / "met", "administratie-csv", file, "--sensitive")
    assert b"KanarieLand" in b"".join(made.values())
    assert len(by_pupil) == 2


def test_a_dry_run_goes_pupil_by_pupil(run: Any, by_pupil: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = run("administratie-csv", EDEX, "--dry-run")
    monkeypatch.setattr(document, "LARGE", 10_000_000)
    assert pieces == run("administratie-csv", EDEX, "--dry-run")
    assert "Leerlingen: 2" in pieces[1]
    assert len(by_pupil) == 1


@pytest.mark.parametrize("what", LATE)
def test_the_program_falls_back_on_the_whole(
    what: str, run: Any, by_pupil: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = tmp_path / "in"
    given.mkdir()
    school = LATE[what].replace("00AA", "00BB")
    (given / "a.xml").write_bytes(edited(EDEX))
    (given / "b.xml").write_text(f"<EDEX>{school}</EDEX>", "utf-8")
    code, _, _, made = both_ways(run, by_pupil, monkeypatch, tmp_path, "administratie-csv", given)
    assert code == 0
    assert b"00BB" in made["uit.csv"]
    assert len(by_pupil) == 3  # the first once more, when the second had to be taken back


def test_a_document_that_breaks_off_leaves_no_rows(
    run: Any, by_pupil: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = tmp_path / "in"
    given.mkdir()
    text = EDEX.read_text("utf-8")
    assert "</leerkrachten>" in text
    (given / "a.xml").write_text(text.replace("</leerkrachten>", "</kanarie>"), "utf-8")
    (given / "b.xml").write_text(text, "utf-8")
    code, _, err, made = both_ways(run, by_pupil, monkeypatch, tmp_path, "administratie-csv", given)
    assert code == 1
    assert "kanarie" not in err
    assert err.count("a.xml") == 1
    (tmp_path / "een").mkdir()
    _, _, _, alone = both_ways(
        run, by_pupil, monkeypatch, tmp_path / "een", "administratie-csv", tmp_path / "in" / "b.xml"
    )
    assert made == alone


def test_what_is_too_large_to_be_read_as_a_whole(
    run: Any, by_pupil: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("oso_bridge.xml.limits.DEFAULT", oso.Limits(max_bytes=1))
    given = tmp_path / "in"
    given.mkdir()
    (given / "a.xml").write_text(f"<EDEX>{LATE['text between'].replace('00AA', '00BB')}</EDEX>", "utf-8")
    (given / "b.xml").write_bytes(EDEX.read_bytes())
    code, _, err = run("administratie-csv", given, tmp_path / "uit.csv", "--lang", "en")
    assert code == 1
    assert "a.xml: What this document says" in err
    assert b"00BB" not in (tmp_path / "uit.csv").read_bytes()
    assert len(by_pupil) == 2
    twice = f"<EDEX>{SCHOOL}<leerlingen>{pupil('', '') * 2}</leerlingen></EDEX>"
    (given / "a.xml").write_text(twice, "utf-8")
    code, _, err = run("edex2000", given / "a.xml", tmp_path / "vast")
    assert code == 2
    assert "leerlingid" in err


def test_a_document_of_another_model_is_told(run: Any, by_pupil: list[int], tmp_path: Path) -> None:
    code, _, err = run("administratie-csv", RESULTS, tmp_path / "uit.csv")
    assert code == 1
    assert "Schooladministratie" in err
    assert by_pupil == []
