"""The command line: what it prints where, its exit codes, and what it does with mistakes."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any

import pytest
import typer

import oso_bridge as oso
from oso_bridge import releases
from oso_bridge.cli import app, checking, fast, labels, options
from oso_bridge.rules import rows

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
GOOD, BAD = EXAMPLES / "povo.xml", EXAMPLES / "kapot.xml"
ONLY_POSIX = pytest.mark.skipif(os.name == "nt", reason="signals and pipes of POSIX")


def process(*arguments: object, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Runs the command line in a process of its own."""
    command = [sys.executable, "-m", "oso_bridge.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False, cwd=ROOT, timeout=60, **options)


# --- exit codes and streams ---


def test_a_good_document(run: Any) -> None:
    result = run("check", GOOD)
    assert (result.code, result.err) == (0, "")
    assert "In orde" in result.out
    assert "\x1b" not in result.out


def test_a_bad_document(run: Any) -> None:
    result = run("check", BAD, "--lang", "en")
    assert (result.code, result.err) == (1, "")
    assert "Not in order" in result.out


def test_a_check_that_did_not_run_is_not_a_success(run: Any) -> None:
    assert run("check", GOOD, "--layers", "schema").code == 3


def test_errors_are_never_counted_in_the_exit_code(run: Any) -> None:
    assert len(oso.check(BAD).findings) > 1
    assert run("check", BAD, EXAMPLES / "schemafout.xml").code == 1


def test_one_broken_document_never_stops_the_rest(run: Any, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<a")
    (tmp_path / "b.xml").write_bytes(GOOD.read_bytes())
    result = run("check", tmp_path, "--format", "json")
    made = json.loads(result.out)
    assert (result.code, [report["exit_code"] for report in made["reports"]]) == (1, [1, 0])


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("check", "weg.xml"),
        ("check", "weg*.xml"),
        ("check", "{empty}"),
        ("check", GOOD, "--format", "nee"),
        ("check", GOOD, "--lang", "fr"),
        ("check", GOOD, "--layers", "nee"),
        ("check", GOOD, "--release", "oso/1900"),
        ("check", GOOD, "--output", "{empty}/a.nee"),
        ("check", GOOD, "--output", "{empty}/weg/a.json"),
        ("check", GOOD, "--overrides", "weg.toml"),
        ("check", GOOD, "--overrides", "{toml}"),
        ("check", GOOD, "--workers", "0"),
        ("check", GOOD, "--sort", "nee"),
        ("check", GOOD, "--sort", "line", "--format", "json"),
        ("codes", "99"),
        ("codes", "geen"),
        ("codes", "3", "--release", "oso/2019.1"),
        ("codes", "--release", "oso/1900"),
        ("codes", "--lang", "fr"),
        ("schema", "--release", "oso/1900"),
        ("check", GOOD, "--nee"),
        ("show", "weg.xml"),
        ("show", "{empty}"),
        ("show", GOOD, "--format", "pdf"),
        ("read", "weg.xml"),
        ("extract", GOOD),
        ("explain",),
        ("explain", "NEE.99"),
        ("explain", "--message", "nooit gezegd"),
        ("explain", "INT.bsn", "--list"),
        ("render", GOOD),
        ("nee",),
    ],
)
def test_wrong_use_is_2_and_says_what_to_do(run: Any, tmp_path: Path, arguments: tuple[object, ...]) -> None:
    empty, toml = tmp_path / "leeg", tmp_path / "fout.toml"
    empty.mkdir()
    toml.write_text("x =")
    result = run(*(str(item).format(empty=empty, toml=toml) for item in arguments))
    assert result.code == 2
    assert result.out == ""
    assert result.err.strip()
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("show", ()),
        ("read", ()),
        ("extract", ("--to", "uit")),
        ("todo", ()),
        ("merge", (GOOD,)),
        ("draft", ("--profile", "POVO", "--all")),
        ("reduce", ("--release", "uwlr/2.2")),
    ],
)
def test_a_document_that_cannot_be_read_is_1_and_named(
    run: Any, tmp_path: Path, command: str, more: tuple[object, ...]
) -> None:
    broken = tmp_path / "stuk.xml"
    broken.write_text("<a>CANARY-41")
    result = run(command, broken, *more)
    assert (result.code, result.out) == (1, "")
    assert str(broken) in result.err
    assert "oso-bridge check" in result.err
    assert "CANARY-41" not in result.err


