"""``oso-bridge pki``: test certificates that work, and what a file holds without its secrets."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

import oso_bridge as oso
from oso_bridge.errors import UsageError
from oso_bridge.pki import Authority, fictional_oin, pem

from .samples import DAY, NOW, PERSON, SECRET, call, serving


def test_what_it_makes_works(run: Any, tmp_path: Path) -> None:
    folder = tmp_path / "pki"
    made = run("pki", "new", folder, "--name", "bron", "--name", "doel", "--host", "localhost")
    assert (made.code, made.err) == (0, "")
    assert fictional_oin("bron") in made.out
    roots, crls = folder / "root.pem", folder / "crls.pem"
    trust = oso.Trust(roots=roots, crls=crls, allowed_oins={fictional_oin("bron")}, test=True)
    server = oso.Identity(folder / "doel-server.pem", roots=roots, crls=crls, purpose="server", trust=trust)
    client = oso.Identity(folder / "bron-client.pem", roots=roots, crls=crls)
    oso.Identity(folder / "bron-signing.pem", roots=roots, crls=crls, purpose="signing")
    with serving(server.server_context()) as (address, met):
        call(address, client.client_context())
    assert [peer.oin for peer in met] == [fictional_oin("bron")]


def test_files(run: Any, tmp_path: Path) -> None:
    run("pki", "new", tmp_path / "pki")
    rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "pki").iterdir()}
    assert {name for name, mode in rights.items() if mode == 0o600} == {
        "bron-client.pem",
        "bron-server.pem",
        "bron-signing.pem",
    }
    assert set(rights) - {name for name, mode in rights.items() if mode == 0o600} == {
        "root.pem",
        "chain.pem",
        "crls.pem",
    }
    for path in (tmp_path / "pki").iterdir():
        assert "TEST" in path.read_text("ascii").splitlines()[0]
    for certificate in x509.load_pem_x509_certificates((tmp_path / "pki" / "chain.pem").read_bytes()):
        assert "TEST" in certificate.subject.rfc4514_string()


def test_nothing_is_overwritten(run: Any, tmp_path: Path) -> None:
    (tmp_path / "crls.pem").write_text("van mij", "ascii")
    done = run("pki", "new", tmp_path)
    assert done.code == 2
    assert "nothing was written" in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["crls.pem"]
    assert (tmp_path / "crls.pem").read_text("ascii") == "van mij"


@pytest.mark.parametrize(
    "wrong",
    [
        ["--name", "../weg"],
        ["--name", "a b"],
        ["--name", "een", "--name", "een"],
        ["--oin", "0000000700000YY00931"],
        ["--oin", "00000099"],
        ["--oin", "00000099123456789000", "--oin", "00000099123456788000"],
        ["--days", "0"],
    ],
)
def test_wrong_use(run: Any, tmp_path: Path, wrong: list[str]) -> None:
    assert run("pki", "new", tmp_path / "pki", *wrong).code == 2
    assert not (tmp_path / "pki").exists()


def test_rsa_oin_and_pkcs12(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSO_TEST_PASSWORD", SECRET)
    number = "00000099123456789000"
    made = run("pki", "new", tmp_path, "--rsa", "--oin", number, "--password-env", "OSO_TEST_PASSWORD", "--lang", "en")
    assert made.code == 0
    assert SECRET not in made.out + made.err
    identity = oso.Identity(tmp_path / "bron-client.p12", password=SECRET, roots=tmp_path / "root.pem")
    assert (identity.oin, identity.key.key_size) == (number, 3072)
    shown = run("pki", "show", tmp_path / "bron-client.p12", "--password-env", "OSO_TEST_PASSWORD", "--lang", "en")
    assert "Private key: belongs to this certificate" in shown.out
    assert SECRET not in shown.out + shown.err
    monkeypatch.setenv("OSO_TEST_PASSWORD", "anders")
    wrong = run("pki", "show", tmp_path / "bron-client.p12", "--password-env", "OSO_TEST_PASSWORD")
    assert (wrong.code, wrong.out) == (2, "")
    assert "password" in wrong.err


def test_show(run: Any, authority: Authority, tmp_path: Path) -> None:
    issued = authority.issue("client", name="bron")
    (tmp_path / "c.pem").write_bytes(issued.pem(SECRET) + pem(authority.root) + b"".join(authority.crls()))
    shown = run("pki", "show", tmp_path / "c.pem")
    assert shown.code == 0
    for text in ("TEST bron", fictional_oin("bron"), "Doel: client", "stam", "versleuteld", "CRL van TEST Root CA"):
        assert text in shown.out
    assert issued.key_pem(SECRET).decode().splitlines()[1] not in shown.out
    told = json.loads(run("pki", "show", "--json", tmp_path / "c.pem").out)
    assert [row["level"] for row in told["certificates"]] == ["end", "issuer", "issuer", "root"]
    assert (told["key"], len(told["crls"])) == ("locked", 3)
    (tmp_path / "k.pem").write_bytes(pem(authority.root) + issued.key_pem())
    assert "hoort bij geen certificaat" in run("pki", "show", tmp_path / "k.pem").out


def test_show_what_cannot_be_used(run: Any, authority: Authority, tmp_path: Path) -> None:
    issued = authority.issue("client", begins=NOW - 3 * DAY, ends=NOW - DAY, person=PERSON, oin=["1", "2"])
    (tmp_path / "c.pem").write_bytes(pem(issued.certificate))
    shown = run("pki", "show", tmp_path / "c.pem", "--lang", "en")
    assert shown.code == 1
    for text in ("expired", "of a person", "2 serialNumbers", "OIN: none"):
        assert text in shown.out
    assert PERSON not in shown.out
    assert run("pki", "show", tmp_path / "geen.pem").code == 2


def test_names_that_steer_a_terminal(run: Any, authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "c.pem").write_bytes(pem(authority.issue("client", name="\x1b[31mrood").certificate))
    assert "\x1b" not in run("pki", "show", tmp_path / "c.pem").out


def test_save_from_python(authority: Authority, tmp_path: Path) -> None:
    made = authority.save(tmp_path / "a" / "b", ["bron"])
    assert {path.parent for path in made} == {tmp_path / "a" / "b"}
    with pytest.raises(UsageError, match="nothing was written"):
        authority.save(tmp_path / "a" / "b", ["bron"])
