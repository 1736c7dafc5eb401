"""``oso-bridge send`` and ``receive``."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.pki import Authority, fictional_oin

from .peers import closed_port

CHECKOUT = Path(__file__).resolve().parents[2]
GOOD, BAD = CHECKOUT / "examples" / "povo.xml", CHECKOUT / "examples" / "kapot.xml"


def waiting(folder: Path) -> list[oso.Parcel]:
    found = []
    with oso.transport("file", path=folder) as line:
        for delivery in line.receive():
            found.append(delivery.parcel)
            delivery.ack()
    return found


@pytest.fixture
def box(tmp_path: Path) -> Path:
    folder = tmp_path / "bus"
    folder.mkdir()
    return folder


def test_a_good_document_is_sent(run: Any, box: Path) -> None:
    result = run("send", GOOD, "--via", f"file:{box}", "--operation", "meld", "--id", "p-1")
    (parcel,) = waiting(box)
    assert parcel == oso.Parcel(GOOD.read_bytes(), id="p-1", operation="meld")
    assert (result.code, result.err) == (0, "")
    assert result.out == f"id: p-1\nstatus: accepted\nsha256: {parcel.digest}\n"


def test_a_bad_document_stays_here(run: Any, box: Path) -> None:
    result = run("send", BAD, "--via", f"file:{box}")
    assert (result.code, result.out) == (1, "")
    assert "EM.04" in result.err
    assert "--no-check" in result.err
    assert waiting(box) == []
    assert run("send", BAD, "--via", f"file:{box}", "--no-check").code == 0
    assert len(waiting(box)) == 1


def test_a_receipt_as_json_and_the_reply_in_a_file(
    run: Any, peers: Callable[..., Any], roots: Path, tmp_path: Path
) -> None:
    peer = peers(lambda talk: talk.answer(b"<naam>KANARIE</naam>"))
    target = tmp_path / "antwoord.xml"
    result = run("send", GOOD, "--via", peer.url, "--set", f"roots={roots}", "--json", "--reply", target)
    told = json.loads(result.out)
    assert (result.code, told["status"], told["code"], told["reply"]["bytes"]) == (0, "delivered", "200", 20)
    assert "KANARIE" not in result.out
    assert target.read_bytes() == b"<naam>KANARIE</naam>"
    assert target.stat().st_mode & 0o777 == 0o600
    assert run("send", GOOD, "--via", peer.url, "--set", f"roots={roots}", "--reply", target).code == 2


def test_a_refusal_is_exit_code_1(run: Any, peers: Callable[..., Any], roots: Path) -> None:
    peer = peers(lambda talk: talk.answer(b"<Fault/>", "500 Oops"))
    result = run("send", GOOD, "--via", f"http:{peer.url}", "--set", f"roots={roots}")
    assert result.code == 1
    assert "status: refused\ncode: 500\n" in result.out


def test_what_could_not_be_sent_says_whether_it_arrived(run: Any, tmp_path: Path, roots: Path) -> None:
    result = run("send", GOOD, "--via", f"file:{tmp_path / 'weg'}", "--id", "p-9")
    assert (result.code, result.out) == (1, "")
    assert result.err.count("\n") == 1
    assert "The mailbox is not there." in result.err
    assert "Arrived: no. The id is p-9." in result.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--via", "duif:til"], "There is no transport 'duif'"),
        (["--via", "file"], "missing a required argument: 'path'"),
        (["--via", "file:x", "--set", "leas=1"], "unexpected keyword argument 'leas'"),
        (["--via", "file:x", "--set", "lease"], "An option is NAME=VALUE"),
        (["--via", "file:x", "--set", "lease=lang"], "The option lease takes another kind of value: float"),
        (["--via", "file:x", "--set", "shared=ja"], "The option shared takes another kind of value: bool"),
        (["--via", "file:x", "--secret", "path=OSO_BRIDGE_NIETS"], "There is no environment variable"),
        (["--via", "loopback:x"], "The transport loopback takes no address"),
        (["--via", "http://localhost/"], "Without TLS nothing is sent"),
    ],
)
def test_wrong_use_is_exit_code_2(run: Any, arguments: list[str], told: str) -> None:
    result = run("send", GOOD, *arguments)
    assert result.code == 2
    assert told in result.err


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Path]:
    """An authority, and a folder with certificates of it as files: all in one, and with the key apart and locked."""
    authority, folder = Authority(), tmp_path_factory.mktemp("pki")
    authority.save(folder, ["las"])
    issued = authority.issue("client", name="las")
    (folder / "locked.key").write_bytes(issued.key_pem("fictief slot"))
    (folder / "open.pem").write_bytes(issued.pem().replace(issued.key_pem(), b""))
    return authority, folder


@pytest.mark.parametrize(
    "identity",
    [
        ["--identity", "las-client.pem"],
        ["--identity", "open.pem", "--identity-key", "locked.key", "--identity-password-env", "OSO_PROEF"],
    ],
)
def test_we_show_our_certificate(
    run: Any,
    peers: Callable[..., Any],
    ours: tuple[Authority, Path],
    identity: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority, folder = ours
    monkeypatch.chdir(folder)
    monkeypatch.setenv("OSO_PROEF", "fictief slot")
    trust = authority.trust(allowed_oins={fictional_oin("las")})
    peer = peers(lambda talk: talk.answer(), authority.identity("server", name="bron", trust=trust).server_context())
    send = ["send", GOOD, "--via", peer.url]
    result = run(*send, *identity, "--roots", "root.pem", "--crls", "crls.pem")
    assert (result.code, result.err) == (0, "")
    assert peer.bodies == [GOOD.read_bytes()]
    result = run(*send, "--roots", "root.pem", "--deadline", "5")
    assert (result.code, result.out) == (1, "")
    assert "broke off the connection" in result.err
    assert len(peer.bodies) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--via", "https://localhost/"], "Whom to trust is not said"),
        (["--via", "https://localhost/", "--identity", "nergens.pem"], "This file is not there"),
        (["--via", "https://localhost/", "--identity", "open.pem"], "There is no private key"),
        (["--via", "https://localhost/", "--identity", "open.pem", "--identity-key", "locked.key"], "password"),
        (["--via", "https://localhost/", "--identity", "las-client.pem"], "root certificates are trusted"),
        (["--via", "https://localhost/", "--identity", "las-server.pem", "--roots", "root.pem"], "not meant for"),
        (["--via", "https://localhost/", "--identity-key", "locked.key"], "Give --identity FILE"),
        (["--via", "https://localhost/", "--roots", "root.pem", "--roots", "chain.pem"], "one file with roots"),
        (["--via", "file:.", "--identity", "las-client.pem"], "unexpected keyword argument 'identity'"),
    ],
)
def test_an_identity_that_cannot_be_used(
    run: Any, ours: tuple[Authority, Path], arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ours[1])
    result = run("send", GOOD, *arguments)
    assert (result.code, result.out) == (2, "")
    assert told in result.err


def test_options_are_of_the_kind_that_is_asked_for(run: Any, box: Path) -> None:
    via = ["--via", f"file:{box}", "--set", "lease=0.5", "--set", "shared=true"]
    assert run("send", GOOD, *via).code == 0
    (place,) = (box / "new").iterdir()
    assert place.stat().st_mode & 0o777 == 0o770


def test_a_secret_comes_from_the_environment(run: Any, monkeypatch: pytest.MonkeyPatch, roots: Path) -> None:
    monkeypatch.setenv("OSO_PROEF", "kort")
    options = ["--set", "sender=a@b.invalid", "--set", "host=localhost", "--set", f"roots={roots}"]
    result = run("send", GOOD, "--via", "mail:a@b.invalid", *options, "--secret", "archive_password=OSO_PROEF")
    assert (result.code, "shorter than 16" in result.err) == (2, True)


def test_the_password_of_a_zip_is_told_to_who_sends_it(run: Any, roots: Path) -> None:
    options = ["--set", "sender=a@b.invalid", "--set", "host=localhost", "--set", f"port={closed_port()}"]
    result = run("send", GOOD, "--via", "mail:a@b.invalid", *options, "--set", f"roots={roots}", "--deadline", "1")
    assert result.code == 1
    assert "Password of the ZIP for" in result.err
    assert "Password" not in result.out


def test_what_came_in_becomes_files(run: Any, box: Path, tmp_path: Path) -> None:
    with oso.transport("file", path=box) as line:
        line.send(oso.Parcel(b"<een/>", id="../../een"))
        line.send(oso.Parcel(b"{}", "application/json"))
        line.send(oso.Parcel(b"x", "x/../../y"))
    into = tmp_path / "in"
    result = run("receive", "--via", f"file:{box}", "--output", into)
    files = [Path(name) for name in result.out.splitlines()]
    assert (result.code, len(files), sorted(into.iterdir()) == sorted(files)) == (0, 3, True)
    assert [(file.suffix, file.read_bytes()) for file in files] == [
        (".xml", b"<een/>"),
        (".json", b"{}"),
        (".bin", b"x"),
    ]
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)
    assert run("receive", "--via", f"file:{box}", "--output", into).out == ""


def test_no_more_than_asked_for_is_taken(run: Any, box: Path, tmp_path: Path) -> None:
    with oso.transport("file", path=box) as line:
        for number in range(3):
            line.send(oso.Parcel(str(number).encode(), id=f"p-{number}"))
    result = run("receive", "--via", f"file:{box}", "--output", tmp_path / "in", "--most", 2, "--json")
    assert [one["id"] for one in json.loads(result.out)] == ["p-0", "p-1"]
    assert [parcel.id for parcel in waiting(box)] == ["p-2"]


def test_what_was_saved_and_not_acknowledged_is_saved_once(
    run: Any, box: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with oso.transport("file", path=box) as line:
        line.send(oso.Parcel(b"<een/>", id="p-1"))

    def lost(self: object) -> None:
        raise oso.TransportError("Lost.", retryable=True, sent="yes")

    monkeypatch.setattr(oso.Delivery, "ack", lost)
    assert run("receive", "--via", f"file:{box}", "--output", tmp_path / "in").code == 1
    monkeypatch.undo()
    assert run("receive", "--via", f"file:{box}", "--output", tmp_path / "in").code == 0
    assert [file.read_bytes() for file in (tmp_path / "in").iterdir()] == [b"<een/>"]


def test_a_transport_that_only_sends_says_so(run: Any, roots: Path, tmp_path: Path) -> None:
    via = ["--via", "https://localhost/", "--set", f"roots={roots}"]
    result = run("receive", *via, "--output", tmp_path / "in")
    assert (result.code, "This transport only sends." in result.err) == (2, True)


def test_no_trace_is_shown(run: Any, box: Path) -> None:
    result = run("receive", "--via", f"file:{box / 'weg'}", "--output", box / "in")
    assert (result.code, "Traceback" in result.err) == (1, False)


def test_what_to_do_is_told_in_options_of_the_command(run: Any, tmp_path: Path) -> None:
    address = f"https://127.0.0.1:{closed_port()}/"
    untold = run("send", GOOD, "--via", address)
    assert (untold.code, "Give --identity, or --roots (a file" in untold.err) == (2, True)
    assert run("pki", "new", tmp_path / "pki", "--name", "wij").code == 0
    rootless = run("send", GOOD, "--via", address, "--identity", tmp_path / "pki" / "wij-client.pem")
    assert (rootless.code, "Give --roots with" in rootless.err) == (2, True)
    plain = run("send", GOOD, "--via", "http://127.0.0.1/")
    assert "--set insecure=true is for tests" in plain.err


def test_a_refusal_is_told(run: Any, peers: Callable[..., Any], roots: Path) -> None:
    peer = peers(lambda talk: talk.answer(b"<nee/>", status=415))
    made = run("send", GOOD, "--via", peer.url, "--set", f"roots={roots}")
    assert (made.code, "did not take it. Keep its answer with --reply FILE." in made.err) == (1, True)