@pytest.mark.skipif(os.name == "nt" or getattr(os, "geteuid", int)() == 0, reason="root may read everything")
def test_a_file_without_permission(run: Any, tmp_path: Path) -> None:
    secret = tmp_path / "dicht.xml"
    secret.write_bytes(GOOD.read_bytes())
    secret.chmod(0)
    result = run("check", secret)
    assert result.code == 2
    assert "dicht.xml" in result.err


def test_no_permission_is_said_in_one_line(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied", "dicht.xml")

    monkeypatch.setattr(oso, "check", refuse)
    result = run("check", GOOD)
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "oso-bridge: dicht.xml: Permission denied. Ask for the right to use it, or choose another place.\n"
    )


def test_standard_input(run: Any) -> None:
    result = process("check", "-", "--format", "json", input=BAD.read_bytes())
    assert result.returncode == 1
    assert json.loads(result.stdout)["reports"][0]["source"] == "<stdin>"
    result = process("show", "-", input=GOOD.read_bytes())
    assert result.returncode == 0
    assert "Schoolloopbaan" in result.stdout.decode()


@ONLY_POSIX
def test_a_closed_pipe_is_no_traceback() -> None:
    command = [sys.executable, "-m", "oso_bridge.cli", "read", "--json", str(GOOD)]
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False, cwd=ROOT, timeout=60)
    os.close(writing)
    assert (result.returncode, result.stderr) == (141, b"")


@ONLY_POSIX
@pytest.mark.parametrize("more", [[], ["--workers", "1"]])
def test_stopping_is_no_traceback(more: list[str]) -> None:
    # A shell that starts this in the background lets it ignore the signal: the script takes it up again.
    script = (
        "import signal, sys\nfrom oso_bridge.cli import main, inputs\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "before = inputs.expand\n"
        "inputs.expand = lambda names: [print('ready', flush=True), before(names)][1]\n"
        "main(sys.argv[1:])"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script, "check", "-", *more], cwd=ROOT, **pipes) as it:
        assert it.stdout
        assert it.stdout.readline() == b"ready\n"
        it.send_signal(signal.SIGINT)
        try:
            # Standard input stays open until the program has gone: it ends by the signal or not at all.
            code = it.wait(timeout=30)
        finally:
            it.kill()
        assert it.stderr
        told = it.stderr.read()
    assert (code, told) == (130, b"oso-bridge: Stopped.\n")


# --- check ---


def test_patterns_folders_and_files_are_each_taken_once(run: Any, tmp_path: Path) -> None:
    below = tmp_path / "b" / "c"
    below.mkdir(parents=True)
    for path in (tmp_path / "z.xml", tmp_path / "a.XML", below / "m.xml", tmp_path / "n.txt"):
        path.write_bytes(GOOD.read_bytes())

    def sources(*arguments: object) -> list[str]:
        made = json.loads(run("check", *arguments, "--format", "json").out)
        return [os.path.relpath(report["source"], tmp_path) for report in made["reports"]]

    assert sources(tmp_path) == ["a.XML", os.path.join("b", "c", "m.xml"), "z.xml"]  # noqa: PTH118 - as text
    assert sources(tmp_path / "z.xml", tmp_path / "*.xml", tmp_path / "n.txt") == ["z.xml", "n.txt"]


@pytest.mark.parametrize(
    ("name", "sign"), [("a.json", "{"), ("a.sarif", "{"), ("a.xml", "<?xml"), ("a.html", "<!doctype")]
)
def test_the_suffix_of_the_output_chooses_the_form(run: Any, tmp_path: Path, name: str, sign: str) -> None:
    result = run("check", BAD, "--output", tmp_path / name)
    assert (result.code, result.out) == (1, "")
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(sign)


