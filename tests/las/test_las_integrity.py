"""What EDEXML and UWLR warn of beside keys and days: parts, norms, scores, versions."""

from __future__ import annotations

import pytest

import oso_bridge as oso
from oso_bridge import fieldsets, releases

from .samples import EDEX, EXAMPLES, LEERLINGGEGEVENS, PUPILS, RESULTS, edited, found

PART = "<lr:toetsonderdeelcode>gelijknamig</lr:toetsonderdeelcode>"
RESULT = "/leerresultaten_verzoek[1]/toetsafnames[1]/toetsafname[1]/resultaten[1]/resultaat[1]"
NORMS = "/leerresultaten_verzoek[1]/toetsen[1]/toets[1]/toetsonderdelen[1]/toetsonderdeel[1]/toetsonderdeelnormering[1]"


def results(*edits: tuple[str, str]) -> list[tuple[str, str]]:
    return found(oso.check(edited(RESULTS, *edits)))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_have_nothing_of_it(path: object) -> None:
    assert oso.check(str(path)).findings == ()


def test_a_part_that_the_test_does_not_have() -> None:
    expected = [("INT.sleutel-onderdeel", f"{RESULT}/toetsonderdeelcode[1]")]
    assert results((PART, PART.replace("gelijknamig", "anders"))) == expected
    assert results((PART, PART.replace("gelijknamig", " gelijknamig "))) == []
    # a part of another test
    other = "<lr:toetscode>REKENEN-M6</lr:toetscode>\n    </lr:toets>"
    number = "<lr:toetsonderdeelvolgnummer>1</lr:toetsonderdeelvolgnummer>"
    parts = f"<lr:toetsonderdeel>{number}{PART.replace('gelijknamig', 'anders')}</lr:toetsonderdeel>"
    wider = other.replace("</lr:toets>", f"<lr:toetsonderdelen>{parts}</lr:toetsonderdelen></lr:toets>")
    assert results((PART, PART.replace("gelijknamig", "anders")), (other, wider)) == expected
    assert results((PART, "")) == []


def test_a_part_of_a_test_that_is_not_defined_is_the_schema_s() -> None:
    told = results(("<lr:toetscode>BREUKEN-6-1</lr:toetscode>", "<lr:toetscode>ONBEKEND</lr:toetscode>"))
    assert [rule.partition(".")[0] for rule, _ in told] == ["XSD"]


@pytest.mark.parametrize(
    ("edits", "at"),
    [
        ([("<lr:eindnormwaarde>11<", "<lr:eindnormwaarde>12<")], 2),
        (
            [
                ("<lr:beginnormwaarde>12<", "<lr:beginnormwaarde>0<"),
                ("<lr:eindnormwaarde>20<", "<lr:eindnormwaarde>3<"),
            ],
            1,
        ),
        ([("<lr:eindnormwaarde>11<", "<lr:eindnormwaarde>30<")], 2),
    ],
)
def test_norms_that_overlap(edits: list[tuple[str, str]], at: int) -> None:
    assert results(*edits) == [("INT.norm-overlapt", f"{NORMS}/norm[{at}]/beginnormwaarde[1]")]


def test_norms_of_the_whole_test_too_but_not_of_two_tests() -> None:
    norm = (
        "<lr:norm><lr:term>x</lr:term><lr:beginnormwaarde>5</lr:beginnormwaarde>"
        "<lr:eindnormwaarde>9</lr:eindnormwaarde></lr:norm>"
    )
    at = "<lr:toetshierarchie>"
    assert results((at, f"<lr:toetsnormering>{norm}</lr:toetsnormering>{at}")) == []
    place = "/leerresultaten_verzoek[1]/toetsen[1]/toets[1]/toetsnormering[1]/norm[2]/beginnormwaarde[1]"
    told = results((at, f"<lr:toetsnormering>{norm}{norm}</lr:toetsnormering>{at}"))
    assert told == [("INT.norm-overlapt", place)]


@pytest.mark.parametrize("bad", ["", "x", "9" * 5000, "-1", "1.0", "٣"])
def test_a_bound_that_is_no_number_is_the_schema_s(bad: str) -> None:
    told = {rule for rule, _ in results(("<lr:eindnormwaarde>11<", f"<lr:eindnormwaarde>{bad}<"))}
    assert "INT.norm-overlapt" not in told


@pytest.mark.parametrize("score", ["14.5", "14,5", " 14.0 ", ".5"])
def test_a_score_that_is_not_whole(score: str) -> None:
    told = results(("<lr:score>14<", f"<lr:score>{score}<"))
    assert told == [("XSD.type.score", f"{RESULT}/score[1]"), ("INT.score-gebroken", f"{RESULT}/score[1]")]


@pytest.mark.parametrize("score", ["veertien", "", "14 15", "-2"])
def test_a_score_that_is_something_else_is_the_schema_s(score: str) -> None:
    told = [rule for rule, _ in results(("<lr:score>14<", f"<lr:score>{score}<"))]
    assert told
    assert "INT.score-gebroken" not in told


@pytest.mark.parametrize(
    ("path", "version", "read"),
    [(EDEX, "2.1", "edexml/2.1"), (PUPILS, "2.2", "uwlr/2.2"), (RESULTS, "2.2", "uwlr/2.2")],
)
def test_a_version_that_nobody_knows(path: object, version: str, read: str) -> None:
    text = f"xsdversie>{version}<"
    report = oso.check(edited(path, (text, "xsdversie>7.3<")))  # type: ignore[arg-type]
    (finding,) = report.findings
    assert (report.ok, report.release) == (True, read)
    assert finding.rule == "INT.xsdversie"
    assert finding.severity is oso.Severity.WARNING
    assert "7.3" not in finding.text("nl") + finding.remedy("nl")
    assert read in finding.text("en")
    assert version in finding.remedy("en")
    assert oso.check(edited(path, (text, f"xsdversie> {version}\n<"))).findings == ()  # type: ignore[arg-type]


def test_the_version_of_another_release_is_known() -> None:
    assert releases.versions("uwlr") == ("2.2", "2.2.1", "2.3")
    assert [rule for rule, _ in found(oso.check(PUPILS, release="uwlr/2.3"))] == []


def test_the_answer_about_the_structure_has_groups_in_the_wide_set() -> None:
    school = "<school><schooljaar>2024-2025</schooljaar><brincode>00AA</brincode></school>"
    inside = f"<leerlinggegevens-structuur>{school}</leerlinggegevens-structuur>"
    document = oso.read(f'<structuur_antwoord xmlns="{LEERLINGGEGEVENS}">{inside}</structuur_antwoord>'.encode())

    def missing(name: str) -> list[tuple[object, object]]:
        return [(one.severity.value, one.args["element"]) for one in fieldsets.check(document, name)]

    assert ("error", "groepen") in missing("lvs-set")
    assert missing("smalle-set") == [("warning", "groepen")]
    chosen = fieldsets.fieldset("lvs-set", release="uwlr/2.2")
    assert (chosen.letters("groepen"), chosen.letters("groepen", "leerlinggegevens")) == (("O", "O"), ("O", "O"))
