"""``oso-bridge uwlr``: pupil data as a file, results brought, and what is said when that fails."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.errors import TransportError
from oso_bridge.exchange import uwlr
from oso_bridge.exchange.server import make_server, oin_of
from oso_bridge.exchange.uwlr import faults
from oso_bridge.model import Leerresultaten, Schooladministratie
from oso_bridge.pki import Authority, fictional_oin
from oso_bridge.transports import registry
from oso_bridge.transports.loopback import LoopbackLine

from .scene import KEY, RESULTS_FILE, SCHOOL, YEAR, Gemaakt, Scene, from_file

CODES = ("--client-code", "code-1", "--client-name", "Voorbeeldleermiddel")


class Program:
    """The program beside an endpoint in this process."""

    def __init__(self, run: Callable[..., Any], folder: Path, scene: Scene) -> None:
        self._run, self.folder, self.scene = run, folder, scene
        self.file = folder / "school.xml"

    def call(self, command: str, *more: object, key: str = KEY) -> Any:
        made = self._run("uwlr", command, *more, "--url", "https://las.invalid", *CODES, stdin=f"{key}\n".encode())
        assert KEY not in made.out + made.err
        return made

    def fetch(self, *more: object, **given: Any) -> Any:
        return self.call("fetch", "--school", "00AA", "--year", YEAR, "--output", self.file, *more, **given)

    def told(self, *more: object, **given: Any) -> dict[str, Any]:
        made = self.fetch("--json", *more, **given)
        told: dict[str, Any] = json.loads(made.out)
        assert told["exit_code"] == made.code
        assert set(told["text"]) == {"nl", "en"}
        return told


@pytest.fixture
def program(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    made = Program(run, tmp_path, from_file(tmp_path))
    monkeypatch.setattr(registry, "transport", lambda name, **options: made.scene.line)
    return made


def test_pupil_data_become_a_file_for_its_owner_only(program: Program) -> None:
    made = program.fetch("--lang", "en")
    assert made.code == 0
    assert made.out.splitlines() == [
        "gegevens: Pupil data came.",
        f"file: {program.file}",
        "moment: 2024-10-01T08:30:00",
    ]
    assert f"{program.file}: " in made.err
    assert stat.S_IMODE(program.file.stat().st_mode) == 0o600
    document = oso.read(program.file)
    assert document.root == "leerlinggegevens_antwoord"
    assert program.file.read_bytes().count(b"<leerling ") == len(document.administratie().leerlingen) > 0
    assert list(program.folder.glob(".*")) == []


def test_as_json_of_the_model_by_option_or_suffix(program: Program) -> None:
    program.file = program.folder / "school.json"
    assert program.told()["format"] == "json"
    found = json.loads(program.file.read_text("utf-8"))
    assert found.pop("model") == "Schooladministratie"
    assert Schooladministratie.model_validate(found).leerlingen
    assert program.told("--format", "xml")["format"] == "xml"
    assert program.file.read_bytes().startswith(b"<?xml")


def test_in_steps_it_is_the_same_school(program: Program) -> None:
    program.fetch("--set", "lvs-set")
    whole = oso.read(program.file).administratie()
    told = program.told("--staged", "--set", "lvs-set")
    assert (told["result"], told["ok"]) == ("gegevens", True)
    staged = oso.read(program.file).administratie()
    assert [one.leerlingid for one in staged.leerlingen] == [one.leerlingid for one in whole.leerlingen]
    assert program.scene.sent[-1].operation.endswith("leerkrachten_verzoek")


def test_nothing_changed(program: Program) -> None:
    moment = program.told()["moment"]
    program.file.unlink()
    told = program.told("--since", moment)
    assert (told["result"], told["exit_code"]) == ("geenwijzigingen", 0)
    assert not program.file.exists()


def test_no_data(program: Program) -> None:
    told = program.told("--year", "2021-2022")
    assert (told["result"], told["exit_code"]) == ("geengegevens", 1)
    assert not program.file.exists()


def test_data_with_errors_are_written_and_told(program: Program) -> None:
    def wrong(parcel: Any) -> Any:
        reply = program.scene.handle(parcel)
        return type(reply)(reply.content.replace(b"<schooljaar>2024-2025", b"<schooljaar>2024"), reply.media_type)

    endpoint = program.scene
    endpoint.line = LoopbackLine(handler=wrong)
    made = program.fetch("--json")
    told = json.loads(made.out)
    assert (told["result"], told["ok"], told["exit_code"], made.code) == ("gegevens", False, 1, 1)
    assert "XSD." in made.err
    assert b"<schooljaar>2024<" in program.file.read_bytes()


def test_a_refusal_has_a_code_a_text_and_what_to_do(program: Program) -> None:
    told = program.told(key="een-andere-sleutel")
    assert (told["result"], told["exit_code"]) == ("refused", 1)
    assert told["fault"]["code"] == "Client.AutorisatieOngeldig"
    assert "Check the key" in told["fault"]["remedy"]["en"]
    assert told["fault"]["retryable"] is False
    made = program.fetch(key="een-andere-sleutel")
    assert "Client.AutorisatieOngeldig: " in made.out
    assert "Controleer de sleutel" in made.out


def test_each_fault_says_what_to_do() -> None:
    advice = {code: uwlr.UwlrFault(code).advice("nl") for code in faults.codes()}
    assert all(advice.values())
    assert uwlr.UwlrFault(faults.UNKNOWN).advice("en") == "Ask the other side why."


def test_no_answer(program: Program) -> None:
    def away(parcel: Any) -> Any:
        raise TransportError("The other side cannot be reached.", retryable=True, sent="no")

    program.scene.line = LoopbackLine(handler=away)
    told = program.told()
    assert (told["result"], told["sent"], told["exit_code"]) == ("failed", "no", 1)
    assert "cannot be reached" in told["reason"]


def test_what_was_there_stays_when_nothing_comes(program: Program) -> None:
    program.file.write_text("eerder", "utf-8")
    program.told("--year", "2021-2022")
    assert program.file.read_text("utf-8") == "eerder"
    program.told()
    assert program.file.read_bytes().startswith(b"<?xml")


def test_a_school_by_its_key_or_branch(program: Program) -> None:
    where = ("--year", YEAR, "--output", program.file)
    assert program.call("fetch", "--school-key", SCHOOL.schoolkey, *where).code == 0
    assert program.call("fetch", "--school", "00AA/00", *where).code == 0
    assert program.call("fetch", *where).code == 2
    assert program.fetch("--school-key", "x").code == 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--school", "00A"], "takes a brincode"),
        (["--year", "2024"], "takes a school year"),
        (["--year", "2024-2026"], "takes a school year"),
        (["--since", "gisteren"], "takes a moment"),
        (["--format", "csv"], "xml or json"),
        (["--release", "oso/2019.1"], "not a release of UWLR"),
        (["--release", "uwlr/9"], "uwlr/9"),
        (["--output", "weg/school.xml"], "in a folder that is there"),
        (["--key-file", "weg.txt"], "weg.txt"),
        (["--lang", "de"], "de"),
    ],
)
def test_wrong_use(program: Program, given: list[str], told: str) -> None:
    made = program.fetch(*given)
    assert (made.code, made.out) == (2, "")
    assert told in made.err
    assert not program.scene.sent


def test_no_key(program: Program) -> None:
    made = program.fetch(key="")
    assert (made.code, "autorisatiesleutel has to be one line of text" in made.err) == (2, True)


def test_results_are_brought(program: Program) -> None:
    made = program.call("bring", RESULTS_FILE, "--json")
    assert (made.code, json.loads(made.out)["result"]) == (0, "accepted")
    assert len(list(program.folder.glob("2*.xml"))) == 1


def test_results_as_json_of_the_model(program: Program, run: Any) -> None:
    file = program.folder / "resultaten.json"
    assert run("read", "--json", RESULTS_FILE, "--output", file).code == 0
    assert program.call("bring", file).out.startswith("accepted: ")
    (kept,) = program.folder.glob("2*.xml")
    assert oso.read(kept).leerresultaten() == Leerresultaten.model_validate(
        {key: value for key, value in json.loads(file.read_text("utf-8")).items() if key != "model"}
    )


def test_results_that_are_not_good_do_not_leave(program: Program) -> None:
    bad = RESULTS_FILE.read_text("utf-8").replace("<lr:score>14<", "<lr:score>KANARIE<")
    file = program.folder / "slecht.xml"
    file.write_text(bad, "utf-8")
    made = program.call("bring", file)
    assert (made.code, made.out) == (1, "")
    assert "XSD.type.score" in made.err
    assert "KANARIE" not in made.err
    assert not program.scene.sent


def test_what_holds_no_results(program: Program) -> None:
    made = program.call("bring", RESULTS_FILE.with_name("edex.xml"))
    assert (made.code, "holds no Leerresultaten" in made.err) == (2, True)
    made = program.call("bring", "-")
    assert (made.code, "Give the key with --key-file" in made.err) == (2, True)


def test_results_on_standard_input_with_the_key_in_a_file(program: Program, run: Any) -> None:
    (program.folder / "sleutel").write_bytes(f"\ufeff{KEY}\r\n".encode())
    more = ("--url", "https://las.invalid", *CODES, "--key-file", program.folder / "sleutel")
    made = run("uwlr", "bring", "-", *more, stdin=RESULTS_FILE.read_bytes())
    assert (made.code, made.out[:9]) == (0, "accepted:")


def test_results_that_come_again_are_refused(program: Program) -> None:
    assert program.call("bring", RESULTS_FILE).code == 0
    made = program.call("bring", RESULTS_FILE, "--json")
    told = json.loads(made.out)
    assert (made.code, told["result"], told["fault"]["code"]) == (1, "refused", "Client.OngeldigBericht")


def test_without_certificates_the_options_are_named(run: Any, tmp_path: Path) -> None:
    where = ("--school", "00AA", "--year", YEAR, "--output", tmp_path / "x.xml", *CODES)
    made = run("uwlr", "fetch", "--url", "https://las.invalid", *where, stdin=b"k")
    assert (made.code, "--identity" in made.err) == (2, True)
    made = run("uwlr", "fetch", "--url", "http://las.invalid", *where, stdin=b"k")
    assert (made.code, "--insecure" in made.err) == (2, True)


def test_over_tls(run: Any, tmp_path: Path) -> None:
    authority = Authority()
    authority.save(tmp_path, ["las", "leermiddel"], hosts=["127.0.0.1"])
    oin = fictional_oin("leermiddel")
    trust = oso.Trust(roots=tmp_path / "root.pem", crls=tmp_path / "crls.pem", allowed_oins=[oin], test=True)
    own = oso.Identity(tmp_path / "las-server.pem", roots=tmp_path / "root.pem", purpose="server", trust=trust)
    klanten = uwlr.Klanten([(uwlr.Klant("code-1", "Voorbeeldleermiddel", ("smalle-set",), oin), {KEY: SCHOOL})])
    application = uwlr.Application(uwlr.Endpoint(Gemaakt(), klanten), oin=oin_of)
    server = make_server(application, "127.0.0.1", 0, context=own.server_context())
    server.prepare()
    runner = threading.Thread(target=server.serve, daemon=True)
    runner.start()
    try:
        where = ("--url", f"https://127.0.0.1:{server.bind_addr[1]}/", *CODES, "--school", "00AA", "--year", YEAR)
        me = ("--identity", tmp_path / "leermiddel-client.pem", "--roots", tmp_path / "root.pem")
        made = run("uwlr", "fetch", *where, *me, "--output", tmp_path / "x.json", "--json", stdin=KEY.encode())
        other = ("--identity", tmp_path / "las-client.pem", "--roots", tmp_path / "root.pem")
        kept_out = run("uwlr", "fetch", *where, *other, "--output", tmp_path / "y.xml", "--json", stdin=KEY.encode())
    finally:
        server.stop()
        runner.join(timeout=10)
    assert (made.code, json.loads(made.out)["result"]) == (0, "gegevens"), made.err
    assert len(json.loads((tmp_path / "x.json").read_text("utf-8"))["leerlingen"]) == 3
    assert (kept_out.code, json.loads(kept_out.out)["result"]) == (1, "failed")
    assert not (tmp_path / "y.xml").exists()
