"""The vault: what is sealed opens with the right key, in the right place, and not otherwise."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

import oso_bridge as oso
from oso_bridge.transports.vault import VARIABLE, Vault, new_key_file

from .outbox_doubles import KANARIE, KEY, OTHER_KEY

ONLY_POSIX = pytest.mark.skipif(os.name != "posix", reason="rights of files as POSIX has them")
SECRET = KANARIE.encode()


def test_what_is_sealed_opens_and_is_never_the_same_twice() -> None:
    vault = Vault(KEY)
    one, two = vault.seal(SECRET, b"here"), vault.seal(SECRET, b"here")
    assert one != two
    assert SECRET not in one + two
    assert vault.open(one, b"here") == vault.open(two, b"here") == SECRET


def test_it_opens_in_its_own_place_only() -> None:
    sealed = Vault(KEY).seal(SECRET, b"here")
    with pytest.raises(oso.DataError, match="belongs elsewhere"):
        Vault(KEY).open(sealed, b"there")


def test_every_byte_counts() -> None:
    vault = Vault(KEY)
    sealed = vault.seal(SECRET, b"here")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises((oso.DataError, oso.IdentityError)):
            vault.open(bytes(changed), b"here")
    for size in range(len(sealed)):
        with pytest.raises(oso.DataError):
            vault.open(sealed[:size], b"here")


def test_another_key_is_said_to_be_another_key() -> None:
    with pytest.raises(oso.IdentityError, match=f"another key \\({Vault(KEY).key_id}\\)"):
        Vault(OTHER_KEY).open(Vault(KEY).seal(SECRET, b""), b"")


def test_keys_are_replaced_one_after_the_other() -> None:
    old, new = Vault(KEY), Vault(OTHER_KEY)
    both = new.after(old)
    assert both.key_id == new.key_id != old.key_id
    assert both.open(old.seal(SECRET, b""), b"") == SECRET
    assert new.open(both.seal(SECRET, b""), b"") == SECRET
    assert (both.sealed_last(old.seal(SECRET, b"")), both.sealed_last(both.seal(SECRET, b""))) == (False, True)
    assert new.after(new).key_id == new.key_id


def test_a_vault_does_not_show_its_keys() -> None:
    shown = repr(Vault(KEY, OTHER_KEY))
    assert shown == f"Vault({Vault(KEY).key_id}, {Vault(OTHER_KEY).key_id})"
    assert KEY.hex()[:16] not in shown


@pytest.mark.parametrize("keys", [(), (b"",), (KEY[:-1],), (KEY, KEY + b"0")], ids=["none", "empty", "short", "long"])
def test_a_key_has_32_bytes(keys: tuple[bytes, ...]) -> None:
    with pytest.raises(oso.UsageError, match="32 bytes"):
        Vault(*keys)


def test_a_new_key_is_in_a_file_of_its_owner(tmp_path: Path) -> None:
    made = new_key_file(tmp_path / "key")
    assert Vault.from_file(tmp_path / "key").key_id == made.key_id
    with pytest.raises(FileExistsError):
        new_key_file(tmp_path / "key")
    assert Vault.from_file(tmp_path / "key").key_id == made.key_id
    assert new_key_file(tmp_path / "other").key_id != made.key_id


@ONLY_POSIX
def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"
    new_key_file(file)
    assert file.stat().st_mode & 0o777 == 0o600
    for mode in (0o640, 0o604, 0o620, 0o601):
        file.chmod(mode)
        with pytest.raises(oso.IdentityError, match="chmod 600"):
            Vault.from_file(file)
    file.chmod(0o400)
    Vault.from_file(file)


def test_a_file_may_hold_older_keys_too(tmp_path: Path) -> None:
    lines = [base64.urlsafe_b64encode(key).decode() for key in (OTHER_KEY, KEY)]
    file = tmp_path / "key"
    file.touch(0o600)
    file.write_text("\r\n".join(lines))
    assert repr(Vault.from_file(file)) == repr(Vault(OTHER_KEY, KEY))


@pytest.mark.parametrize(
    "text", ["", " \n", KANARIE, "a" * 44, "ü" * 44, base64.b64encode(KEY[:-1]).decode(), "=" * 44]
)
def test_what_is_no_key_is_refused_and_not_quoted(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(oso.IdentityError, match="key") as caught:
        Vault.find()
    assert not text.strip() or text not in str(caught.value)


def test_the_key_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, base64.urlsafe_b64encode(KEY).decode())
    assert Vault.find().key_id == Vault(KEY).key_id
    made = new_key_file(tmp_path / "key")
    assert Vault.find(tmp_path / "key").key_id == made.key_id
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(oso.IdentityError, match=VARIABLE):
        Vault.find()
