"""No password, no key and no name of a person in a text, a repr, a log, a traceback or a file that stays (A31)."""

from __future__ import annotations

import logging
import pickle
import stat
import tempfile
import traceback
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.errors import IdentityError
from oso_bridge.identity import files, tls
from oso_bridge.pki import Authority, Issued, fictional_oin

from .samples import PERSON, SECRET, call, sent, serving


def secrets_of(issued: Issued) -> list[str]:
    """What must be nowhere: the password, lines of the key, its number."""
    number = issued.key.private_numbers().private_value  # type: ignore[union-attr]
    lines = issued.key_pem().decode().splitlines()[1:-1]
    return [SECRET, *lines, str(number), f"{number:x}", PERSON]


def texts_of(error: BaseException) -> str:
    """All that a program could show of an error, the errors behind it and their local names aside."""
    return "\n".join([str(error), repr(error), *traceback.format_exception(error)])


BROKEN: dict[str, Any] = {
    "wrong password": lambda i: oso.Identity(i.p12("ander"), password=SECRET),
    "wrong password, PEM": lambda i: oso.Identity(i.pem("ander"), password=SECRET),
    "a password nobody gave": lambda i: oso.Identity(i.pem(SECRET)),
    "a damaged key": lambda i: oso.Identity(i.pem().replace(b"\nMIG", b"\nMMM", 1), password=SECRET),
    "cut off": lambda i: oso.Identity(i.pem()[:180], password=SECRET),
    "another key": lambda i: oso.Identity(Authority().issue("client").pem() + i.key_pem(), password=SECRET),
    "key and no certificate": lambda i: oso.Identity(i.key_pem()),
    "personal": lambda i: oso.Identity(i.pem()),
    "wrong purpose": lambda i: oso.Identity(i.pem(), purpose="klant"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_errors(authority: Authority, case: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    issued = authority.issue("client", person=PERSON)
    with pytest.raises(oso.OsoBridgeError) as caught:
        BROKEN[case](issued)
    shown = texts_of(caught.value) + caplog.text
    # a traceback quotes the lines of this file, which hold no values
    assert not [secret for secret in secrets_of(issued) if secret in shown]


def test_errors_about_the_other_side(authority: Authority) -> None:
    issued = authority.issue("client", person=PERSON)
    with pytest.raises(IdentityError) as caught:
        authority.trust(allowed_oins=[fictional_oin("test")]).verify(sent(issued), "client")
    assert caught.value.code == "personal"
    assert PERSON not in texts_of(caught.value)


def test_shown_objects(authority: Authority) -> None:
    issued = authority.issue("client", name="bron")
    identity = oso.Identity(issued.p12(SECRET), password=SECRET)
    password = files.Password(SECRET)
    assert password.ask() == SECRET.encode()
    shown = [repr(item) + str(item) for item in (identity, issued, authority, password, files.load(issued.pem()))]
    shown += [repr(identity.warnings()), repr(authority.trust())]
    assert not [secret for secret in secrets_of(issued) for text in shown if secret in text]
    with pytest.raises(TypeError):
        pickle.dumps(identity)
    assert not hasattr(identity, "__dict__")


def test_the_identity_forgets_the_password(authority: Authority) -> None:
    identity = oso.Identity(authority.issue("client").pem(SECRET), password=SECRET)
    kept = [getattr(identity, name) for name in type(identity).__slots__]
    assert SECRET not in repr(kept)
    assert not any(isinstance(item, (files.Password, files.Contents)) for item in kept)


def test_the_key_is_in_a_file_only_for_a_moment(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Encrypted, for the owner only, and gone afterwards."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    identity, seen = authority.identity("client"), []
    load = tls.Context.load_cert_chain

    def spy(self: Any, path: str, **options: Any) -> None:
        text = Path(path).read_text("ascii")
        rights = [stat.S_IMODE(where.stat().st_mode) for where in (Path(path), Path(path).parent)]
        seen.append((rights, "ENCRYPTED PRIVATE KEY" in text, "\n-----BEGIN PRIVATE KEY" in text))
        load(self, path, **options)

    monkeypatch.setattr(tls.Context, "load_cert_chain", spy)
    identity.client_context()
    assert seen == [([0o600, 0o700], True, False)]
    assert list(tmp_path.iterdir()) == []


def test_nothing_stays_when_it_fails(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def fails(self: Any, path: str, **options: Any) -> None:
        raise OSError("vol")

    monkeypatch.setattr(tls.Context, "load_cert_chain", fails)
    identity = authority.identity("client")
    with pytest.raises(OSError, match="vol"):
        identity.client_context()
    assert list(tmp_path.iterdir()) == []


def test_a_connection_logs_nothing(authority: Authority, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    trust = authority.trust(allowed_oins={fictional_oin("bron")})
    with serving(authority.identity("server", trust=trust).server_context()) as (address, _):
        call(address, authority.identity("client", name="bron").client_context())
    assert [record for record in caplog.records if record.name != "asyncio"] == []
