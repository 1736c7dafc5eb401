"""``oso-bridge release``: the same from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import oso_bridge as oso

from . import samples


def test_one_command_adds_a_bundle(run: Any, user_data: Path, zipped: Path, tmp_path: Path) -> None:
    document = tmp_path / "dossier.xml"
    document.write_bytes(samples.with_new())
    before = run("check", document)
    assert before.code == 3
    assert "oso-bridge release add PAKKET.zip" in " ".join(before.out.split())
    added = run("release", "add", zipped)
    assert (added.code, added.err) == (0, "")
    assert f"Toegevoegd: {samples.ID} in {user_data}" in added.out
    for line in (
        "  nieuw: 2",
        "    dossier/huidigeschool/leerling/voorkeursnaam",
        "  vervallen: 1",
        "  zonder veld in het model (reist mee in extra): 2",
        "Meldingen in de stylesheets, per controle: OV 4, PaO 1",
        "    De roepnaam … mag niet worden gebruikt.",
        "Voorbeelden in het pakket: 2, waarvan 2 goed volgens het schema",
    ):
        assert line in added.out.splitlines()
    assert run("check", document).code == 0
    assert "Jilletje" in run("show", document).out or run("show", document).code == 0
    written = tmp_path / "uit.json"
    assert run("read", "--json", "--output", written, document).code == 0
    assert run("write", written, "--release", samples.ID, "--output", tmp_path / "uit.xml").code == 0
    assert oso.read(tmp_path / "uit.xml").record == oso.read(document).record


def test_in_english_and_as_json(run: Any, user_data: Path, zipped: Path) -> None:
    told = json.loads(run("release", "add", zipped, "--json").out)
    assert (told["release"], told["messages"]) == (samples.ID, {"OV": 4, "PaO": 1})
    english = run("release", "add", zipped, "--replace", "--lang", "en", "--id", samples.ID, "--from", "2019.1")
    assert f"Added: {samples.ID}" in english.out
    assert "Messages in the stylesheets, by check: OV 4, PaO 1" in english.out


def test_a_refused_bundle_is_one_line_and_wrong_use(run: Any, user_data: Path, tmp_path: Path) -> None:
    bad = tmp_path / "slecht.zip"
    bad.write_bytes(samples.zipped(links={"OSO 2031.1/OV/common": "/etc"}))
    refused = run("release", "add", bad)
    assert (refused.code, refused.out, len(refused.err.splitlines())) == (2, "", 1)
    assert "leads out of it" in refused.err
    assert not user_data.parent.exists()


def test_a_name_in_a_bundle_does_not_steer_the_terminal(run: Any, user_data: Path, tmp_path: Path) -> None:
    body = '<xsl:template match="/"><xsl:message>Rood \x9b31m woord in codelijst 1.</xsl:message></xsl:template>'
    folder = samples.folder_of(tmp_path / "map", samples.with_stylesheet(body), {})
    assert run("release", "add", folder, "--id", samples.ID).code == 0
    assert "\x9b" not in run("release", "show", samples.ID).out


def test_list_and_its_old_name(run: Any, added: oso.AddedRelease) -> None:
    listed = run("release", "list")
    assert listed.out == run("releases").out
    assert [line for line in listed.out.splitlines() if line.startswith(samples.ID)]
    assert json.loads(run("release", "list", "--unbound", "--json").out)[samples.ID] == list(added.unbound)


def test_show(run: Any, added: oso.AddedRelease) -> None:
    told = json.loads(run("release", "show", samples.ID, "--json").out)
    assert (told["nearest"], told["bundle"]["name"]) == ("oso/2019.1", "bundel.zip")
    assert [sheet["check"] for sheet in told["stylesheets"]] == ["OV", "PaO"]
    known = [(item["id"], item["layer"], item["level"]) for item in told["messages"]]
    assert ("OVa.LL77", "rules", "error") in known
    plain = run("release", "show", "2019.1", "--lang", "en")
    assert plain.out.splitlines()[0] == "oso/2019.1  OSO data set 2019.1"
    assert run("release", "show", "oso/1900.1").code == 2


def test_diff(run: Any, added: oso.AddedRelease) -> None:
    told = run("release", "diff", "oso/2019.1", samples.ID)
    assert "    dossier/huidigeschool/leerling/brugklastype" in told.out.splitlines()
    assert told.out.splitlines()[-1] == "De codelijsten van een van de twee zijn hier niet bekend."
    assert run("release", "diff", "2019.1", "2019.1", "--lang", "en").out == "No difference.\n"
    assert json.loads(run("release", "diff", "2016.1", "2019.1", "--json").out)["codes"]


def test_remove(run: Any, added: oso.AddedRelease) -> None:
    assert run("release", "remove", "2031.1").out == f"Verwijderd: {samples.ID}\n"
    assert samples.ID not in run("release", "list").out
    for name in (samples.ID, "oso/2019.1"):
        assert run("release", "remove", name).code == 2


def test_an_override_of_a_message_of_a_bundle_matches(run: Any, added: oso.AddedRelease, tmp_path: Path) -> None:
    document, overrides = tmp_path / "d.xml", tmp_path / "o.toml"
    document.write_bytes(samples.with_new((' duur="2"', "")))
    overrides.write_text('[[override]]\nrule = "OVa.LL77"\nseverity = "suppress"\nreason = "Proef."\n', "utf-8")
    checked = run("check", "--overrides", overrides, document)
    assert (checked.code, checked.err) == (0, "")


def test_help(run: Any) -> None:
    told = run("release", "--help")
    assert told.code == 0
    for name in ("add", "list", "show", "diff", "remove"):
        assert f"  {name} " in told.out
        assert run("release", name, "--help").code == 0
