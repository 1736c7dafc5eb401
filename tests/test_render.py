"""Renderers, labels and the view of a dossier."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from importlib.metadata import EntryPoint, EntryPoints
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import plan
from oso_bridge.errors import DataError, UsageError
from oso_bridge.findings import Finding, Layer, Message, Severity, State
from oso_bridge.render import (
    FORMATS,
    format_of,
    labels,
    outcome,
    render,
    sarif,
    show,
    show_html,
    show_text,
    text,
    words,
)
from oso_bridge.render import json as json_report

EXAMPLES = Path(__file__).parent.parent / "examples"
HOSTILE = "<script>alert('x')</script>\"&\x1b[31m\u202e\ud800"
RELEASES = [release for release in oso.installed() if release.format == "oso"]


def message(text_: str, remedy: str = "Doe er iets aan.") -> Message:
    return Message({"nl": text_, "en": f"EN {text_}"}, {"nl": remedy, "en": f"EN {remedy}"})


def finding(**changed: Any) -> dict[str, Any]:
    override = changed.pop("override", None)
    given: dict[str, Any] = {
        "rule": "CL.19.soortadres",
        "layer": "codes",
        "severity": Severity.ERROR,
        "official": True,
        "message": message("Het soort adres staat niet in de lijst."),
        "path": "leerling.adres[2].soort",
        "xpath": "/dossier[1]/adres[2]/soortadres[1]",
        "line": 104,
    } | changed
    return Finding(**given).to_dict() | {"override": override}


def layer(name: str, state: State = State.PASSED, required: bool = True, why: str | None = None) -> dict[str, Any]:
    reason = message(why) if why else None
    return Layer(name, state, required, None if state is State.NOT_RUN else 0.25, reason).to_dict()


def report(findings: list[dict[str, Any]], layers: list[dict[str, Any]], **changed: Any) -> dict[str, Any]:
    levels = [outcome.severity(item) for item in findings]
    unfinished = any(item["required"] and item["state"] != "passed" for item in layers)
    code = 1 if "error" in levels else 3 if unfinished else 0
    return {
        "oso_bridge": "0",
        "source": "map/een dossier.xml",
        "digest": "sha256:" + "ab" * 32,
        "release": "oso/2019.1",
        "profile": {"overdrachtsoort": "overstapdossier", "overstap": "POVO"},
        "ok": not unfinished,
        "acceptable": code == 0,
        "exit_code": code,
        "layers": layers,
        "findings": findings,
        "counts": {name: levels.count(name) for name in ("error", "warning", "info")},
    } | changed


def bad() -> dict[str, Any]:
    warning = finding(rule="INT.bsn", layer="integrity", severity=Severity.WARNING, official=False, line=None)
    layers = [
        layer("wellformed"),
        layer("codes", State.FAILED),
        layer("rules", State.UNCLEAR, why="De controle breekt af."),
        layer("integrity", State.FAILED, required=False),
        layer("signature", State.NOT_RUN, required=False, why="Er is geen handtekening."),
    ]
    return report([finding(), warning], layers)


def good() -> dict[str, Any]:
    return report([], [layer("wellformed"), layer("schema")], source="<bytes>")


def incomplete() -> dict[str, Any]:
    return report([], [layer("wellformed"), layer("schema", State.NOT_RUN, why="Er is geen schema.")], release=None)


class Page(HTMLParser):
    """Checks that tags nest, and keeps them and the visible text."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(markup)
        assert not self.open, "every tag is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


# --- what holds for every form ---


@pytest.mark.parametrize("name", [*FORMATS])
def test_every_form_says_what_where_why_and_what_to_do(name: str) -> None:
    made = render([bad()], name)
    for part in ("staat niet in de lijst", "104", "leerling.adres[2].soort", "CL.19.soortadres", "Doe er iets aan."):
        assert part in made
    assert made.endswith("\n")
    assert made == render([bad()], name), "the same report gives the same text"


@pytest.mark.parametrize("name", ["text", "sarif", "junit", "html"])
def test_the_language_is_that_of_the_texts(name: str) -> None:
    assert "EN Het soort adres" in render([bad()], name, "en")
    assert "EN Het soort adres" not in render([bad()], name, "nl")


