"""``oso-bridge pki``: a test authority with OINs, and what a file with certificates holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import lines, options, output
from oso_bridge.errors import IdentityError

if TYPE_CHECKING:
    from oso_bridge.identity.files import Contents, Password

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
_WORDS = {
    "nl": {
        "made": "Testcertificaten in {folder}. Niet voor productie.",
        "party": "OIN {oin}: {name}",
        "who": "Wie",
        "oin": "OIN",
        "none": "geen",
        "for": "Doel",
        "anything": "niet beperkt",
        "level_issuer": "uitgever",
        "level_root": "stam",
        "until": "Geldig tot",
        "days": "nog {days} dagen",
        "over": "verlopen",
        "print": "SHA-256",
        "issuer": "Uitgever",
        "key": "Geheime sleutel",
        "fits": "hoort bij dit certificaat",
        "foreign": "hoort bij geen certificaat in dit bestand",
        "locked": "versleuteld; met --password-env is na te gaan of hij past",
        "crl": "CRL van {issuer}, volgende op {until}",
        "note": "Let op",
    },
    "en": {
        "made": "Test certificates in {folder}. Not for production.",
        "party": "OIN {oin}: {name}",
        "who": "Who",
        "oin": "OIN",
        "none": "none",
        "for": "For",
        "anything": "not restricted",
        "level_issuer": "issuer",
        "level_root": "root",
        "until": "Valid until",
        "days": "{days} days left",
        "over": "expired",
        "print": "SHA-256",
        "issuer": "Issuer",
        "key": "Private key",
        "fits": "belongs to this certificate",
        "foreign": "belongs to no certificate in this file",
        "locked": "encrypted; --password-env tells whether it fits",
        "crl": "CRL of {issuer}, the next on {until}",
        "note": "Note",
    },
}


@app.callback()
def _root() -> None:
    """Make test certificates with OINs, or say what a file with certificates holds."""


@app.command()
def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go; none is overwritten.")],
    name: Annotated[list[str] | None, typer.Option("--name", help="A party; may be repeated.")] = None,
    oin: Annotated[
        list[str] | None, typer.Option("--oin", help="Its test OIN (00000099...), in the order of the names.")
    ] = None,
    host: Annotated[
        list[str] | None, typer.Option("--host", help="A host or address of the servers; may be repeated.")
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="How long all is valid.")] = 365,
    rsa: Annotated[bool, typer.Option("--rsa", help="RSA keys of 3072 bits instead of P-256.")] = False,
    password_env: options.PasswordEnv = None,
    lang: options.Language = "nl",
) -> None:
    """Make a test authority, and certificates for parties: client, server and signing, each with its key.

    Writes root.pem, chain.pem, crls.pem and NAME-client.pem, NAME-server.pem, NAME-signing.pem; with --password-env
    also each as PKCS#12 (.p12). The keys of the authority itself are not kept. For tests only.
    """
    from oso_bridge.identity.files import Password
    from oso_bridge.pki import Authority, fictional_oin

    words = _words(lang)
    names, secret = name or ["bron"], Password(variable=password_env).ask()
    authority = Authority(kind="rsa" if rsa else "ec", days=days)
    password = secret.decode() if secret else None
    made = authority.save(folder, names, oins=oin or (), hosts=host or None, p12_password=password)
    rows = [words["made"].format(folder=folder), *(f"  {path.name}" for path in made)]
    parties = zip(names, oin or map(fictional_oin, names), strict=True)
    rows += [words["party"].format(name=party, oin=number) for party, number in parties]
    output.write("".join(f"{line}\n" for line in rows))


@app.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file with certificates: PEM, DER or PKCS#12.")],
    password_env: options.PasswordEnv = None,
    lang: options.Language = "nl",
    as_json: options.Json = False,
) -> None:
    """Say what a file with certificates holds: who, OIN, for what, until when, and what is wrong with it.

    Nothing secret is shown. Exit code 1 when a certificate cannot be used.
    """
    from oso_bridge.identity.files import load
    from oso_bridge.render import json

    words = _words(lang)
    password = lines.password(password_env)
    held = load(file, password)
    rows = [_row(certificate, lang) for certificate in held.certificates]
    told = {"certificates": rows, "key": _about_key(held, password), "crls": [_crl(crl) for crl in held.crls]}
    output.write(json.dump(told) if as_json else _clean("".join(f"{line}\n" for line in _lines(told, words))))
    raise typer.Exit(1 if any(notice["refused"] for row in rows for notice in row["notices"]) else 0)


def _words(lang: str) -> dict[str, str]:
    from oso_bridge.render.words import check_language

    check_language(lang)
    return _WORDS[lang]


def _row(certificate: Any, lang: str) -> dict[str, Any]:
    """One certificate as JSON."""
    from oso_bridge.identity import certificates

    number = certificates.oin(certificate)
    return {
        "organisation": certificates.organisation(certificate),
        "oin": number,
        "for": certificates.uses(certificate),
        "level": certificates.level(certificate),
        "valid_from": certificate.not_valid_before_utc.isoformat(),
        "valid_until": certificate.not_valid_after_utc.isoformat(),
        "days_left": _days(certificate),
        "sha256": certificates.fingerprint(certificate),
        "issuer": certificates.authority_name(certificate.issuer),
        "notices": [
            {"code": notice.code, "text": notice.text(lang), "remedy": notice.remedy(lang), "refused": refused}
            for notice, refused in certificates.notices(certificate)
        ],
    }


def _days(certificate: Any) -> int:
    from datetime import UTC, datetime

    return int((certificate.not_valid_after_utc - datetime.now(UTC)).days)


def _about_key(held: Contents, password: Password) -> str | None:
    """``fits``, ``foreign`` or ``locked``; None when there is no key."""
    from oso_bridge.identity import certificates

    if not held.keys:
        return None
    try:
        public = held.keys[0](password).public_key()
    except IdentityError as error:
        if error.code == "no_password":
            return "locked"
        raise
    return "fits" if any(certificates.fits(item, public) for item in held.certificates) else "foreign"


def _crl(crl: Any) -> dict[str, Any]:
    from oso_bridge.identity import certificates

    due = crl.next_update_utc
    return {"issuer": certificates.authority_name(crl.issuer), "next_update": due.isoformat() if due else None}


def _lines(told: dict[str, Any], words: dict[str, str]) -> Iterator[str]:
    for row in told["certificates"]:
        yield from _about(row, words)
        yield ""
    if told["key"]:
        yield f"{words['key']}: {words[told['key']]}"
    for crl in told["crls"]:
        yield words["crl"].format(issuer=crl["issuer"], until=crl["next_update"] or words["none"])


def _about(row: dict[str, Any], words: dict[str, str]) -> Iterator[str]:
    """One certificate as text."""
    left = words["over"] if row["days_left"] < 0 else words["days"].format(days=row["days_left"])
    uses = words.get(f"level_{row['level']}") or ", ".join(row["for"]) or words["anything"]
    yield f"{words['who']}: {row['organisation'] or '-'}"
    yield f"  {words['oin']}: {row['oin'] or words['none']}"
    yield f"  {words['for']}: {uses}"
    yield f"  {words['until']}: {row['valid_until'][:10]} ({left})"
    yield f"  {words['issuer']}: {row['issuer']}"
    yield f"  {words['print']}: {row['sha256']}"
    yield from (f"  {words['note']}: {notice['text']} {notice['remedy']}" for notice in row["notices"])


def _clean(text: str) -> str:
    """Names in a certificate may hold anything that a terminal could take for an order."""
    from oso_bridge.render.words import clean

    return "\n".join(map(clean, text.split("\n")))