def test_a_document_is_never_overwritten_by_its_report(run: Any, tmp_path: Path) -> None:
    copy = tmp_path / "dossier.xml"
    copy.write_bytes(GOOD.read_bytes())
    assert run("check", copy, "--output", copy).code == 2
    assert run("show", copy, "--output", copy).code == 2
    assert copy.read_bytes() == GOOD.read_bytes()


def test_values_only_when_asked(run: Any, tmp_path: Path) -> None:
    document = tmp_path / "canarie.xml"
    text = GOOD.read_text(encoding="utf-8")
    assert "<overstap>POVO</overstap>" in text
    document.write_text(text.replace("<overstap>POVO</overstap>", "<overstap>CANARY-41</overstap>"), encoding="utf-8")
    for form in ("text", "json", "sarif", "junit", "html"):
        result = run("check", document, "--format", form)
        assert result.code == 1
        assert "CANARY-41" not in result.out + result.err
    assert "CANARY-41" in run("check", document, "--show-values").out


def test_overrides(run: Any, tmp_path: Path) -> None:
    agreed = tmp_path / "afspraken.toml"
    agreed.write_text('[[override]]\nrule = "*"\nseverity = "suppress"\nreason = "Zo afgesproken."\n')
    result = run("check", BAD, "--overrides", agreed)
    assert result.code == 0
    assert "Zo afgesproken." in result.out
    assert "Aanvaardbaar" in result.out


def test_quiet_leaves_out_what_is_in_order(run: Any) -> None:
    assert run("check", GOOD, "--quiet").out == ""
    made = run("check", GOOD, BAD, "--quiet").out
    assert str(BAD) in made
    assert str(GOOD) not in made


def test_workers_change_nothing_but_the_pace(run: Any) -> None:
    def outcome(*more: str) -> Any:
        made = json.loads(run("check", GOOD, BAD, EXAMPLES / "vovo.xml", "--format", "json", *more).out)
        return [(report["source"], report["findings"]) for report in made["reports"]]

    assert outcome("--workers", "2") == outcome()


def test_progress_goes_to_a_terminal_on_standard_error_only(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number in range(7):
        (tmp_path / f"{number}.xml").write_text("<a")
    assert run("check", tmp_path).err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    plain = run("check", tmp_path, "--quiet", "--format", "json")
    watched = run("check", tmp_path, "--format", "json")
    assert (plain.err, bool(watched.err)) == ("", True)
    assert [item["source"] for item in json.loads(watched.out)["reports"]] == [
        item["source"] for item in json.loads(plain.out)["reports"]
    ]


def test_colours_on_a_terminal_unless_nobody_wants_them(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "\x1b[" in run("check", BAD).out
    assert "\x1b[" in run("show", GOOD).out
    assert "\x1b[" not in run("check", BAD, "--format", "html").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in run("check", BAD).out


def test_a_report_along_the_document(run: Any, tmp_path: Path) -> None:
    by_line = run("check", BAD, "--sort", "line")
    assert by_line.code == 1
    found = [int(number) for number in re.findall(r"^  \w+ regel (\d+)", by_line.out, re.MULTILINE)]
    assert len(found) == len(oso.check(BAD).findings)
    assert found == sorted(found)
    by_rule = run("check", BAD).out
    assert by_rule == run("check", BAD, "--sort", "rule").out
    assert sorted(by_rule) != sorted(by_line.out)
    saved = tmp_path / "report.json"
    run("check", BAD, "--output", saved)
    assert run("render", saved, "--sort", "line").out == by_line.out
    assert run("render", saved, "--sort", "line", "--format", "html").code == 2


# --- what was meant ---


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("new", "--profile", "povo"), "POVO"),
        (("new", "--profile", "POVVO"), "POVO"),
        (("new", "--profile", "POVO", "--release", "oso/2019"), "oso/2019.1"),
        (("new", "--break", "ova.ll12"), "OVa.LL12"),
        (("new", "--break", "OVa.LL08#telefon"), "telefoon"),
        (("new", "--break", "XSD.ontbrekt.achternaam"), "XSD.ontbreekt"),
        (("new", "--break", "XSD.ontbreekt.achternam"), "achternaam"),
        (("new", "--break", "DOC.leg"), "DOC.leeg"),
        (("check", GOOD, "--layers", "rule"), "rules"),
        (("check", GOOD, "--format", "JSN"), "json"),
        (("check", GOOD, "--release", "2019"), "oso/2019.1"),
        (("check", GOOD, "--lang", "NL"), "nl"),
        (("show", GOOD, "--format", "HTML"), "html"),
        (("todo", GOOD, "--format", "jsn"), "json"),
        (("read", GOOD, "--release", "oso/2019_1"), "oso/2019.1"),
        (("codes", "geslach"), "geslacht"),
        (("explain", "OVa.LL5"), "OVa.LL05"),
        (("chek", GOOD), "check"),
    ],
)
def test_who_slips_is_told_what_was_meant(run: Any, arguments: tuple[object, ...], meant: str) -> None:
    made = run(*arguments)
    assert (made.code, made.out) == (2, "")
    assert re.search(rf"Do you mean ([^?]* or )?{re.escape(meant)}( or [^?]*)?\?", " ".join(made.err.split()))


