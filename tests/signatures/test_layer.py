"""The layer ``signature`` of a report, and the commands ``sign`` and ``check --trust``."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import document
from oso_bridge.fiction.make import make
from oso_bridge.pki import Authority, pem
from oso_bridge.signatures import engine, sign, verify

from .samples import Party

DOSSIER = make("oso/2019.1", "POVO", 1)


@pytest.fixture(scope="module")
def signed(party: Party) -> bytes:
    return sign(DOSSIER, party.identity)


def states(report: oso.Report) -> dict[str, str]:
    return {layer.name: layer.state.value for layer in report.layers}


def test_a_signed_dossier(party: Party, signed: bytes) -> None:
    report = oso.check(signed, trust=party.trust)
    assert (report.ok, report.findings, report.exit_code) == (True, (), 0)
    assert list(states(report)) == ["wellformed", "signature", "schema", "codes", "rules", "integrity"]
    assert report.layer("signature").required
    assert report.digest == oso.read(signed).digest  # of the source, not of what was signed


def test_a_document_that_nobody_asked_a_signature_of() -> None:
    assert "signature" not in states(oso.check(DOSSIER))


def test_the_lines_are_those_of_the_source(party: Party) -> None:
    spoiled = DOSSIER.replace(b"<achternaam>", b"<!-- a\n\n -->\n<achternaam>", 1).replace(b"POVO", b"XXXX")
    spoiled = b"<!-- \n\n\n -->" + spoiled.partition(b"?>")[2]
    found = sign(spoiled, party.identity)
    plain, report = oso.check(verify(found, party.trust).xml), oso.check(found, trust=party.trust)
    assert not plain.ok
    assert [(item.rule, item.path) for item in report.findings] == [(item.rule, item.path) for item in plain.findings]
    lines = found.decode().splitlines()
    for item in report.findings:
        if item.xpath != "/[1]":
            assert item.line
            assert item.xpath is not None
            assert item.xpath.rpartition("/")[2].partition("[")[0] in lines[item.line - 1]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ((b"<achternaam>", b"<achternaam>X"), "SIG.gewijzigd"),
        ((b"</ds:Signature>", b"<ds:Object/></ds:Signature>"), "SIG.vorm"),
        ((b"ecdsa-sha256", b"ecdsa-sha1"), "SIG.algoritme"),
    ],
)
def test_what_is_not_certain_is_not_looked_at(
    party: Party, signed: bytes, change: tuple[bytes, bytes], rule: str
) -> None:
    report = oso.check(signed.replace(*change), trust=party.trust)
    assert [item.rule for item in report.findings] == [rule]
    assert (report.exit_code, report.layer("signature").state) == (1, oso.State.FAILED)
    assert {name for name, state in states(report).items() if state == "not_run"} == {
        "schema", "codes", "rules", "integrity",
    }  # fmt: skip
    assert report.findings[0].line
    assert "Handtekening" in str(report.layer("schema").remedy("nl"))


def test_a_document_without_signature_is_looked_at_and_fails(party: Party) -> None:
    report = oso.check(DOSSIER, trust=party.trust)
    assert [item.rule for item in report.findings] == ["SIG.geen"]
    assert states(report)["rules"] == "passed"
    assert not report.ok


def test_a_stranger(stranger: Party, signed: bytes) -> None:
    (found,) = oso.check(signed, trust=stranger.trust).findings
    assert found.rule == "SIG.ondertekenaar"
    for language in ("nl", "en"):
        assert "{" not in found.text(language)
        assert len(found.text(language)) > 40
    assert found.text("nl") != found.text("en")


def test_a_signature_that_nobody_asked_after(signed: bytes) -> None:
    report = oso.check(signed)
    assert states(report)["signature"] == "not_run"
    assert not report.layer("signature").required
    assert "trust=" in str(report.layer("signature").remedy("nl"))
    assert not report.ok  # no schema of OSO has a place for a signature


def test_a_layer_that_was_asked_for_has_to_run(signed: bytes) -> None:
    report = oso.check(signed, layers=["signature"])
    assert report.layer("signature").required
    assert (report.ok, report.exit_code) == (False, 3)


def test_without_the_extra(party: Party, signed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "installed", lambda: False)
    report = oso.check(signed, trust=party.trust)
    assert states(report)["signature"] == "not_run"
    assert "oso-bridge[sign]" in str(report.layer("signature").remedy("en"))
    assert report.exit_code != 0


def test_only_that_layer(party: Party, signed: bytes) -> None:
    report = oso.check(signed, layers=["signature"], trust=party.trust)
    assert states(report)["signature"] == "passed"
    assert states(report)["schema"] == "not_run"


def test_what_cannot_be_read(party: Party) -> None:
    for broken in (b"<a>", b"<!DOCTYPE a><a/>", b"<a>" * 80 + b"</a>" * 80):
        report = oso.check(broken, trust=party.trust)
        assert states(report)["wellformed"] == "failed"
        assert states(report)["signature"] == "not_run"
        assert len(report.findings) == 1


def test_another_format(party: Party) -> None:
    report = oso.check(sign(b"<iets/>", party.identity), trust=party.trust)
    assert (states(report)["signature"], states(report)["schema"]) == ("passed", "failed")
    assert [layer.name for layer in report.layers].count("wellformed") == 1


def test_a_document_that_was_read(party: Party, signed: bytes) -> None:
    with pytest.raises(oso.UsageError, match="before a document is read"):
        oso.check(oso.read(signed), trust=party.trust)


def test_a_large_document_is_checked_as_a_whole(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    content = Path("examples/edex.xml").read_bytes()
    found = sign(content, party.identity)
    monkeypatch.setattr(document, "LARGE", 1)
    assert states(oso.check(found))["signature"] == "not_run"
    report = oso.check(found, trust=party.trust)
    assert (report.ok, states(report)["signature"]) == (True, "passed")
    assert [item.rule for item in oso.check(content, trust=party.trust).findings] == ["SIG.geen"]
    with pytest.raises(oso.UsageError, match="read whole"):
        oso.check(found, trust=party.trust, stream=True)


def test_several_documents_in_several_processes(party: Party, signed: bytes) -> None:
    bad = signed.replace(b"<achternaam>", b"<achternaam>X")
    found = oso.check_many([signed, bad, DOSSIER], workers=2, trust=party.trust)
    assert [[item.rule for item in report.findings] for report in found] == [[], ["SIG.gewijzigd"], ["SIG.geen"]]


def test_trust_goes_to_another_process(party: Party) -> None:
    copied = pickle.loads(pickle.dumps(party.trust))  # noqa: S301
    assert (copied.roots, copied.crls, copied.chain, copied.test) == (
        party.trust.roots, party.trust.crls, party.trust.chain, party.trust.test,
    )  # fmt: skip
    assert copied.verify([_der(party)], "signing").oin == party.oin
    assert pickle.loads(pickle.dumps(party.trusting(crls=None))).crls is None  # noqa: S301


def _der(party: Party) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return party.identity.certificate.public_bytes(Encoding.DER)


def test_every_form_of_a_report_has_the_layer(party: Party, signed: bytes, tmp_path: Path) -> None:
    report = oso.check(signed.replace(b"<achternaam>", b"<achternaam>X"), trust=party.trust)
    for suffix in ("json", "sarif", "xml", "html", "txt"):
        report.save(tmp_path / f"uit.{suffix}")
        assert "SIG.gewijzigd" in (tmp_path / f"uit.{suffix}").read_text("utf-8")
    assert "Handtekening" in (tmp_path / "uit.txt").read_text("utf-8")


def test_the_rules_are_explained() -> None:
    (found,) = oso.explain("SIG.gewijzigd")
    assert (found["layer"], found["severity"]) == ("signature", "error")
    assert oso.explain("WUS.action")[0]["text"]["nl"].startswith("Action")


# --- the command line -------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, authority: Authority) -> Path:
    (tmp_path / "dossier.xml").write_bytes(DOSSIER)
    (tmp_path / "ik.pem").write_bytes(authority.issue("signing", name="bron").pem())
    (tmp_path / "root.pem").write_bytes(pem(authority.root))
    (tmp_path / "crls.pem").write_bytes(b"".join(authority.crls()))
    return tmp_path


def test_sign_and_check(run: Any, folder: Path, party: Party) -> None:
    out = folder / "getekend.xml"
    assert run("sign", folder / "dossier.xml", "--identity", folder / "ik.pem", "-o", out) == (0, "", "")
    trusted = ["--trust", folder / "root.pem", "--signer", party.oin, "--test-oins"]
    done = run("check", out, *trusted, "--crls", folder / "crls.pem")
    assert (done.code, done.err) == (0, "")
    assert "Handtekening" in done.out
    done = run("check", out, *trusted, "--format", "json")
    assert "Revocation" in done.err
    assert json.loads(done.out)["ok"]
    assert run("check", folder / "dossier.xml", *trusted).code == 1
    assert run("check", out, "--layers", "signature").code == 3


def test_sign_to_standard_output(run: Any, folder: Path, party: Party) -> None:
    done = run("sign", "-", "--identity", folder / "ik.pem", stdin=DOSSIER)
    assert verify(done.out.encode(), party.trust).peer.oin == party.oin


def test_wrong_use(run: Any, folder: Path, party: Party) -> None:
    dossier, root = folder / "dossier.xml", folder / "root.pem"
    for arguments, told in (
        (("sign", dossier, "--identity", folder / "weg.pem"), "not there"),
        (("sign", dossier, "--identity", folder / "ik.pem", "-o", dossier), "overwrite"),
        (("check", dossier, "--trust", root), "--signer"),
        (("check", dossier, "--signer", party.oin), "--trust"),
        (("check", dossier, "--trust", root, "--signer", "7"), "OIN"),
        (("check", dossier, "--trust", folder / "crls.pem", "--signer", party.oin), "certificate"),
    ):
        done = run(*arguments)
        assert (done.code, done.out) == (2, "")
        assert told in done.err
    assert dossier.read_bytes() == DOSSIER


def test_a_journal_knows_whose_signature_was_asked(run: Any, folder: Path, party: Party) -> None:
    out, journal = folder / "getekend.xml", folder / "journaal"
    run("sign", folder / "dossier.xml", "--identity", folder / "ik.pem", "-o", out)
    trusted = ["--trust", folder / "root.pem", "--signer", party.oin, "--test-oins", "--summary", "--journal", journal]
    assert run("check", out, *trusted).code == 0
    assert run("check", out, *trusted, "--resume").code == 0
    other = [*trusted[:2], "--signer", "00000099123456789000", *trusted[4:]]
    assert run("check", out, *other, "--resume").code != 0
