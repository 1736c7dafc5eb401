"""The command line around the model: read --json, write, todo, schema and what a release has no field for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import oso_bridge as oso
from oso_bridge.cli import dossiers
from oso_bridge.fiction.spoil import spoil
from oso_bridge.model import Dossier, Extra, Leerling, OnderwijskundigRapport, Overstapadvies, where

EXAMPLES = Path(__file__).parent.parent / "examples"
GOOD, BAD = EXAMPLES / "povo.xml", EXAMPLES / "kapot.xml"
PROFILES = ["popo", "povo", "vovo", "binnenbrin", "poswv", "voswv"]
RELEASE = "oso/2019.1"
CANARY = "KANARIE"


@pytest.fixture
def good(run: Any, tmp_path: Path) -> Path:
    """The JSON of a good dossier."""
    path = tmp_path / "goed.json"
    assert run("read", "--json", GOOD, "--output", path).code == 0
    return path


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A document with two dossiers."""
    text = GOOD.read_text("utf-8")
    one = text[text.index("<dossier ") :].replace(
        ' xmlns="http://www.edustandaard.nl/oso_gegevensset/2019/dossier"', ""
    )
    root = '<dossiers xmlns="http://www.edustandaard.nl/oso_gegevensset/2019/dossier">'
    path = tmp_path / "twee.xml"
    path.write_text(f"{root}{one}{one}</dossiers>", "utf-8")
    return path


# --- read ---


def test_read_gives_the_model(run: Any) -> None:
    told = run("read", GOOD, "--json")
    assert told.err == ""
    assert Dossier.model_validate_json(told.out) == oso.read(GOOD).dossier()


def test_what_is_absent_is_left_out(run: Any) -> None:
    def walk(value: Any) -> Any:
        yield value
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from walk(item)

    assert all(value not in (None, [], {}) for value in walk(json.loads(run("read", GOOD, "--json").out)))


def test_a_file_that_ends_in_json_gets_json(good: Path) -> None:
    assert Dossier.model_validate_json(good.read_text("utf-8")) == oso.read(GOOD).dossier()


def test_the_record_is_given_when_asked(run: Any) -> None:
    told = json.loads(run("read", "--record", GOOD).out)
    document = oso.read(GOOD)
    assert (told["record"], told["digest"]) == (document.record, document.digest)
    assert told == json.loads(run("read", "--record", "--json", GOOD).out)


def test_of_several_dossiers_all_must_be_asked(run: Any, two: Path) -> None:
    refused = run("read", "--json", two)
    assert (refused.code, refused.out) == (2, "")
    assert "2 dossiers" in refused.err
    assert "--all" in refused.err
    told = json.loads(run("read", "--all", two).out)
    assert [Dossier.model_validate(item) for item in told] == oso.read(two).dossiers()
    assert len(told) == 2


def test_all_of_a_single_dossier_is_a_list_too(run: Any) -> None:
    assert len(json.loads(run("read", "--json", "--all", GOOD).out)) == 1


def test_a_value_that_its_field_cannot_hold_is_told_without_it(run: Any, tmp_path: Path) -> None:
    bad = tmp_path / "fout.xml"
    text = GOOD.read_text("utf-8")
    bad.write_text(text.replace("<inzagedatum>2019-05-28<", f"<inzagedatum>{CANARY}<"), "utf-8")
    told = run("read", "--json", bad)
    assert told.code == 0
    assert "inzage.datum: inzagedatum" in told.err
    assert CANARY not in told.err
    assert [item.inhoud for _, item in Dossier.model_validate_json(told.out).bewaard()] == [CANARY]


# --- write ---


@pytest.mark.parametrize("name", PROFILES)
def test_what_was_read_is_written_again(run: Any, tmp_path: Path, name: str) -> None:
    run("read", "--json", EXAMPLES / f"{name}.xml", "--output", tmp_path / "a.json")
    written = run("write", tmp_path / "a.json", "--release", RELEASE, "--output", tmp_path / "a.xml")
    assert written == (0, "", "")
    assert oso.read(tmp_path / "a.xml").dossier() == oso.read(EXAMPLES / f"{name}.xml").dossier()