def test_an_override_for_a_profile_that_does_not_exist_is_noted(run: Any, tmp_path: Path) -> None:
    agreed = tmp_path / "afspraken.toml"
    row = '[[override]]\nrule = "*"\nseverity = "info"\nreason = "Zo afgesproken."\nprofile = "{}"\n'
    agreed.write_text("".join(row.format(name) for name in ("povo", "POVO", "BB", "VOMBO")))
    noted = run("check", GOOD, "--overrides", agreed).err
    assert noted.count("matches nothing") == 1
    assert "Override 1 (*) matches nothing. There is no profile 'povo'. Do you mean POVO?" in noted
    agreed.write_text(row.format("POVO").replace("reason", "reson"))
    assert "reson; perhaps reason is meant" in run("check", GOOD, "--overrides", agreed).err


# --- codes ---


def test_codes(run: Any) -> None:
    made = run("codes", "14")
    assert (made.code, made.err) == (0, "")
    assert made.out.startswith("14  Geslacht (oso/1.1.1, ")
    assert "\n    1  vrouw\n" in made.out
    assert "leerling.verzorgers[].geslacht" in made.out
    assert run("codes", "leerling.geslacht").out == run("codes", "geslacht").out == made.out
    assert "Fields: " in run("codes", "14", "--lang", "en").out
    assert run("codes").out.count("Velden: ") == 40


def test_codes_as_json_have_one_shape(run: Any, tmp_path: Path) -> None:
    (one,) = json.loads(run("codes", "43", "--json").out)
    assert list(one) == ["number", "name", "releases", "fields", "codes"]
    assert one["fields"] == ["rapport.eindtoetsen[].resultaat.niveau"]
    by_code = {row["code"]: row for row in one["codes"]}
    assert by_code["B"] == {"code": "B", "label": "basis", "releases": ["oso/2016.1", "oso/2017.1", "oso/2018.1"]}
    assert by_code["N"]["label"] is None
    every = json.loads(run("codes", "--json").out)
    assert one in every
    newest = json.loads(run("codes", "--json", "--release", "2019.1").out)
    assert {row["number"] for row in newest} < {row["number"] for row in every}
    for row in newest:
        assert tuple(code["code"] for code in row["codes"]) == oso.codelist(row["number"], release="oso/2019.1").codes
    run("codes", "43", "--json", "--output", tmp_path / "43.json")
    assert json.loads((tmp_path / "43.json").read_text("utf-8")) == [one]


# --- the short way ---