@pytest.mark.parametrize("name", [*FORMATS])
def test_hostile_texts_stay_texts(name: str) -> None:
    hostile = finding(message=message(HOSTILE, HOSTILE), path=HOSTILE, value=HOSTILE, override=None)
    made = render([report([hostile], [layer("codes", State.FAILED, why=HOSTILE)], source=HOSTILE)], name)
    made.encode()  # no half surrogate is left
    assert "\x1b" not in made
    if name != "json":
        assert "\u202e" not in made
    if name in ("html", "junit"):
        assert "<script" not in made
    if name in ("json", "sarif"):
        json.loads(made)
    if name == "junit":
        ET.fromstring(made.encode())


def test_an_unknown_form_and_language_are_named() -> None:
    with pytest.raises(UsageError, match=r"nee.*sarif"):
        render([], "nee")
    with pytest.raises(UsageError, match="fr"):
        render([], "text", "fr")


def shout(reports: list[dict[str, Any]], language: str) -> str:
    return f"{len(reports)} {language}!"


def test_forms_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    points = EntryPoints(
        [
            EntryPoint("roep", f"{__name__}:shout", "oso_bridge.renderers"),
            EntryPoint("text", f"{__name__}:shout", "oso_bridge.renderers"),
            EntryPoint("stuk", "bestaat.niet:dit", "oso_bridge.renderers"),
        ]
    )
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points.select(group=group))
    assert render([bad()], "roep", "en") == "1 en!"
    assert "staat niet in de lijst" in render([bad()], "text"), "our own forms are ours"
    with pytest.raises(DataError, match=r"stuk.*ModuleNotFoundError"):
        render([bad()], "stuk")
    with pytest.raises(UsageError, match="roep"):
        render([bad()], "nee")


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.json", "json"), ("a.sarif", "sarif"), ("a.XML", "junit"), ("a.html", "html"), ("a.txt", "text")],
)
def test_the_suffix_chooses_the_form(name: str, form: str) -> None:
    assert format_of(name) == form


def test_a_suffix_of_no_form_is_refused() -> None:
    with pytest.raises(UsageError, match="pdf"):
        format_of("a.pdf")


@pytest.mark.parametrize(
    ("given", "expected"),
    [(bad, "errors"), (good, "ok"), (incomplete, "incomplete")],
)
def test_the_verdict_follows_the_exit_code(given: Any, expected: str) -> None:
    assert outcome.verdict(given()) == expected
    for language in ("nl", "en"):
        said = words.word(f"verdict.{expected}", language)
        assert said in render([given()], "text", language)
        assert said in Page(render([given()], "html", language)).text


def test_an_accepted_report_is_not_called_good() -> None:
    agreed = {"severity": "suppress", "reason": "Zo afgesproken.", "until": "2099-08-01"}
    given = report([finding(override=agreed)], [layer("codes", State.FAILED)], exit_code=0, ok=False, acceptable=True)
    made = render([given], "text")
    assert "Aanvaardbaar" in made
    assert "In orde" not in made
    assert "Zo afgesproken." in made
    assert "2099-08-01" in made
    [suite] = ET.fromstring(render([given], "junit").encode())
    assert suite.get("failures") == "0"


def test_both_languages_have_the_same_words() -> None:
    assert words._WORDS["nl"].keys() == words._WORDS["en"].keys()
    assert show._WORDS["nl"].keys() == show._WORDS["en"].keys()


# --- text ---