def test_a_changed_field_changes_the_xml(run: Any, good: Path) -> None:
    changed = json.loads(good.read_text("utf-8"))
    changed["leerling"]["roepnaam"] = "Jildou"
    written = run("write", "-", "--release", RELEASE, stdin=json.dumps(changed).encode())
    assert (written.code, written.err) == (0, "")
    record = oso.read(GOOD).record
    record["huidigeschool"]["leerling"]["roepnaam"] = "Jildou"
    assert oso.read(written.out.encode()).record == record


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_of_other_systems_is_read(run: Any, good: Path, encoding: str) -> None:
    data = good.read_text("utf-8").encode(encoding)
    assert run("write", "-", "--release", RELEASE, stdin=data).code == 0


def test_a_refusal_comes_with_the_report(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "leeg.json"
    path.write_text('{"leerling": {"roepnaam": "' + CANARY + '"}}', "utf-8")
    refused = run("write", path, "--release", RELEASE, "--lang", "en", "--output", tmp_path / "uit.xml")
    assert (refused.code, refused.out) == (1, "")
    assert not (tmp_path / "uit.xml").exists()
    assert str(path) in refused.err
    assert "XSD.ontbreekt.overdrachtsoort" in refused.err
    assert "Not in order" in refused.err
    assert "oso-bridge todo" in refused.err
    assert CANARY not in refused.err


def test_without_a_check_it_is_written_all_the_same(run: Any) -> None:
    written = run("write", "-", "--release", RELEASE, "--no-check", stdin=b'{"leerling": {"roepnaam": "Noor"}}')
    assert (written.code, written.err) == (0, "")
    assert not oso.check(written.out.encode()).ok
    assert "<roepnaam>Noor</roepnaam>" in written.out


def test_losses_stop_the_writing_unless_allowed(run: Any, tmp_path: Path) -> None:
    rapport = OnderwijskundigRapport(advies=Overstapadvies(aandachtspunten=CANARY))
    dossier = Dossier.nieuw("POVO", leerling=Leerling(roepnaam="Noor"), rapport=rapport)
    lost = {loss.text("nl") for loss in oso.losses(dossier, release="oso/2016.1")}
    assert len(lost) == 1
    path = tmp_path / "in.json"
    path.write_text(dossier.model_dump_json(), "utf-8")
    refused = run("write", path, "--release", "oso/2016.1")
    assert (refused.code, refused.out) == (1, "")
    assert {line.removeprefix("oso-bridge: ") for line in refused.err.splitlines()} == lost
    allowed = run("write", path, "--release", "oso/2016.1", "--allow-losses", "--no-check")
    assert allowed.code == 0
    assert allowed.err == refused.err
    assert CANARY not in refused.err + allowed.out
    assert oso.read(allowed.out.encode()).release_id == "oso/2016.1"


def test_what_was_kept_of_another_release_is_a_loss(run: Any) -> None:
    extra = Extra(release="oso/2018.1", pad="metadata", soort="tekst", inhoud=CANARY)
    dossier = Dossier.nieuw("POVO", extra=[extra])
    refused = run("write", "-", "--release", RELEASE, stdin=dossier.model_dump_json().encode())
    assert refused.code == 1
    assert "levering" in refused.err
    assert CANARY not in refused.err


FAULTY = {
    "a date": ('{"leerling": {"geboortedatum": "KANARIE"}}', "leerling.geboortedatum: dit moet een datum zijn"),
    "a name that looks like another": ('{"leerling": {"geboortedatm": "KANARIE"}}', "is misschien geboortedatum"),
    "a name like none": ('{"KANARIE": 1}', "?: hier staat een veld dat niet bestaat; er zijn: levering, inzage"),
    "a number": (
        '{"rapport": {"verzuim": {"frequentie": "KANARIE"}}}',
        "rapport.verzuim.frequentie: dit moet een geheel",
    ),
    "an item of a list": ('{"leerling": {"verzorgers": [{}, {"overleden": "KANARIE"}]}}', "verzorgers[2].overleden: "),
    "a kind": ('{"rapport": {"advies": {"adviezen": [{"soort": "KANARIE"}]}}}', "adviezen[1].soort: "),
    "no kind": ('{"rapport": {"advies": {"adviezen": [{"motivatie": "KANARIE"}]}}}', "soort: dit veld is verplicht"),
    "a text for a part": ('{"leerling": "KANARIE"}', "leerling: dit moet een onderdeel met velden zijn"),
    "broken JSON": ('{"leerling": {\n  "roepnaam" "KANARIE"}}', "geen JSON vanaf regel 2, teken"),
    "half JSON": ('{"leerling": {"roepnaam": "KANARIE', "geen JSON vanaf regel 1"),
    "a half surrogate": ('{"leerling": {"roepnaam": "KANARIE\\ud800"}}', "geen JSON"),
    "a list": ('[{"leerling": {"roepnaam": "KANARIE"}}]', "een lijst"),
    "a text": ('"KANARIE"', "-: "),
    "nothing": ("", "dit bestand is leeg"),
    "blanks": (" \n", "dit bestand is leeg"),
    "an element": (
        '{"rapport": {"advies": {"herzienadvies": "KANARIE"}}}',
        "rapport.advies.adviezen[soort=herzien].niveau",
    ),
    "an element elsewhere": (
        '{"leerling": {"herzienadvies": "KANARIE"}}',
        "onder rapport.advies.adviezen[soort=herzien]",
    ),
    "a field of another part": (
        '{"bsn": "KANARIE"}',
        "?: hier staat een veld dat niet bestaat; in het model staat dat onder leerling.bsn",
    ),
    "the element of a field here": (
        '{"leerling": {"verzorgers": [{"voorletters-1": "KANARIE"}]}}',
        "bedoeld is misschien voorletters",
    ),
    "XML": ("<KANARIE/>", "oso-bridge read --json"),
    "a control character": (
        '{"leerling": {"roepnaam": "KANARIE\\u0001"}}',
        "leerling.roepnaam: hier staat een teken dat XML niet toelaat (U+0001)",
    ),
}


@pytest.mark.parametrize(("text", "told"), FAULTY.values(), ids=FAULTY)
def test_faults_in_json_are_told_without_values(run: Any, text: str, told: str) -> None:
    refused = run("write", "-", "--release", RELEASE, "--no-check", stdin=text.encode())
    assert (refused.code, refused.out) == (1, "")
    assert told in refused.err
    assert CANARY not in refused.err
    assert "Traceback" not in refused.err


def test_faults_are_told_in_english_too(run: Any) -> None:
    refused = run("write", "-", "--release", RELEASE, "--lang", "en", stdin=FAULTY["a date"][0].encode())
    assert refused.err == "oso-bridge: -: leerling.geboortedatum: this must be a date, such as 2012-03-17\n"


def test_bytes_that_are_no_text_are_told(run: Any) -> None:
    refused = run("write", "-", "--release", RELEASE, stdin=b'{"leerling": "\xe9\xff"}')
    assert refused.code == 1
    assert "UTF-8" in refused.err


def test_very_many_faults_are_counted(run: Any) -> None:
    many = json.dumps({"leerling": {f"{CANARY}{number}": 1 for number in range(dossiers.MAX_FAULTS + 7)}})
    refused = run("write", "-", "--release", RELEASE, stdin=many.encode())
    assert len(refused.err.splitlines()) == dossiers.MAX_FAULTS + 1
    assert "nog 7 fouten" in refused.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("write", "weg.json", "--release", RELEASE),
        ("write", "-", "--release", "oso/1"),
        ("write", "-"),
        ("write", "-", "--release", RELEASE, "--lang", "fy"),
        ("todo", "weg.json", "--release", RELEASE),
        ("todo", "-", "--release", RELEASE, "--format", "pdf"),
        ("todo", "-"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_2(run: Any, arguments: tuple[str, ...]) -> None:
    refused = run(*arguments, stdin=b"{}")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err


def test_the_source_is_never_overwritten(run: Any, good: Path) -> None:
    before = good.read_bytes()
    assert run("write", good, "--release", RELEASE, "--output", good).code == 2
    assert good.read_bytes() == before


# --- todo ---


def test_nothing_to_do(run: Any, good: Path) -> None:
    assert run("todo", good, "--release", RELEASE) == (
        0,
        "Er ontbreekt niets: dit dossier kan worden geschreven.\n",
        "",
    )
    told = json.loads(run("todo", good, "--release", RELEASE, "--format", "json").out)
    assert told == {"release": RELEASE, "ready": True, "todo": [], "warnings": []}


def test_what_is_to_be_done_stands_with_its_rule_and_place(run: Any, tmp_path: Path) -> None:
    dossier = Dossier.nieuw("POVO", leerling=Leerling(roepnaam=CANARY))
    path = tmp_path / "in.json"
    path.write_text(dossier.model_dump_json(), "utf-8")
    missing = oso.todo(dossier, release=RELEASE)
    plain = run("todo", path, "--release", RELEASE, "--lang", "en")
    assert (plain.code, plain.err) == (1, "")
    assert CANARY not in plain.out
    flat = " ".join(plain.out.split())
    heads = [line for line in plain.out.splitlines() if line and not line.startswith(" ")]
    assert heads == list(dict.fromkeys(finding.path for finding in missing))
    for finding in missing:
        assert f"{finding.text('en')} → {finding.remedy('en')} {finding.rule}" in flat
    told = json.loads(run("todo", path, "--release", RELEASE, "--format", "json").out)
    assert not told["ready"]
    assert [(row["rule"], row["path"]) for row in told["todo"]] == [(item.rule, item.path) for item in missing]
    assert {row["line"] for row in told["todo"]} == {None}


def test_xml_is_measured_by_its_own_release(run: Any) -> None:
    assert run("todo", GOOD).code == 0
    bad = run("todo", BAD, "--format", "json")
    assert bad.code == 1
    assert json.loads(bad.out)["release"] == RELEASE
    assert "OVa.IZ04" in {row["rule"] for row in json.loads(bad.out)["todo"]}
    assert run("todo", GOOD, "--release", "oso/2016.1").code == 1


@pytest.fixture
def odd(good: Path, tmp_path: Path) -> Path:
    """The JSON of a dossier that passes all required checks, with a number and an attachment that cannot be right."""
    changed = json.loads(good.read_text("utf-8"))
    changed["leerling"]["bsn"] = "123456789"
    changed["rapport"]["bijlagen"] = [{"bestandsnaam": "brief.pdf", "inhoud": CANARY + "%"}]
    path = tmp_path / "vreemd.json"
    path.write_text(json.dumps(changed), "utf-8")
    return path


ODD = {"INT.bsn": "leerling.bsn", "INT.bijlage.geen-base64": "rapport.bijlagen.inhoud"}


def test_warnings_are_told_and_do_not_count(run: Any, odd: Path) -> None:
    plain = run("todo", odd, "--release", RELEASE)
    assert (plain.code, plain.err) == (0, "")
    missing, _, warnings = plain.out.partition("Waarschuwingen")
    assert "Er ontbreekt niets" in missing
    assert all(f"{path}\n" in warnings and rule in warnings for rule, path in ODD.items())
    told = json.loads(run("todo", odd, "--release", RELEASE, "--format", "json").out)
    assert (told["ready"], told["todo"]) == (True, [])
    assert {row["rule"]: row["path"] for row in told["warnings"]} == ODD
    assert not {"123456789", CANARY} & set(plain.out.split())


def test_warnings_are_told_once_it_is_written(run: Any, odd: Path, tmp_path: Path) -> None:
    written = run("write", odd, "--release", RELEASE, "--lang", "en", "--output", tmp_path / "uit.xml")
    assert (written.code, written.out) == (0, "")
    assert oso.check(tmp_path / "uit.xml").ok
    lines = written.err.splitlines()
    assert len(lines) == len(ODD)
    assert all(line.startswith("oso-bridge: warning: ") for line in lines)
    assert all(
        any(f": {path}: " in line and line.endswith(f"({rule})") for line in lines) for rule, path in ODD.items()
    )
    assert "123456789" not in written.err
    assert CANARY not in written.err


def test_a_refusal_says_nothing_of_checks_that_nobody_chose(run: Any) -> None:
    refused = run("write", "-", "--release", RELEASE, stdin=b"{}")
    assert refused.code == 1
    assert "Schema" in refused.err
    assert "Samenhang" not in refused.err
    assert "niet gevraagd" not in refused.err


@pytest.mark.parametrize("release", [release.id for release in oso.installed() if release.format == "oso"])
@pytest.mark.parametrize("profile", ["POVO", "POSWV", "BB"])
def test_what_is_missing_has_a_field_of_the_model(release: str, profile: str) -> None:
    dossiers_ = [Dossier.nieuw(profile), Dossier.model_validate({"school": {"naam": "x"}, "leerling": {}}), Dossier()]
    findings = [finding for dossier in dossiers_ for finding in oso.todo(dossier, release=release)]
    paths = {finding.path for finding in findings}
    assert len(paths) > 3
    assert all(path and where.places(path) for path in paths), paths


def test_the_field_behind_a_wrapper_is_named() -> None:
    found = {finding.rule: finding.path for finding in oso.todo(Dossier.nieuw("POVO"), release=RELEASE)}
    assert found["CAT.schoolloopbaan.present.VERPLICHT"] == "rapport.schoolloopbaan"
    assert found["CAT.overstapadvies.present.VERPLICHT"] == "rapport.advies"
    assert found["OVa.IZ01"] == found["CAT.ouderinzage.present.VERPLICHT"] == "inzage"


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("OVa.LL02", "leerling.geboortedatum"),
        ("OVa.OA01", "rapport.advies"),
        ("CAT.verzuim.verzuim.VERBODEN", "rapport.verzuim"),
        ("CAT.handelingsplannen.handelingsplan.OPT-UIT", "rapport.handelingsplannen"),
    ],
)
def test_the_field_that_a_rule_is_about_is_named(rule: str, path: str) -> None:
    dossier = oso.read(spoil(RELEASE, rule).data).dossier()
    assert path in {finding.path for finding in oso.todo(dossier, release=RELEASE) if finding.rule == rule}