def typer_arguments(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> dict[str, Any]:
    """What Typer makes of a command line."""
    seen: dict[str, Any] = {}

    def keep(files: list[str], **given: Any) -> int:
        seen.update(given, files=files)
        return 0

    monkeypatch.setattr(checking, "run", keep)
    assert app.run(arguments) == 0
    return seen


@pytest.mark.parametrize(
    "line",
    [
        "check a.xml",
        "check a.xml b.xml - c*.xml",
        "check --format json a.xml --lang=en -q",
        "check a.xml -f sarif -o uit.sarif --show-values",
        "check a.xml --overrides x.toml --layers schema,codes --release oso/2019.1 --quiet",
        "check a.xml --output=uit=1.json",
        "check a.xml --sort line",
        "check a.xml --format json --format text",
    ],
)
def test_the_short_way_reads_arguments_as_typer_does(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    short = fast.arguments(line.split())
    assert short is not None
    long = typer_arguments(monkeypatch, line.split())
    for key, value in short.items():
        assert str(long.pop(key)) == str(value)
    assert set(long.values()) <= {None, False, "nl", 1, "rule"}, "what was not given is the default"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "show a.xml",
        "--version",
        "check",
        "check --help",
        "check a.xml --nee",
        "check a.xml -fjson",
        "check a.xml -f=json",
        "check a.xml --workers 2",
        "check a.xml --format",
        "check a.xml --format --quiet",
        "check a.xml --quiet=1",
        "check -- -a.xml",
    ],
)
def test_what_is_not_plain_is_left_to_typer(line: str) -> None:
    assert fast.arguments(line.split()) is None


def test_the_short_way_knows_no_option_that_typer_does_not_know() -> None:
    group: Any = typer.main.get_command(app.app)
    command = group.get_command(None, "check")
    known = {name: parameter.name for parameter in command.params for name in parameter.opts}
    assert {**fast.VALUES, **fast.FLAGS}.items() <= known.items()