def test_text_without_colour_is_text_with_colour_minus_the_colours() -> None:
    coloured = text.render([bad(), good()], colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render([bad(), good()], "text")


def test_text_can_go_along_the_document() -> None:
    lines = [9, None, 2, 9]
    given = [finding(rule=f"R{number}", line=line, layer="rules") for number, line in enumerate(lines)]
    given[2]["layer"] = "codes"
    made = report(given, [layer("codes", State.FAILED), layer("rules", State.FAILED)])
    assert re.findall(r"R\d", text.render([made])) == ["R2", "R0", "R1", "R3"]
    assert re.findall(r"R\d", text.render([made], sort="line")) == ["R1", "R2", "R0", "R3"]
    assert "Findings by line" in text.render([made], "en", sort="line")
    assert "Bevindingen" not in text.render([good()], sort="line")
    assert [item["rule"] for item in made["findings"]] == ["R0", "R1", "R2", "R3"]
    with pytest.raises(UsageError, match="Do you mean line"):
        text.render([made], sort="Line")


def test_text_tells_the_total_of_several_documents() -> None:
    assert "1 van 3 documenten in orde" in render([bad(), good(), incomplete()], "text")
    assert "documenten" not in render([bad()], "text")


# --- JSON ---


@pytest.mark.parametrize("reports", [[bad()], [bad(), good()], []])
def test_json_has_one_shape(reports: list[dict[str, Any]]) -> None:
    made = json.loads(render(reports, "json"))
    assert list(made) == ["oso_bridge", "ok", "exit_code", "reports"]
    assert made["reports"] == reports
    assert made["ok"] is False, "nothing that was checked is not in order"


def test_a_saved_report_can_be_rendered_again() -> None:
    saved = render([bad(), incomplete()], "json")
    for name in FORMATS:
        assert render(json_report.load(saved), name) == render([bad(), incomplete()], name)


@pytest.mark.parametrize("text_", ["", "[]", "[" * 200_000, '{"reports": [{}]}', '{"reports": 1}', "<xml/>"])
def test_another_json_is_refused(text_: str) -> None:
    with pytest.raises(DataError, match="not a JSON report"):
        json_report.load(text_)


@pytest.mark.parametrize(("codes", "expected"), [([], 0), ([0, 0], 0), ([0, 3], 3), ([3, 1, 0], 1)])
def test_the_exit_code_of_several(codes: list[int], expected: int) -> None:
    assert outcome.exit_code([{"exit_code": code} for code in codes]) == expected


# --- SARIF ---


def results(*reports: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(render(reports, "sarif"))["runs"][0]["results"]
    return found


def test_sarif_results_point_at_their_rule_and_place() -> None:
    run = json.loads(render([bad(), good()], "sarif"))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["CL.19.soortadres", "INT.bsn"]
    assert all(rule["help"]["text"] for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        location = result["locations"][0]["physicalLocation"]
        assert run["artifacts"][location["artifactLocation"]["index"]]["location"]["uri"] == "map/een%20dossier.xml"
        assert location["region"]["startLine"] >= 1
    logical = run["results"][0]["locations"][0]["logicalLocations"]
    assert logical[0] == {"name": "soortadres", "fullyQualifiedName": bad()["findings"][0]["xpath"], "kind": "element"}
    assert [result["level"] for result in run["results"]] == ["error", "warning"]


def test_sarif_fingerprints_outlive_a_move_and_tell_places_apart() -> None:
    def prints(*findings: dict[str, Any]) -> list[str]:
        return [item["partialFingerprints"]["osoBridge/v1"] for item in results(report(list(findings), []))]

    [one] = prints(finding())
    assert prints(finding(line=999)) == [one]
    assert prints(finding(xpath="/dossier[1]/adres[3]/soortadres[1]")) != [one]
    assert len(set(prints(finding(), finding(), finding(rule="X")))) == 3


def test_sarif_tells_of_a_required_layer_that_did_not_run() -> None:
    [invocation] = json.loads(render([incomplete()], "sarif"))["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert "Er is geen schema." in invocation["toolExecutionNotifications"][0]["message"]["text"]
    [invocation] = json.loads(render([good()], "sarif"))["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is True


def test_sarif_knows_overrides() -> None:
    agreed = {"severity": "suppress", "reason": "Afgesproken.", "until": None}
    [left_out] = results(report([finding(override=agreed)], []))
    assert left_out["suppressions"] == [{"kind": "external", "status": "accepted", "justification": "Afgesproken."}]
    [milder] = results(report([finding(override=agreed | {"severity": "info"})], []))
    assert (milder["level"], "suppressions" in milder) == ("note", False)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("map/a b.xml", "map/a%20b.xml"),
        ("/map/é.xml", "file:///map/%C3%A9.xml"),
        ("C:\\map\\a.xml", "file:///C:/map/a.xml"),
        ("a:b.xml", "a%3Ab.xml"),
        ("<bytes>", "bytes"),
        ("\udcff.xml", "%FF.xml"),
        ("<>", "document"),
    ],
)
def test_sources_as_uris(source: str, expected: str) -> None:
    assert sarif.uri(source) == expected


# --- JUnit ---


def test_junit_never_calls_passed_what_did_not_run() -> None:
    suites = ET.fromstring(render([bad(), good(), incomplete()], "junit").encode())
    kinds = {
        (suite.get("name"), case.get("name")): [child.tag for child in case if child.tag != "system-out"]
        for suite in suites
        for case in suite.iter("testcase")
    }
    assert kinds == {
        ("map/een dossier.xml", "wellformed"): [],
        ("map/een dossier.xml", "codes"): ["failure"],
        ("map/een dossier.xml", "rules"): ["error"],
        ("map/een dossier.xml", "integrity"): [],
        ("map/een dossier.xml", "signature"): ["skipped"],
        ("map/een dossier.xml", "schema"): ["error"],
        ("<bytes>", "wellformed"): [],
        ("<bytes>", "schema"): [],
    }
    for element in suites.iter():
        if element.tag in ("testsuites", "testsuite"):
            for kind, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                assert int(element.get(kind, -1)) == len([*element.iter(tag)])
            assert int(element.get("tests", -1)) == len([*element.iter("testcase")])


def test_junit_keeps_the_warnings_of_a_layer_that_does_not_fail() -> None:
    suites = ET.fromstring(render([bad()], "junit").encode())
    [case] = [case for case in suites.iter("testcase") if case.get("name") == "integrity"]
    assert "INT.bsn" in (case.findtext("system-out") or "")


# --- HTML ---


@pytest.mark.parametrize("reports", [[bad()], [bad(), good(), incomplete()], []])
def test_html_is_one_file_without_scripts_or_outside_resources(reports: list[dict[str, Any]]) -> None:
    made = render(reports, "html")
    page = Page(made)
    names = {name for name, _ in page.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "form"}
    assert not re.search(r"url\(|@import|https?:", made)
    for _, attributes in page.tags:
        assert not any(key.startswith("on") or key == "src" for key in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert made.startswith('<!doctype html>\n<html lang="nl">')


def test_html_can_be_read_by_a_screen_reader() -> None:
    page = Page(render([bad(), good()], "html"))
    levels = [int(name[1]) for name, _ in page.tags if re.fullmatch(r"h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert all("scope" in attributes for name, attributes in page.tags if name == "th")
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {(attributes["href"] or "")[1:] for name, attributes in page.tags if name == "a"}
    assert wanted <= set(ids)
    assert {"errors", "failed"} <= {attributes.get("class") for _, attributes in page.tags}, "state has a class"
    assert "niet geslaagd" in page.text, "and a word"


def test_html_puts_the_verdict_before_the_findings() -> None:
    made = Page(render([bad()], "html")).text
    assert made.index("Niet in orde") < made.index("Controles") < made.index("Het soort adres")


# --- labels ---


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.id)
def test_every_element_has_a_label_in_both_languages(release: oso.Release) -> None:
    known = labels._rows()
    names = {name for name in plan.load(release).names if name}
    assert names
    for name in names:
        assert known[name]["nl"].strip()
        assert known[name]["en"].strip()


@pytest.mark.parametrize(
    ("name", "given", "nl", "en"),
    [
        ("geboortedatum", "2012-03-17", "17-03-2012", "17-03-2012"),
        ("geboortedatum", "2012-03-17Z", "17-03-2012 (Z)", "17-03-2012 (Z)"),
        ("geboortedatum", "in maart", "in maart", "in maart"),
        ("tehuis", " 1 ", "ja", "yes"),
        ("tehuis", "false", "nee", "no"),
        ("tehuis", "misschien", "misschien", "misschien"),
        ("groepscode", "1", "1", "1"),
        ("onbekend", "true", "true", "true"),
    ],
)
def test_texts_are_shown_as_people_write_them(name: str, given: str, nl: str, en: str) -> None:
    assert labels.shown(name, given, "nl") == nl
    assert labels.shown(name, given, "en") == en


def test_an_element_without_a_label_bears_its_name() -> None:
    assert labels.label("nooitgehoord") == "nooitgehoord"
    assert labels.label("datumuitschrijving", "en") == "Date of leaving"


# --- the view of a dossier ---


def filled(branch: plan.Branch, used: list[str]) -> dict[str, Any]:
    """A record with a text of its own in every leaf of a branch."""
    record: dict[str, Any] = {}
    for name, leaf in branch.leaves.items():
        used.append(f"w{len(used)}w")
        value: Any = used[-1]
        if leaf.attributes:
            value = {"#text": value, **{f"@{key}": f"{value}{key}" for key in leaf.attributes}}
        record[name] = [value] if leaf.many else value
    for name, below in branch.branches.items():
        inner = filled(below, used)
        record[name] = [inner] if below.many else inner
    return {"#groups": [record]} if branch.grouped else record


@pytest.mark.parametrize("root", ["dossier", "dossiers"])
@pytest.mark.parametrize("release", RELEASES, ids=lambda release: release.id)
def test_everything_a_dossier_says_is_shown_and_attachments_are_not_dumped(release: oso.Release, root: str) -> None:
    used: list[str] = []
    record = filled(plan.load(release).tree(root).root, used)
    contents = re.findall(r"'bestandsinhoud': '(w[0-9]+w)'", repr(record))
    view = show.view(record, root=root, schema_ok=True)
    for made in (show_text.as_text(view), Page(show_html.as_html(view)).text):
        shown = set(re.findall(r"w[0-9]+w", made))
        assert set(used) - shown == set(contents)
    assert contents


def dossier(**pupil: Any) -> dict[str, Any]:
    return {"overdrachtsoort": "overstapdossier", "huidigeschool": {"naam": "De School", "leerling": pupil}}


def shown_text(record: dict[str, Any], **given: Any) -> str:
    return show_text.as_text(show.view(record, root="dossier", **({"schema_ok": True} | given)))


def test_sections_stand_in_the_order_in_which_people_read() -> None:
    record = dossier(
        toetslijst={"toets": [{"opmerking": "x"}]},
        verzuim={"frequentie": "2"},
        overstapadvies={"profiel": "plus"},
        verzorger=[{"achternaam": "Twee"}],
        achternaam="Een",
    )
    made = show.view(record, root="dossier", schema_ok=True)
    assert [part.title for part in made.parts] == [
        "Leerling",
        "School",
        "Over dit dossier",
        "Verzorgers",
        "Advies",
        "Verzuim",
        "Toetsen",
    ]
    assert made.title == "Een"


def test_it_opens_with_pupil_transfer_and_school_and_ends_with_the_categories() -> None:
    delivery = {"datum": "2019-06-03", "overstap": "POVO", "categorie_uitlevering": {"cat_school": "VERPLICHT"}}
    file = {"bestandsnaam": "a.pdf", "bestandsinhoud": "UEsD"}
    record = dossier(roepnaam="Noor", achternaam="Een", overigdocumentlijst={"document": [file]})
    record = {**record, "overdrachtsoort": "overstapdossier", "metadata": delivery}
    record["huidigeschool"]["naam"] = "De School"
    view = show.view(record, root="dossier", source="a.xml", schema_ok=True)
    text, page = show_text.as_text(view), show_html.as_html(view)
    assert text.splitlines()[:3] == ["Noor Een", "overstapdossier · POVO · De School", "a.xml"]
    assert "overstapdossier · POVO · De School" in page
    assert [part.title for part in view.parts][-2:] == ["Bijlagen", "Uitlevering per categorie"]
    assert [text.count(word) for word in ("VERPLICHT", "03-06-2019")] == [1, 1]
    only = show.view({"metadata": {"categorie_uitlevering": {"cat_school": "VERPLICHT"}}}, root="dossier")
    assert [part.title for part in only.parts] == ["Uitlevering per categorie"]


def test_a_heading_is_made_of_what_there_is() -> None:
    odd = {"overdrachtsoort": ["a", "b"], "metadata": "geen", "huidigeschool": {"naam": {"x": "y"}}}
    assert show.view(odd, root="dossier", schema_ok=False).transfer == ""
    assert show.view({"metadata": {"overstap": " POVO "}}, root="dossier").transfer == "POVO"


def test_codes_bear_their_meaning_where_there_is_one() -> None:
    asked: list[tuple[str, str]] = []

    def meaning(path: str, code: str) -> str | None:
        asked.append((path, code))
        return "vrouw" if path.endswith("leerling/geslacht") else None

    made = shown_text(dossier(geslacht="1", leerlinggewicht="0.3"), label=meaning)
    assert "vrouw (1)" in made
    assert re.search(r"Leerlinggewicht +0\.3\n", made)
    assert ("huidigeschool/leerling/geslacht", "1") in asked


def test_repeating_things_stand_in_a_table() -> None:
    loop = {"schooljaar": "2011-2012", "jaargroep": "1", "begindatum": "2011-08-01", "einddatum": "2012-07-31"}
    record = dossier(schoolloopbaanlijst={"schoolloopbaan": [loop, loop | {"schooljaar": "2012-2013"}]})
    made = shown_text(record)
    assert re.search(r"Schooljaar +Jaargroep +Periode\n +2011-2012 +1 +01-08-2011 – 31-07-2012\n +2012-2013", made)
    page = Page(show_html.as_html(show.view(record, root="dossier", schema_ok=True)))
    assert [name for name, _ in page.tags].count("tr") == 3


def test_one_date_of_a_period_bears_its_label() -> None:
    made = shown_text(dossier(schoolloopbaanlijst={"schoolloopbaan": [{"einddatum": "2012-07-31"}]}))
    assert re.search(r"Einddatum +31-07-2012", made)


@pytest.mark.parametrize(
    ("content", "kind", "size"),
    [
        ("UEsDBAAA", "ZIP", "6 bytes"),
        ("JVBERi0x" * 1000, "PDF", "6,0 kB"),
        ("QQ==", "?", "1 bytes"),
        ("", "?", "0 bytes"),
    ],
)
def test_an_attachment_is_name_type_and_size(content: str, kind: str, size: str) -> None:
    file = {"bestandsnaam": "rapport.pdf", "omschrijving": "Het rapport", "bestandsinhoud": content}
    made = shown_text(dossier(overigdocumentlijst={"document": [file]}))
    assert re.search(rf"rapport\.pdf +{re.escape(kind)} +{re.escape(size)} +Het rapport +Overige documenten", made)
    assert not content or content not in made


def test_what_is_not_recognised_is_shown_and_counted() -> None:
    extra = {
        "kind": "element",
        "name": "{urn:x}schoenmaat",
        "position": 0,
        "content": "<a:schoenmaat>41 &amp; half</a:schoenmaat>",
    }
    long = {"kind": "text", "name": "", "position": 0, "content": "UEsD" * 5000}
    record = dossier(achternaam="Een", verzuim={"frequentie": "2", "#extra": [long]}, **{"#extra": [extra]})
    made = shown_text(record)
    assert "Niet herkende delen: 2" in made
    assert re.search(r"Leerling +schoenmaat +41 & half", made)
    assert "20000 tekens" in made
    assert "UEsD" * 50 not in made


@pytest.mark.parametrize(("ok", "note"), [(None, "geen schema"), (False, "voldoet niet"), (True, None)])
def test_it_says_how_far_it_went(ok: bool | None, note: str | None) -> None:
    made = show.view(dossier(achternaam="Een"), root="dossier", schema_ok=ok)
    assert [note in line for line in made.notes if note] == ([True] if note else [])
    assert bool(made.notes) == bool(note)


def test_an_empty_document_is_said_to_be_empty() -> None:
    assert "Er viel niets te lezen." in show_text.as_text(show.view({}, root="dossier", schema_ok=True))


def test_a_hostile_dossier_stays_text() -> None:
    file = {"bestandsnaam": HOSTILE, "bestandsinhoud": HOSTILE}
    extra = {"kind": "element", "name": HOSTILE, "position": 0, "content": HOSTILE}
    record = dossier(achternaam=HOSTILE, overigdocumentlijst={"document": [file]}, **{"#extra": [extra]})
    view = show.view(record, root="dossier", source=HOSTILE, schema_ok=True)
    page, plain = show_html.as_html(view), show_text.as_text(view)
    assert "script" not in {name for name, _ in Page(page).tags}
    for made in (page, plain):
        made.encode()
        assert "\x1b" not in made
    assert HOSTILE[:8] not in re.search("<title>.*</title>", page)[0]  # type: ignore[index]


def test_any_other_document_is_shown_too() -> None:
    record = {"metadata": {"datum": "2016-01-02"}, "voschool": {"school": {"naam": "De School"}}}
    made = show_text.as_text(show.view(record, root="terugkoppeling", schema_ok=True, language="en"))
    assert re.search(r"Date +02-01-2016", made)
    assert "De School" in made


# --- the real road ---


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.xml")))
@pytest.mark.parametrize("form", FORMATS)
def test_reports_of_the_examples_render(name: str, form: str) -> None:
    given = oso.check(EXAMPLES / name).to_dict()
    made = render([given], form)
    for item in given["findings"]:
        assert item["rule"] in made