def test_one_place_is_said_once(run: Any) -> None:
    told = run("todo", "-", "--release", RELEASE, stdin=Dossier.nieuw("POVO").model_dump_json().encode()).out
    assert told.splitlines().count("inzage") == 1
    assert told.index("CAT.ouderinzage.present.VERPLICHT") < told.index("OVa.IZ01")
    assert "\n\n" not in told[told.index("CAT.ouderinzage.present.VERPLICHT") : told.index("OVa.IZ01")]


@pytest.mark.parametrize(
    "arguments", [("todo", "-"), ("todo", "-", "--release", RELEASE), ("diff", "-", GOOD)], ids=str
)
def test_an_empty_file_is_said_to_be_empty(run: Any, arguments: tuple[str, ...]) -> None:
    refused = run(*arguments, stdin=b"")
    assert refused.code != 0
    assert refused.out == ""
    assert "dit bestand is leeg" in refused.err


@pytest.mark.parametrize("command", ["read", "show", "check", "extract"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_where_xml_belongs_is_said_to_be_json(run: Any, tmp_path: Path, command: str, encoding: str) -> None:
    path = tmp_path / "dossier.json"
    path.write_bytes(('\n{"leerling": {"roepnaam": "' + CANARY + '"}}').encode(encoding))
    refused = run(command, path, *(("--to", tmp_path / "uit") if command == "extract" else ()))
    assert refused.code == 1
    told = refused.out + refused.err
    assert "JSON" in told
    assert "oso-bridge todo" in told
    assert CANARY not in told


def test_todo_goes_to_a_file(run: Any, tmp_path: Path) -> None:
    made = run("todo", BAD, "--format", "json", "--output", tmp_path / "te-doen.json")
    assert (made.code, made.out) == (1, "")
    assert json.loads((tmp_path / "te-doen.json").read_text("utf-8"))["todo"]


def test_todo_takes_one_dossier(run: Any, two: Path) -> None:
    refused = run("todo", two)
    assert refused.code == 2
    assert "2 dossiers" in refused.err


def test_todo_of_faulty_json_tells_the_faults(run: Any) -> None:
    refused = run("todo", "-", "--release", RELEASE, stdin=FAULTY["a date"][0].encode())
    assert (refused.code, refused.out) == (1, "")
    assert FAULTY["a date"][1] in refused.err


# --- schema ---


@pytest.fixture
def schema(run: Any) -> Any:
    """The JSON Schema that the program gives."""
    return json.loads(run("schema").out)


def test_the_schema_is_one_of_its_draft(schema: Any) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    jsonschema.Draft202012Validator.check_schema(schema)


def test_the_schema_tells_what_a_field_means_and_which_codes_it_takes(schema: Any) -> None:
    parts = schema["$defs"].values()
    assert all(field["description"] for part in (schema, *parts) for field in part["properties"].values())
    level = schema["$defs"]["Advies"]["properties"]["niveau"]
    assert (level["type"], level["x-codelijst"]) == ("string", 2)
    assert schema["$defs"]["Verzuim"]["properties"]["urengeoorloofd"]["x-eenheid"] == "uren"
    assert not any(":meth:" in part["description"] for part in parts)


@pytest.mark.parametrize("name", PROFILES)
def test_the_json_of_a_dossier_is_valid(run: Any, schema: Any, name: str) -> None:
    validator = jsonschema.Draft202012Validator(schema)
    told = json.loads(run("read", "--json", EXAMPLES / f"{name}.xml").out)
    assert list(validator.iter_errors(told)) == []


def test_absent_is_left_out_and_every_object_is_closed(schema: Any) -> None:
    text = json.dumps(schema)
    assert '"null"' not in text
    assert '"default": null' not in text
    parts = [schema, *schema["$defs"].values()]
    assert all(part["additionalProperties"] is False for part in parts if part["type"] == "object")
    days = [field for part in parts for field in part["properties"].values() if field.get("format") == "date"]
    assert len(days) > 20
    assert {day["pattern"] for day in days} == {r"^\d{4}-\d{2}-\d{2}$"}
    # the program itself takes null as well
    assert Dossier.model_validate({"leerling": {"roepnaam": None}}) == Dossier(leerling=Leerling())


TYPOS = [
    (["leerling", "geboortedatum"], "17-03-2012", ["leerling", "geboortedatum"]),
    (["leerling", "geboortedatm"], "2012-03-17", ["leerling"]),
    (["leerling", "roepnaam"], 3, ["leerling", "roepnaam"]),
    (["rapport", "verzuim", "frequentie"], "vijf", ["rapport", "verzuim", "frequentie"]),
    (["rapport", "toetsen", 0, "afname", "datm"], "2012-03-17", ["rapport", "toetsen", 0, "afname"]),
    (["rapport", "advies", "adviezen", 0, "soort"], "zeker", ["rapport", "advies", "adviezen", 0, "soort"]),
]


@pytest.mark.parametrize(("place", "value", "told"), TYPOS, ids=lambda item: str(item))
def test_a_validator_names_the_place_of_a_typo(
    good: Path, schema: Any, place: list[Any], value: Any, told: list[Any]
) -> None:
    changed = json.loads(good.read_text("utf-8"))
    part = changed
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = value
    errors = list(jsonschema.Draft202012Validator(schema).iter_errors(changed))
    assert [list(error.absolute_path) for error in errors] == [told]
    assert not errors[0].context


@pytest.mark.parametrize(
    ("place", "value"), [("bijnaam", "x"), ("roepnaam", 3), ("verzorgers", {}), ("adresgeheim", "misschien")]
)
def test_json_that_is_no_dossier_is_not_valid(schema: Any, place: str, value: Any) -> None:
    assert list(jsonschema.Draft202012Validator(schema).iter_errors({"leerling": {place: value}}))
    assert not list(jsonschema.Draft202012Validator(schema).iter_errors({"leerling": {}}))


def test_the_schema_of_a_release_lists_its_codes(run: Any, schema: Any) -> None:
    found = json.loads(run("schema", "--release", "oso/2019.1").out)
    jsonschema.Draft202012Validator.check_schema(found)
    fields = list(coded(found))
    assert len(fields) == len(list(coded(schema))) > 60
    for field in fields:
        assert field.pop("x-codes", ()) == codes_of(field["x-codelijst"], "oso/2019.1")
    assert found == schema
    level = json.loads(run("schema", "--release", "2016.1").out)["$defs"]["Eindtoetsresultaat"]["properties"]["niveau"]
    assert level["x-codes"] == ["B", "N", "S", "E"]


def coded(part: Any) -> Iterator[dict[str, Any]]:
    """The places of a schema that take codes."""
    if isinstance(part, dict) and "x-codelijst" in part:
        yield part
    for item in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from coded(item)


def codes_of(number: int, release: str) -> Any:
    """The codes that a field of a schema should list; none when the release does not have its list."""
    try:
        return list(oso.codelist(number, release=release).codes)
    except oso.UsageError:
        return ()


def test_the_schema_goes_to_a_file(run: Any, schema: Any, tmp_path: Path) -> None:
    assert run("schema", "--output", tmp_path / "schema.json") == (0, "", "")
    assert json.loads((tmp_path / "schema.json").read_text("utf-8")) == schema


# --- releases ---


def test_every_place_of_the_releases_has_a_field(run: Any) -> None:
    releases = [release.id for release in oso.installed() if release.format == "oso"]
    assert len(releases) == 6
    listed = json.loads(run("releases", "--unbound", "--json").out)
    assert list(listed) == [release.id for release in oso.installed()]
    # answers that there is nothing to tell
    places = {place.rpartition("/")[2] for found in listed.values() for place in found or ()}
    assert places == {"geenwijzigingen", "geengegevens"}
    assert {name for name, found in listed.items() if found} == {"uwlr/2.2", "uwlr/2.3"}
    told = run("releases", "--unbound", "--lang", "en").out.splitlines()
    assert [line for line in told if line.startswith("oso/")] == [
        f"{name}: every place has a field in the model" for name in releases
    ]


def test_places_without_a_field_are_listed(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from oso_bridge import binding

    class Bound:
        unbound = ("dossier/onbekend",)

    monkeypatch.setattr(binding, "table", lambda release, root: Bound)
    assert "oso/2019.1  dossier/onbekend\n" in run("releases", "--unbound").out


def test_a_release_without_a_table_is_said_to_have_none(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Bare:
        id, folder, format, roots = "oso/9999.1", tmp_path, "oso", ("dossier",)

    monkeypatch.setattr(oso, "installed", lambda: [Bare])
    assert run("releases", "--unbound").out == "oso/9999.1: heeft geen tabel naar het model\n"
    assert json.loads(run("releases", "--unbound", "--json").out) == {"oso/9999.1": None}