def test_a_plain_check_imports_neither_typer_nor_rich() -> None:
    script = (
        "import sys\nfrom oso_bridge.cli import main\n"
        "try: main(['check', 'examples/povo.xml'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'typer', 'rich', 'click', 'pydantic', 'xmlschema', 'zeep'} & set(sys.modules)), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, cwd=ROOT, timeout=60)
    assert result.stderr.strip() == b"[]"


# --- the other commands ---


@pytest.mark.parametrize("command", ["check", "show", "read"])
def test_an_empty_name_is_not_the_folder_one_is_in(run: Any, command: str) -> None:
    made = run(command, "")
    assert (made.code, made.out) == (2, "")
    assert "empty" in made.err


def test_help_and_version(run: Any) -> None:
    made = run("--help")
    assert made.code == 0
    assert all(name in made.out for name in app.COMMANDS)
    assert run("--version").out == f"oso-bridge {oso.__version__}\n"
    for name in app.COMMANDS:
        told = run(name, "--help")
        assert (told.code, told.err) == (0, "")
        assert app.COMMANDS[name].split(",")[0] in " ".join(told.out.split())


def test_show(run: Any, tmp_path: Path) -> None:
    made = run("show", GOOD)
    assert made.code == 0
    assert "Schoolloopbaan" in made.out
    assert run("show", GOOD, "--output", tmp_path / "uit.html").out == ""
    assert (tmp_path / "uit.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "School career" in run("show", GOOD, "--lang", "en").out


def test_show_takes_a_document_that_breaks_its_schema(run: Any) -> None:
    made = run("show", EXAMPLES / "schemafout.xml")
    assert made.code == 0
    assert "voldoet niet aan het schema" in made.out


def test_show_takes_a_release_that_is_not_installed(run: Any, tmp_path: Path) -> None:
    document = tmp_path / "later.xml"
    text = GOOD.read_text(encoding="utf-8")
    document.write_text(text.replace("oso_gegevensset/2019/", "oso_gegevensset/2031/"), encoding="utf-8")
    made = run("show", document)
    assert made.code == 0
    assert "oso/2031" in made.out
    assert "geen schema van deze release" in made.out


def test_codes_get_their_meaning_from_the_lists() -> None:
    label = labels.labeller(oso.read(GOOD).release)
    assert label("huidigeschool/leerling/geslacht", "1") == "vrouw"
    assert label("huidigeschool/leerling/geslacht", "7") is None
    assert label("huidigeschool/leerling/schoolloopbaanlijst/schoolloopbaan/jaargroep", "8") == "PO jaargroep 8"
    assert label("huidigeschool/leerling/achternaam", "1") is None


def test_read(run: Any, tmp_path: Path) -> None:
    made = run("read", GOOD)
    assert made.code == 0
    assert "release: oso/2019.1\n" in made.out
    assert "schema_ok: yes\n" in made.out
    document = oso.read(GOOD)
    told = json.loads(run("read", GOOD, "--json", "--record").out)
    assert told["record"] == document.record
    assert told["digest"] == document.digest
    assert run("read", GOOD, "--record", "--output", tmp_path / "uit.json").out == ""
    assert json.loads((tmp_path / "uit.json").read_text(encoding="utf-8")) == told


def test_render_gives_what_check_would_have_given(run: Any, tmp_path: Path) -> None:
    saved = tmp_path / "rapport.json"
    run("check", GOOD, BAD, "--output", saved)
    for form in ("text", "html", "junit", "sarif", "json"):
        again = run("render", saved, "--format", form)
        assert again.code == 0
        assert str(BAD) in again.out or BAD.name in again.out
    assert run("render", saved).out == run("check", GOOD, BAD).out


def test_releases(run: Any) -> None:
    made = json.loads(run("releases", "--json").out)
    assert [row["id"] for row in made] == [release.id for release in oso.installed()]
    plain = run("releases").out.splitlines()
    assert [line.split()[0] for line in plain] == [row["id"] for row in made]


def test_explain(run: Any) -> None:
    made = run("explain", "CL.19.soortadres")
    assert made.code == 0
    assert "codelijst 19" in made.out
    assert "→ " in made.out
    assert "code list 19" in run("explain", "CL.19.soortadres", "--lang", "en").out
    assert json.loads(run("explain", "CL.19.soortadres", "--json").out) == oso.explain("CL.19.soortadres")


def test_explain_tells_the_condition_in_sentences(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    two = [release for release in releases.installed() if release.version in ("2016.1", "2019.1")]
    monkeypatch.setattr(releases, "installed", lambda: two)
    made = run("explain", "OVa.LL05").out
    assert "Ten minste één van deze moet er zijn: adreslijst/adres of adresbuitenland." in made
    assert "Dat geldt niet als adresgeheim waar is." in made
    assert "one_of" not in made
    assert "oso/2017.1: OVa.LL05 (niet geïnstalleerd), " in made
    assert made.rstrip().endswith("oso/2019.1: OVa.LL05")
    raw = run("explain", "OVa.LL05", "--raw", "--lang", "en").out
    assert "At least one of these must be there" in raw
    assert "one_of: adreslijst/adres, adresbuitenland" in raw
    assert "unless: true adresgeheim" in raw


def test_every_rule_can_be_explained(run: Any) -> None:
    ids = run("explain", "--list").out.split()
    assert json.loads(run("explain", "--list", "--json").out) == ids
    assert len(ids) > 250
    versions = {release.version for release in oso.installed()}
    told = {row["id"] for row in rows.table("oso")["rule"] if versions & row["releases"].keys()}
    absent = {row["id"] for row in rows.table("oso")["rule"]} - told
    for rule in [rule for rule in ids if rule not in absent]:
        made = run("explain", rule)
        assert (made.code, made.err) == (0, "")
        assert made.out.startswith(rule)


def test_doctor(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = run("doctor")
    assert made.code == 0
    assert "libxml2" in made.out
    assert "oso/2019.1" in made.out
    broken = EntryPoint("stuk", "bestaat.niet:dit", "oso_bridge.renderers")
    monkeypatch.setattr("oso_bridge.cli.doctor.entry_points", lambda group: [broken] * (group == broken.group))
    made = run("doctor")
    assert made.code == 1
    assert "bestaat.niet" in made.out


# --- extract ---


def with_attachment(tmp_path: Path, members: dict[str, bytes]) -> Path:
    """A dossier whose first attachment is a ZIP with these files."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        for name, content in members.items():
            made.writestr(name, content)
    text = GOOD.read_text(encoding="utf-8")
    before, tag, after = text.partition("<bestandsinhoud>")
    after = after[after.index("</bestandsinhoud>") :]
    document = tmp_path / "met bijlage.xml"
    document.write_text(before + tag + base64.b64encode(archive.getvalue()).decode() + after, encoding="utf-8")
    return document


def test_extract_stays_inside_its_folder_and_overwrites_nothing(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "uit"
    folder.mkdir(parents=True)
    (folder / "brief.txt").write_text("van mij")
    outside = tmp_path / "buiten.txt"
    names = {"../../buiten.txt": b"1", "brief.txt": b"2", "/absoluut.txt": b"3", "sub/brief.txt": b"4"}
    document = with_attachment(tmp_path, names)
    if os.name != "nt":
        (folder / "buiten.txt").symlink_to(outside)
    made = run("extract", document, "--to", folder)
    assert made.code == 0
    written = [Path(line) for line in made.out.splitlines()]
    assert all(path.resolve().parent == folder.resolve() for path in written)
    assert {path.read_bytes() for path in written} >= {b"1", b"2", b"3", b"4"}
    assert (folder / "brief.txt").read_text() == "van mij"
    assert not outside.exists()


def test_extract_passes_over_what_it_cannot_open(run: Any, tmp_path: Path) -> None:
    document = with_attachment(tmp_path, {"x.txt": b"1"})
    text = document.read_text(encoding="utf-8")
    start = text.index("<bestandsinhoud>") + len("<bestandsinhoud>")
    document.write_text(text[: start + 40] + text[text.index("</bestandsinhoud>") :], encoding="utf-8")
    made = run("extract", document, "--to", tmp_path / "uit")
    assert made.code == 1
    assert "INT.bijlage.afgekapt" in made.err
    assert len(made.out.splitlines()) == sum(1 for _ in oso.read(GOOD).attachments()) - 1


# --- plug-ins ---


def hello(name: str) -> None:
    """Greet somebody."""
    typer.echo(f"Dag {name}")


greeter = typer.Typer()
greeter.command()(hello)


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> None:
    points = EntryPoints(
        [
            EntryPoint("groet", f"{__name__}:hello", app.ENTRY_POINTS),
            EntryPoint("groeter", f"{__name__}:greeter", app.ENTRY_POINTS),
            EntryPoint("check", f"{__name__}:hello", app.ENTRY_POINTS),
            EntryPoint("stuk", "bestaat.niet:dit", app.ENTRY_POINTS),
        ]
    )
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points.select(group=group))


@pytest.mark.usefixtures("plugged")
def test_commands_of_others(run: Any) -> None:
    assert run("groet", "Jo").out == "Dag Jo\n"
    assert run("groeter", "Jo").out == "Dag Jo\n"
    assert run("check", "--help").out.count("Dag") == 0
    listed = run("--help")
    assert listed.code == 0
    assert "stuk" in listed.out
    broken = run("stuk")
    assert (broken.code, broken.out) == (2, "")
    assert "bestaat.niet" in broken.err


@pytest.mark.usefixtures("plugged")
def test_a_broken_plug_in_does_not_break_completion(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    monkeypatch.setenv("_OSO_BRIDGE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "oso-bridge ")
    monkeypatch.setenv("COMP_CWORD", "1")
    made = run()
    assert {"check", "show", "groet"} <= set(made.out.split())


def test_completion_of_options() -> None:
    assert options._formats("s") == ["sarif"]
    assert options._languages("") == ["nl", "en"]
    assert "oso/2019.1" in options._releases("oso/2019")
