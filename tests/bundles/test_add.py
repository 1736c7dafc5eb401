"""A bundle that is added with one command, and what works from then on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import binding, data, releases
from oso_bridge.bundles import installing, tabling
from oso_bridge.errors import UsageError
from oso_bridge.stylesheets import outcome, running

from . import samples

NEW = ("dossier/huidigeschool/leerling/voorkeursnaam", "dossier/huidigeschool/leerling/brugklastype")
GONE = "dossier/huidigeschool/leerling/overstapadvies/aandachtspunten"
NAMELESS = "De roepnaam … mag niet worden gebruikt."


@pytest.fixture
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the extra were not installed."""
    monkeypatch.setattr(running, "engine_folder", lambda: None)


def states(report: oso.Report) -> dict[str, str]:
    return {layer.name: layer.state.value for layer in report.layers}


def found(report: oso.Report) -> list[tuple[str, str, str | None]]:
    return [(finding.rule, finding.layer, finding.path) for finding in report.findings]


# --- adding ---


def test_what_is_told(added: oso.AddedRelease, user_data: Path) -> None:
    assert (added.release.id, added.release.namespace) == (samples.ID, samples.NAMESPACE)
    assert added.release.folder == user_data / "schemas" / "oso" / "2031.1"
    assert added.nearest.id == "oso/2019.1"
    assert (added.differences.new, added.differences.gone) == (NEW, (GONE,))
    assert (added.differences.moved, added.differences.changed, added.differences.codes) == ((), (), None)
    assert (added.unbound, added.dropped, added.table) == (NEW, (), "")
    assert (added.messages, added.nameless, added.without_text) == ({"OV": 4, "PaO": 1}, (NAMELESS,), 0)
    assert (added.examples, added.notes) == ((2, 2), ())
    assert json.loads(json.dumps(added.to_dict()))["differences"]["new"] == list(NEW)


def test_the_folder_holds_data_and_nothing_else(added: oso.AddedRelease, user_data: Path) -> None:
    names = {str(path.relative_to(user_data)) for path in user_data.rglob("*") if path.is_file()}
    own = {"release.toml", "dossier.xsd", "plan.json", "table.toml", "paths.json"}
    sheets = {f"stylesheets/{stem}.{suffix}" for stem in ("1-OV", "2-PaO") for suffix in ("xsl", "json")}
    assert names == {f"schemas/oso/2031.1/{name}" for name in own | sheets}
    info = data.load_toml(added.release.folder / "release.toml")
    assert (info["standaardversie"], info["validatieversie"]) == ("2031.1", "2031.1.1")
    assert info["bundle"]["digest"].startswith("sha256:")
    assert set(info["stylesheet"][0]["parts"]) == {
        f"OSO 2031.1/{name}" for name in ("OV/controle.xsl", "common/lijsten.xsl", "common/lijsten.xml")
    }


def test_it_is_the_same_from_a_folder_and_with_link_texts(user_data: Path, zipped: Path, tmp_path: Path) -> None:
    texts = tmp_path / "teksten.zip"
    texts.write_bytes(samples.zipped(as_text=True))
    told = []
    for bundle in (zipped, samples.folder_of(tmp_path / "map"), texts):
        added = oso.add_release(bundle, replace=True)
        told.append({**added.to_dict(), "folder": None})
        assert oso.check(samples.with_new()).ok
    assert told[0] == told[1] == told[2]


def test_a_flat_bundle(user_data: Path, tmp_path: Path) -> None:
    def flat(name: str) -> str:
        *_, folder, last = name.split("/")
        return f"{folder}_{last}" if last == "controle.xsl" else last

    content = {flat(name): text.replace(b'href="common/', b'href="') for name, text in samples.files().items()}
    assert {"OV_controle.xsl", "PaO_controle.xsl", "lijsten.xsl"} < content.keys()
    added = oso.add_release(samples.folder_of(tmp_path / "plat", content, {}))
    assert added.messages == {"OV": 4, "PaO": 1}
    assert oso.check(samples.with_new()).ok


