"""``oso-bridge send``: a document to somewhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import inputs, lines, options, output
from oso_bridge.errors import TransportError

if TYPE_CHECKING:
    from oso_bridge.parcels import Parcel, Receipt


def command(
    file: options.Document,
    via: lines.Via,
    settings: lines.Settings = None,
    secrets: lines.Secrets = None,
    identity: lines.IdentityFile = None,
    identity_key: lines.IdentityKey = None,
    identity_password: lines.IdentityPassword = None,
    roots: lines.Roots = None,
    crls: lines.Crls = None,
    media_type: Annotated[str, typer.Option("--media-type", help="What the document is.")] = "application/xml",
    operation: Annotated[str, typer.Option("--operation", help="What is asked, where an address serves more.")] = "",
    parcel_id: Annotated[str | None, typer.Option("--id", help="The id; the same one when you send again.")] = None,
    reply: Annotated[Path | None, typer.Option("--reply", help="Write what is answered to this file.")] = None,
    deadline: lines.Deadline = 60.0,
    no_check: Annotated[bool, typer.Option("--no-check", help="Send it whatever the checks say.")] = False,
    as_json: options.Json = False,
    lang: options.Language = "nl",
) -> None:
    """Check a document and send it.

    Standard output gets the receipt. Exit code 1 when it was refused or could not be sent, and when the checks find
    errors: it is then not sent; 3 when a check that is needed could not be made.
    """
    more = lines.trust(identity, identity_key, identity_password, roots, crls)
    content = _content(inputs.single(file))
    if not no_check:
        _check(content, file, lang)
    parcel = _parcel(content, media_type, operation, parcel_id)
    try:
        with lines.line(via, settings, secrets, deadline, more) as line:
            receipt = line.send(parcel)
    except TransportError as error:
        output.note(f"{error} Arrived: {error.sent}. The id is {parcel.id}.")
        raise typer.Exit(1) from None
    if reply and receipt.reply:
        output.save_new(reply, receipt.reply.content)
    output.write(_told(parcel, receipt, as_json))
    raise typer.Exit(1 if receipt.status == "refused" else 0)


def _content(source: inputs.Input) -> bytes:
    return Path(source).read_bytes() if isinstance(source, str) else source.read()


def _check(content: bytes, name: str, lang: str) -> None:
    """Leave with the report when the document is not good."""
    import oso_bridge as oso
    from oso_bridge.render import text

    report = oso.check(content)
    if not report.ok:
        output.complain(text.render([{**report.to_dict(), "source": name}], lang))
        output.note("It was not sent. --no-check sends it all the same.")
        raise typer.Exit(report.exit_code)


def _parcel(content: bytes, media_type: str, operation: str, parcel_id: str | None) -> Parcel:
    from oso_bridge.parcels import Parcel

    if parcel_id:
        return Parcel(content, media_type, parcel_id, operation)
    return Parcel(content, media_type, operation=operation)


def _told(parcel: Parcel, receipt: Receipt, as_json: bool) -> str:
    """The receipt; of the reply only its digest and size."""
    told: dict[str, Any] = {
        "id": parcel.id,
        "status": receipt.status,
        "code": receipt.code,
        "sha256": receipt.digest,
        "reply": receipt.reply and {"sha256": receipt.reply.digest, "bytes": len(receipt.reply.content)},
    }
    if as_json:
        return json.dumps(told, indent=2) + "\n"
    rows = [f"{key}: {value}" for key, value in told.items() if key != "reply" and value]
    if receipt.reply:
        rows.append(f"reply: {len(receipt.reply.content)} bytes, sha256 {receipt.reply.digest}")
    return "\n".join(rows) + "\n"
