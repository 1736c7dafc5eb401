"""``oso-bridge send``: a document to somewhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import lines, options, output, parcel, wording
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
    media_type: parcel.MediaType = parcel.XML,
    operation: parcel.Operation = "",
    parcel_id: parcel.Id = None,
    reply: Annotated[Path | None, typer.Option("--reply", help="Write what is answered to this file.")] = None,
    deadline: lines.Deadline = 60.0,
    no_check: parcel.NoCheck = False,
    as_json: options.Json = False,
    lang: options.Language = "nl",
) -> None:
    """Check a document and send it.

    Standard output gets the receipt. Exit code 1 when it was refused or could not be sent, and when the checks find
    errors: it is then not sent; 3 when a check that is needed could not be made. To keep it until it has arrived, also
    when the other side is away for a while: oso-bridge outbox add.
    """
    more = lines.trust(identity, identity_key, identity_password, roots, crls)
    made = parcel.make(file, media_type, operation, parcel_id, check=not no_check, lang=lang)
    try:
        with lines.line(via, settings, secrets, deadline, more) as line:
            receipt = line.send(made)
    except TransportError as error:
        output.note(f"{wording.retold(str(error), wording.OPTIONS)} Arrived: {error.sent}. The id is {made.id}.")
        raise typer.Exit(1) from None
    if reply and receipt.reply:
        output.save_new(reply, receipt.reply.content)
    output.write(_told(made, receipt, as_json))
    if receipt.status == "refused":
        more_told = " Keep its answer with --reply FILE." if receipt.reply and not reply else ""
        output.note(f"The other side answered, and did not take it.{more_told}")
    raise typer.Exit(1 if receipt.status == "refused" else 0)


def _told(made: Parcel, receipt: Receipt, as_json: bool) -> str:
    """The receipt; of the reply only its digest and size."""
    told: dict[str, Any] = {
        "id": made.id,
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