def test_only_an_xsd(user_data: Path, tmp_path: Path) -> None:
    file = tmp_path / "OSO_dossier.xsd"
    file.write_text(samples.xsd(), "utf-8")
    added = oso.add_release(file)
    # without examples only the year is known
    assert (added.release.id, added.messages, added.examples) == ("oso/2031", {}, (0, 0))
    assert "codes and rules of this release are not checked" in added.notes[0]
    report = oso.check(samples.with_new())
    assert states(report)["schema"] == "passed"
    assert {layer.name: layer.remedy("en") for layer in report.layers if layer.state == "not_run"}.keys() == {
        "codes",
        "rules",
    }
    assert "oso-bridge release add" in str(report.layer("rules").remedy("nl"))


def test_the_id_and_the_nearest_release_can_be_chosen(user_data: Path, zipped: Path) -> None:
    added = oso.add_release(zipped, id="oso/2031.2", nearest="oso/2016.1")
    assert (added.release.id, added.nearest.id) == ("oso/2031.2", "oso/2016.1")
    assert "dossier/huidigeschool/leerling/huisarts" in added.differences.new
    assert oso.read(samples.document()).release.id == "oso/2031.2"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"id": "oso/../../weg"}, "no id of a release"),
        ({"id": "oso"}, "no id of a release"),
        ({"id": "oso/2031.1/x"}, "no id of a release"),
        ({"id": "edexml/2031.1"}, "one of oso, not of edexml"),
        ({"id": "oso/2019.1"}, "no XSD of a release"),
        ({"nearest": "oso/1900.1"}, "no installed release"),
    ],
)
def test_a_wrong_choice_is_refused_and_nothing_is_written(
    user_data: Path, zipped: Path, settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(oso.OsoBridgeError, match=told):
        oso.add_release(zipped, **settings)
    assert not user_data.parent.exists()


def test_an_empty_name_is_not_the_folder_one_is_in(
    user_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(samples.folder_of(tmp_path / "map"))
    with pytest.raises(UsageError, match="is empty"):
        oso.add_release("")
    assert not user_data.parent.exists()


def test_what_is_there_is_not_overwritten_unasked(added: oso.AddedRelease, zipped: Path) -> None:
    with pytest.raises(UsageError, match="is installed already"):
        oso.add_release(zipped)
    with pytest.raises(UsageError, match=r"oso/2031\.1 has that namespace already"):
        oso.add_release(zipped, id="oso/2031.7")
    again = oso.add_release(zipped, replace=True)
    assert (again.release.folder, again.nearest.id) == (added.release.folder, "oso/2019.1")
    with pytest.raises(UsageError, match="table of itself"):
        oso.add_release(zipped, replace=True, nearest=samples.ID)


def test_a_release_of_the_package_is_not_replaced(user_data: Path) -> None:
    with pytest.raises(UsageError, match="this package has itself"):
        oso.add_release(samples.CHECKOUT / "schemas/oso/2019.1/dossier.xsd", id="oso/2019.1", replace=True)
    assert not user_data.parent.exists()


def test_removing(added: oso.AddedRelease, user_data: Path) -> None:
    oso.remove_release("oso/2031.1")
    assert not any(path.is_file() for path in user_data.rglob("*"))
    assert oso.read(samples.document()).guess is not None
    for name in ("oso/2019.1", "oso/2031.1"):
        with pytest.raises(UsageError):
            oso.remove_release(name)


def test_a_full_disk_leaves_nothing(user_data: Path, zipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, target: Path) -> None:
        shutil.copyfile(source / "release.toml", target.parent / "half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(installing.shutil, "copytree", full)
    with pytest.raises(OSError, match="No space left"):
        oso.add_release(zipped)
    assert not user_data.parent.exists()


def test_what_was_there_stays_when_the_last_step_fails(
    added: oso.AddedRelease, zipped: Path, user_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path: path.read_bytes() for path in user_data.rglob("*") if path.is_file()}
    real = Path.rename

    def fails(self: Path, target: Path) -> Path:
        if self.name == "nieuw":
            raise OSError(13, "Permission denied")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OSError, match="Permission denied"):
        oso.add_release(zipped, replace=True)
    assert {path: path.read_bytes() for path in user_data.rglob("*") if path.is_file()} == before


def test_what_others_put_there_meanwhile_stays(user_data: Path, zipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    others = (user_data / "labels.toml", user_data / "schemas" / "oso" / "2040.1" / "release.toml")

    def full(source: Path, target: Path) -> None:
        for file in others:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("", "utf-8")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(installing.shutil, "copytree", full)
    with pytest.raises(OSError, match="No space left"):
        oso.add_release(zipped)
    assert {path for path in user_data.rglob("*") if path.is_file()} == set(others)
    assert not list(user_data.glob(".*"))


def test_an_interruption_leaves_all_as_it_was(
    added: oso.AddedRelease, user_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = contents(user_data), os.rename
    for number in (1, 2):
        steps = iter(range(1, 10))

        def stops(source: Path, target: Path, number: int = number, steps: Iterator[int] = steps) -> None:
            if next(steps) == number:
                raise KeyboardInterrupt
            real(source, target)

        monkeypatch.setattr(os, "rename", stops)
        with pytest.raises(KeyboardInterrupt):
            installing._put_in_place(other_release(tmp_path / str(number)), "oso", "2031.1")
        assert contents(user_data) == before
    monkeypatch.setattr(os, "rename", real)
    interrupted = tmp_path / "leeg" / "gegevens"
    monkeypatch.setenv("OSO_BRIDGE_DATA", str(interrupted))

    def interrupts(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(installing.shutil, "copytree", interrupts)
    with pytest.raises(KeyboardInterrupt):
        installing._put_in_place(tmp_path, "oso", "2031.1")
    assert not interrupted.parent.exists()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def other_release(folder: Path) -> Path:
    """A folder that can stand in for a release that was made."""
    folder.mkdir()
    (folder / "release.toml").write_text(f'id = "{samples.ID}"\ntitle = "nieuwer"\n', "utf-8")
    return folder


KILL = """
import os, shutil, sys
from pathlib import Path
from oso_bridge.bundles import installing
name, number, after = sys.argv[2], int(sys.argv[3]), sys.argv[4] == "True"
owner = os if name == "rename" else shutil
real, steps = getattr(owner, name), iter(range(1, 99))
def dies(*arguments, **settings):
    last = next(steps) == number
    if last and not after:
        os._exit(9)
    real(*arguments, **settings)
    if last:
        os._exit(9)
setattr(owner, name, dies)
if sys.argv[1] == "remove":
    installing.remove_release("oso/2031.1")
else:
    installing._put_in_place(Path(sys.argv[1]), "oso", "2031.1")
"""


def killed(what: str, name: str, number: int, after: bool) -> None:
    """A process that is gone, without a word, before or after one of its steps."""
    command = [sys.executable, "-c", KILL, what, name, str(number), str(after)]
    assert subprocess.run(command, cwd=samples.CHECKOUT, check=False).returncode == 9


def titles() -> list[str]:
    """What stands installed under the id, as a program that starts now finds it."""
    releases.forget()
    return [item.title() for item in releases.installed() if item.id == samples.ID]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("name", "number"), [("copytree", 1), ("rename", 1), ("rename", 2), ("rmtree", 1)])
def test_a_program_that_is_killed_leaves_the_old_release_or_the_new_one(
    added: oso.AddedRelease, user_data: Path, tmp_path: Path, name: str, number: int, after: bool
) -> None:
    old, made = contents(added.release.folder), other_release(tmp_path / "nieuw")
    killed(str(made), name, number, after)
    is_new = (name, number, after) in {("rename", 2, True), ("rmtree", 1, False), ("rmtree", 1, True)}
    assert titles() == (["nieuwer"] if is_new else [added.release.title()])
    assert contents(added.release.folder) == (contents(made) if is_new else old)
    # an hour later nothing of it is left but the release that is added then
    for folder in user_data.glob(".nieuw-*"):
        os.utime(folder, (1, 1))
    installing._put_in_place(made, "oso", "2031.1")
    assert titles() == ["nieuwer"]
    assert [path.name for path in user_data.iterdir()] == ["schemas"]


def test_what_another_program_is_adding_is_left_alone(user_data: Path, tmp_path: Path) -> None:
    busy = user_data / ".nieuw-bezig"
    busy.mkdir(parents=True)
    installing._put_in_place(other_release(tmp_path / "nieuw"), "oso", "2031.1")
    assert busy.exists()


def test_a_replacement_during_which_another_program_puts_the_old_one_back(
    added: oso.AddedRelease, user_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, seen = os.rename, []

    def watched(source: Path, target: Path) -> None:
        real(source, target)
        if Path(target).name.startswith(releases.ASIDE) and len(seen) < 2:
            seen.append(target)
            releases.put_back()

    monkeypatch.setattr(os, "rename", watched)
    installing._put_in_place(other_release(tmp_path / "nieuw"), "oso", "2031.1")
    assert len(seen) == 2
    assert titles() == ["nieuwer"]
    assert [path.name for path in user_data.iterdir()] == ["schemas"]


def test_what_was_replaced_does_not_come_back_when_its_successor_is_removed(
    added: oso.AddedRelease, user_data: Path, tmp_path: Path
) -> None:
    killed(str(shutil.copytree(added.release.folder, tmp_path / "nieuw")), "rename", 2, True)
    assert titles() == [added.release.title()]
    assert list(user_data.glob(f"{releases.ASIDE}*"))
    oso.remove_release(samples.ID)
    assert titles() == []
    assert not list(user_data.glob(f"{releases.ASIDE}*"))


def test_a_program_that_is_killed_while_removing(added: oso.AddedRelease, user_data: Path, tmp_path: Path) -> None:
    killed("remove", "rename", 1, False)
    assert titles() == [added.release.title()]
    killed("remove", "rename", 1, True)
    assert titles() == []


# --- reading and writing ---


def test_new_elements_travel_in_extra(added: oso.AddedRelease) -> None:
    document = oso.read(samples.with_new())
    assert (document.release.id, document.schema_ok) == (samples.ID, True)
    dossier = document.dossier()
    assert dossier.leerling is not None
    assert dossier.leerling.roepnaam == "Jil"
    written = oso.write(dossier, release=samples.ID)
    for part in (b"<voorkeursnaam>Jilletje</voorkeursnaam>", b'<brugklastype duur="2">dakpan</brugklastype>'):
        assert written.count(part) == 1
    assert oso.read(written).record == document.record
    assert oso.write(document) == written


def test_a_dossier_of_before_is_written_with_the_versions_of_the_bundle(added: oso.AddedRelease) -> None:
    dossier = oso.read(samples.CHECKOUT / "examples" / "popo.xml").dossier()
    written = oso.write(dossier, release=samples.ID, losses="allow")
    assert b"<standaardversie>2031.1</standaardversie>" in written
    assert b"<validatieversie>2031.1.1</validatieversie>" in written


def test_what_the_release_dropped_is_a_loss(added: oso.AddedRelease) -> None:
    dossier = oso.read(samples.CHECKOUT / "examples" / "povo.xml").dossier()
    assert "rapport.advies.aandachtspunten" in {loss.path for loss in oso.losses(dossier, release=samples.ID)}


def test_places_are_told_in_the_words_of_the_model(added: oso.AddedRelease) -> None:
    report = oso.check(samples.with_new(('duur="2"', 'duur="twee"')))
    assert found(report)[0] == ("XSD.type.brugklastype", "schema", "leerling.brugklastype")


# --- checking ---


def test_a_good_dossier(added: oso.AddedRelease) -> None:
    report = oso.check(samples.with_new())
    assert (report.ok, report.findings) == (True, ())
    assert report.profile == {"overdrachtsoort": "overstapdossier", "overstap": "POVO"}


def test_the_new_rule_and_the_new_code(added: oso.AddedRelease) -> None:
    new_code = oso.check(samples.with_new((">post<", ">campus<")))
    assert new_code.ok
    report = oso.check(samples.with_new((' duur="2"', ""), (">post<", ">maan<")))
    assert found(report) == [
        ("CL.19.soortadres", "codes", "school.adressen[2].soort"),
        ("OVa.LL77", "rules", "leerling"),
    ]
    assert states(report)["codes"] == states(report)["rules"] == "failed"
    code, rule = report.findings
    assert (rule.official, rule.official_id, rule.severity) == (True, "OVa.LL77", oso.Severity.ERROR)
    assert rule.xpath == "/dossier[1]/huidigeschool[1]/leerling[1]"
    assert code.text("nl").endswith("Waarde … staat niet in codelijst 19.")


def test_a_message_without_an_id_has_a_stable_one(added: oso.AddedRelease) -> None:
    bad = samples.with_new(("<roepnaam>Jil<", "<roepnaam>Zonder<"))
    (first,), (second,) = oso.check(bad).findings, oso.check(oso.read(bad)).findings
    assert first.rule == second.rule
    assert first.rule.startswith("XSL.")
    assert first.official_id is None


def test_no_value_is_told_unless_asked(added: oso.AddedRelease) -> None:
    bad = samples.with_new(("<roepnaam>Jil<", "<roepnaam>Zonder<"), (">post<", ">kanarie<"))
    silent = json.dumps(oso.check(bad).to_dict())
    assert "Zonder" not in silent
    assert "kanarie" not in silent
    asked = [finding.value for finding in oso.check(bad, show_values=True).findings]
    assert asked == ["Waarde kanarie staat niet in codelijst 19.", "De roepnaam Zonder mag niet worden gebruikt."]


def test_the_stylesheet_of_the_check_that_the_document_is_for(added: oso.AddedRelease) -> None:
    assert found(oso.check(samples.document(name="poswv.xml"), layers=["rules"])) == []
    forced = oso.check(samples.document(), validator="PaO", layers=["rules"])
    assert found(forced) == [("PaO.LL01", "rules", "leerling")]


def test_a_layer_without_messages_did_not_run(added: oso.AddedRelease) -> None:
    report = oso.check(samples.document(name="poswv.xml"))
    assert (states(report)["codes"], states(report)["rules"]) == ("not_run", "passed")
    assert report.exit_code == 3


def test_without_the_extra_both_layers_say_how_to_get_it(added: oso.AddedRelease, no_engine: None) -> None:
    report = oso.check(samples.with_new())
    assert (report.ok, report.exit_code, report.findings) == (False, 3, ())
    for layer in (report.layer("codes"), report.layer("rules")):
        assert layer.state == "not_run"
        assert "pip install 'oso-bridge[xslt]'" in str(layer.remedy("nl"))
    assert states(report)["schema"] == "passed"


def test_without_the_extra_reading_and_writing_work(user_data: Path, zipped: Path, no_engine: None) -> None:
    added = oso.add_release(zipped)
    assert "oso-bridge[xslt]" in added.notes[0]
    document = oso.read(samples.with_new())
    with pytest.warns(oso.NotChecked, match="codes and rules"):
        written = oso.write(document.dossier(), release=samples.ID)
    assert written == oso.write(document)
    wrong = document.dossier()
    wrong.school = None
    with pytest.raises(oso.WriteRefused):
        oso.write(wrong, release=samples.ID)


@pytest.mark.parametrize("engine", [True, False])
def test_conversion_from_and_to_what_was_added(
    added: oso.AddedRelease, engine: bool, request: pytest.FixtureRequest
) -> None:
    if not engine:
        request.getfixturevalue("no_engine")
    source = oso.read(samples.with_new())
    older = oso.convert(source, to="oso/2019.1")
    assert older.report.ok
    assert older.losses
    assert {loss.kind for loss in older.losses} == {"geen-plaats"}
    newer = oso.convert(older.xml, to=samples.ID)
    assert newer.losses == []
    assert newer.report.layer("schema").state == "passed"
    assert newer.document.dossier().leerling == older.document.dossier().leerling
    example = oso.convert(samples.CHECKOUT / "examples" / "povo.xml", to=samples.ID)
    assert {loss.kind for loss in example.losses} <= {"geen-plaats"}


def test_where_stylesheets_cannot_be_contained(added: oso.AddedRelease, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "can_contain", lambda: False)
    assert oso.check(samples.with_new()).layer("rules").state == "not_run"
    monkeypatch.setenv(running.TRUST, "1")
    assert oso.check(samples.with_new()).ok


def test_a_stylesheet_that_was_changed_is_not_run(added: oso.AddedRelease) -> None:
    sheet = added.release.folder / "stylesheets" / "1-OV.xsl"
    sheet.write_text(sheet.read_text("utf-8") + "<!-- erbij -->", "utf-8")
    report = oso.check(samples.with_new())
    assert report.layer("rules").state == "not_run"
    assert "--replace" in str(report.layer("rules").remedy("en"))


def test_a_stylesheet_that_stops_is_unclear_and_what_it_said_counts(user_data: Path, tmp_path: Path) -> None:
    body = """<xsl:template match="/"><xsl:message>Dit gaat mis. Zie codelijst 3.</xsl:message>
      <xsl:message terminate="yes">En hier houdt het op.</xsl:message></xsl:template>"""
    oso.add_release(samples.folder_of(tmp_path / "map", samples.with_stylesheet(body), {}), id=samples.ID)
    report = oso.check(samples.document())
    assert (states(report)["codes"], states(report)["rules"]) == ("unclear", "unclear")
    assert [finding.layer for finding in report.findings] == ["codes", "rules"]
    assert report.exit_code == 1


def test_explaining_a_message_of_a_bundle(added: oso.AddedRelease) -> None:
    (told,) = oso.explain("OVa.LL77")
    assert (told["release"], told["layer"]) == (samples.ID, "rules")
    assert "ontbreekt de duur" in told["text"]["nl"]


# --- the table ---


def test_a_place_that_came_to_repeat_goes_to_extra(user_data: Path, tmp_path: Path) -> None:
    text = samples.xsd()
    old, new = '<xs:element name="herzienadvies"', '<xs:element maxOccurs="2" name="herzienadvies"'
    assert text.count(old) == 1
    file = tmp_path / "dossier.xsd"
    file.write_text(text.replace(old, new), "utf-8")
    added = oso.add_release(file)
    place = "dossier/huidigeschool/leerling/overstapadvies/herzienadvies"
    assert [(item.path, item.what, item.after) for item in added.differences.changed] == [(place, "many", "true")]
    assert added.dropped == (place,)
    assert place in added.unbound
    assert binding.table(added.release).paths["dossier/huidigeschool/leerling/roepnaam"] == "leerling.roepnaam"


MENTOR = "dossier/huidigeschool/leerling/mentor"


@pytest.fixture
def with_mentor(tmp_path: Path) -> Path:
    """A schema with a new block that repeats and holds a name that the model has as well."""
    block = """<xs:element name="mentor" minOccurs="0" maxOccurs="2"><xs:complexType><xs:sequence>
      <xs:element name="achternaam" type="xs:string"/></xs:sequence></xs:complexType></xs:element>"""
    mark, file = '<xs:element name="voorkeursnaam"', tmp_path / "dossier.xsd"
    file.write_text(samples.xsd().replace(mark, block + mark), "utf-8")
    return file


def mentor() -> bytes:
    mark = "<voorkeursnaam>"
    return samples.with_new((mark, f"<mentor><achternaam>Bos</achternaam></mentor>{mark}"))


def test_a_new_block_never_fills_the_fields_of_another(user_data: Path, with_mentor: Path) -> None:
    added = oso.add_release(with_mentor)
    assert bool(added.table) is not (MENTOR in added.unbound)
    document = oso.read(mentor())
    assert document.schema_ok
    assert oso.write(document).count(b"<achternaam>Bos</achternaam>") == 1
    if not added.table:
        assert oso.read(oso.write(document.dossier(), release=added.release.id, check=False)).record == document.record


def test_without_a_table_all_that_needs_none_works(
    user_data: Path, with_mentor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*arguments: object) -> None:
        raise oso.DataError("Het past niet.", where=MENTOR)

    monkeypatch.setattr(tabling.tables, "compile_table", refuses)
    added = oso.add_release(with_mentor)
    assert (added.table, added.unbound) == ("Het past niet.", ())
    assert not (added.release.folder / "table.toml").exists()
    document = oso.read(mentor())
    assert b"<mentor>" in oso.write(document)
    assert oso.check(document).layer("schema").state == "passed"
    with pytest.raises(oso.DataError, match=r"no table\.toml"):
        document.dossier()


def test_nothing_of_the_temporary_release_is_kept(added: oso.AddedRelease) -> None:
    assert [item.folder for item in releases.installed() if item.id == samples.ID] == [added.release.folder]
    assert binding.table(added.release).unbound == list(NEW)


def test_every_reason_has_a_text() -> None:
    from oso_bridge import catalog

    constants = {name: value for name, value in vars(outcome).items() if name.isupper() and name[0] != "_"}
    reasons = [value for name, value in constants.items() if name not in ("OWN", "GAP")]
    assert len([catalog.message("LAAG", reason) for reason in reasons]) == len(reasons) > 5


# --- which stylesheets are run ---

NEVER = "<xsl:if test='//nooit'><!-- OG.01 --><xsl:message>Dit komt nooit voor.</xsl:message></xsl:if>"
ALWAYS = "<!-- OG.02 --><xsl:message>Dit komt altijd voor.</xsl:message>"


def with_sheets(folder: Path, **bodies: str) -> Path:
    """A bundle with these stylesheets; ``OV_a`` is ``OV/a.xsl``."""
    content = samples.with_stylesheet("")
    content.popitem()
    for name, body in bodies.items():
        text = f'<xsl:stylesheet xmlns:xsl="{samples.XSL}" version="2.0">{body}</xsl:stylesheet>'
        content[f"OSO 2031.1/{name.replace('_', '/')}.xsl"] = text.encode()
    return samples.folder_of(folder, content, {})


def starting(content: str) -> str:
    return f'<xsl:template match="/">{content}</xsl:template>'


def told(**settings: Any) -> list[str]:
    return [finding.rule for finding in oso.check(samples.document(), layers=["rules"], **settings).findings]


def test_a_stylesheet_that_reads_itself_is_run(user_data: Path, tmp_path: Path) -> None:
    itself = starting("<xsl:if test=\"not(document('')/*/lijst)\">" + ALWAYS + "</xsl:if>")
    oso.add_release(with_sheets(tmp_path / "map", OV_a=starting(NEVER), OV_b=itself), id=samples.ID)
    assert told() == ["OG.02"]


def test_stylesheets_that_read_each_other_are_both_run(user_data: Path, tmp_path: Path) -> None:
    first = starting("<xsl:if test=\"document('b.xsl')\">" + ALWAYS + "</xsl:if>")
    second = starting("<xsl:if test=\"document('a.xsl')\">" + ALWAYS.replace("02", "03") + "</xsl:if>")
    oso.add_release(with_sheets(tmp_path / "map", OV_a=first, OV_b=second), id=samples.ID)
    assert sorted(told()) == ["OG.02", "OG.03"]


def test_a_stylesheet_that_that_of_another_check_includes_is_run_for_its_own(user_data: Path, tmp_path: Path) -> None:
    around = '<xsl:include href="../OV/a.xsl"/>' + starting(NEVER).replace('match="/"', 'match="x"')
    added = oso.add_release(with_sheets(tmp_path / "map", OV_a=starting(ALWAYS), PaO_a=around), id=samples.ID)
    assert set(added.messages) == {"OV", "PaO"}
    assert told(validator="OV") == told(validator="PaO") == ["OG.02"]


@pytest.mark.parametrize("name", ["OV_deel", "common_deel"])
def test_what_is_only_a_part_is_not_run_by_itself(user_data: Path, tmp_path: Path, name: str) -> None:
    part = f'<xsl:template name="deel">{ALWAYS}</xsl:template>'
    include = f'<xsl:include href="../{name.replace("_", "/")}.xsl"/>'
    main = include + starting('<xsl:call-template name="deel"/>')
    added = oso.add_release(with_sheets(tmp_path / "map", PaO_a=main, **{name: part}), id=samples.ID)
    assert (set(added.messages), told(validator="PaO")) == ({"PaO"}, ["OG.02"])
    assert oso.check(samples.document(), validator="OV").layer("rules").state == "not_run"


def test_a_message_that_cannot_be_traced_is_unclear_and_said_on_adding(user_data: Path, tmp_path: Path) -> None:
    body = starting(
        '<xsl:variable name="v"><fout id="OG.01">Er is iets mis.</fout></xsl:variable>'
        '<p><xsl:value-of select="count($v/fout)"/></p>'
    )
    added = oso.add_release(with_sheets(tmp_path / "map", OV_a=body), id=samples.ID)
    assert "first puts 1 of its messages aside" in added.notes[0]
    layer = oso.check(samples.document()).layer("rules")
    assert layer.state == "unclear"
    assert "not found back" in str(layer.why("en"))
    with pytest.raises(oso.WriteRefused):
        oso.write(oso.read(samples.document()).dossier(), release=samples.ID)


def test_what_does_not_compile_is_told_without_addresses_of_this_machine(user_data: Path, tmp_path: Path) -> None:
    added = oso.add_release(
        with_sheets(tmp_path / "map", OV_a=starting(ALWAYS + "<xsl:copy-of select='1 +'/>")), id=samples.ID
    )
    assert [note.partition(" (")[0] for note in added.notes] == [
        "OSO 2031.1/OV/a.xsl cannot be run: it does not compile"
    ]
    assert "file:" not in added.notes[0]
    assert "oso-bridge-" not in added.notes[0]
