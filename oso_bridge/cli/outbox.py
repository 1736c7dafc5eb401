"""``oso-bridge outbox``: putting in and sending, what became of it, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import lines, options, output, parcel

if TYPE_CHECKING:
    from oso_bridge.parcels import Transport
    from oso_bridge.transports.outbox import Outbox
    from oso_bridge.transports.store import Entry
    from oso_bridge.transports.vault import Vault

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
key = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
app.add_typer(key, name="key")


def _states(incomplete: str) -> list[str]:
    from oso_bridge.transports.outbox import STATES

    return [state for state in STATES if state.startswith(incomplete)]


_Store = Annotated[Path, typer.Option("--store", metavar="FILE", help="The database of the outbox.")]
_Ids = Annotated[list[str], typer.Argument(metavar="ID...", help="The ids of parcels; see list.")]
_KeyFile = Annotated[
    Path | None, typer.Option("--key-file", metavar="FILE", help="The key; by default that in OSO_BRIDGE_KEY.")
]
_NewKeyFile = Annotated[
    Path, typer.Option("--new-key-file", metavar="FILE", help="The new key; make one with: outbox key new.")
]
_State = Annotated[
    list[str] | None,
    typer.Option("--state", help="Only parcels in this state; may be repeated.", autocompletion=_states),
]
_Days = Annotated[float, typer.Option("--days", min=0.0, help="Forget what ended longer ago than this.")]
_Failed = Annotated[bool, typer.Option("--failed", help="Forget also what is mislukt, with its content.")]

_To = Annotated[str, typer.Option("--to", metavar="NAME", help="Where it goes, such as a BRIN; no personal data.")]
_OnlyTo = Annotated[str | None, typer.Option("--to", metavar="NAME", help="Only parcels that go there.")]
_Recognises = Annotated[
    bool, typer.Option("--recognises", help="The other side knows a repeat by its id, and does nothing twice.")
]
_Attempts = Annotated[int, typer.Option("--attempts", min=1, help="Try a parcel this often at the most.")]
_Wait = Annotated[float, typer.Option("--wait", min=0.0, help="Stay this many seconds for what is due later.")]
_ATTEMPTS = 8

_WORDS = {
    "nl": {
        "doubt": "kan aangekomen zijn",
        "to": "naar",
        "tries": "pogingen",
        "digest": "SHA-256",
        "trouble": "melding",
    },
    "en": {"doubt": "may have arrived", "to": "to", "tries": "attempts", "digest": "SHA-256", "trouble": "message"},
}


@app.callback()
def _root() -> None:
    """Keep documents until they have arrived: put them in, send them, list them, and decide about them.

    A parcel that may have arrived is sent again only when you say so. No command shows the content of a parcel.
    """


@app.command()
def add(
    file: options.Document,
    store: _Store,
    key_file: _KeyFile = None,
    to: _To = "",
    media_type: parcel.MediaType = parcel.XML,
    operation: parcel.Operation = "",
    parcel_id: parcel.Id = None,
    no_check: parcel.NoCheck = False,
    lang: options.Language = "nl",
) -> None:
    """Check a document and put it into the outbox, which is made when it is not there; run sends it.

    Standard output gets its id. With the id of a parcel that is there already nothing happens, so it is safe to do this
    again. Exit code 1 when the checks find errors, 3 when a check that is needed could not be made.
    """
    from oso_bridge.transports.outbox import Outbox
    from oso_bridge.transports.store import SqliteStore
    from oso_bridge.transports.vault import Vault

    vault = Vault.find(key_file)
    made = parcel.make(file, media_type, operation, parcel_id, check=not no_check, lang=lang)
    with Outbox(SqliteStore(store), vault) as box:
        output.write(f"{box.put(made, to=to)}\n")


@app.command()
def run(
    store: _Store,
    via: lines.Via,
    key_file: _KeyFile = None,
    to: _OnlyTo = None,
    settings: lines.Settings = None,
    secrets: lines.Secrets = None,
    identity: lines.IdentityFile = None,
    identity_key: lines.IdentityKey = None,
    identity_password: lines.IdentityPassword = None,
    roots: lines.Roots = None,
    crls: lines.Crls = None,
    recognises: _Recognises = False,
    attempts: _Attempts = _ATTEMPTS,
    wait: _Wait = 0.0,
    deadline: lines.Deadline = 60.0,
    lang: options.Language = "nl",
) -> None:
    """Send what is due.

    Standard output gets each parcel that was tried, as it stands now. Exit code 1 when one of them has not arrived.
    What is klaar is tried again by a next run, once it is due.
    """
    from oso_bridge.transports.box import LEASE, Policy
    from oso_bridge.transports.outbox import Outbox
    from oso_bridge.transports.store import open_store
    from oso_bridge.transports.vault import Vault

    texts, vault = _texts(lang), Vault.find(key_file)
    more = lines.trust(identity, identity_key, identity_password, roots, crls)
    policy = {"": Policy(attempts=attempts, recognises=recognises)}
    # whoever is busy is taken for dead after the lease: it has to outlast a call
    lease = max(LEASE, 2 * deadline)
    with (
        Outbox(open_store(store), vault, policies=policy, lease=lease) as box,
        lines.line(via, settings, secrets, deadline, more) as line,
    ):
        _run(box, line, to, wait, lambda entry: output.say(_line(_row(entry), texts, lang)))


def _run(box: Outbox, line: Transport, to: str | None, wait: float, told: Callable[[Entry], None]) -> None:
    """Send what is due, and leave with 1 when something that was tried has not arrived."""
    last = {entry.id: entry for entry in box.each(line, to, wait=wait)}
    for entry in last.values():
        told(entry)
    raise typer.Exit(0 if all(entry.state == "verzonden" for entry in last.values()) else 1)


@app.command("list")
def listed(store: _Store, state: _State = None, lang: options.Language = "nl", as_json: options.Json = False) -> None:
    """List the parcels, the oldest first."""
    from oso_bridge.render import json

    texts = _texts(lang)
    with _outbox(store) as box:
        rows = [_row(entry) for entry in box.list(*(state or ()))]
    output.write(json.dump(rows) if as_json else "".join(_line(row, texts, lang) for row in rows))


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="ID", help="The id of a parcel; see list.")],
    store: _Store,
    key_file: _KeyFile = None,
    lang: options.Language = "nl",
    as_json: options.Json = False,
) -> None:
    """Show what happened to a parcel; with the key also its digest and what the transport said."""
    from oso_bridge.render import json

    texts = _texts(lang)
    with _outbox(store, _vault(key_file)) as box:
        row = _whole(box, box.find(name))
    output.write(json.dump(row) if as_json else "".join(_lines(row, texts, lang)))


@app.command()
def retry(names: _Ids, store: _Store) -> None:
    """Send parcels again that are onzeker or mislukt, under the same id.

    What is onzeker may have arrived; ask the other side first.
    """
    _decide(store, names, lambda box, name: box.retry(name))


@app.command()
def confirm(names: _Ids, store: _Store) -> None:
    """Say that parcels that are onzeker have arrived, as the other side told you."""
    _decide(store, names, lambda box, name: box.confirm(name))


@app.command()
def cancel(names: _Ids, store: _Store) -> None:
    """Send parcels no more, and erase their content.

    It does not call back what may have arrived.
    """
    _decide(store, names, lambda box, name: box.cancel(name))


@app.command()
def purge(store: _Store, days: _Days = 90.0, failed: _Failed = False) -> None:
    """Forget parcels that arrived or were cancelled long ago, with their receipts."""
    with _outbox(store) as box:
        count = box.purge(days, box.ended | {"mislukt"} if failed else None)
    output.note(f"Forgotten: {count}.")


@app.command()
def rekey(store: _Store, new_key_file: _NewKeyFile, key_file: _KeyFile = None) -> None:
    """Encrypt all that is in the database with a new key, what came in included.

    It may be stopped and done again. Exit code 1 when something was being sent and still needs the old key.
    """
    from oso_bridge.transports.inbox import Inbox
    from oso_bridge.transports.outbox import Outbox
    from oso_bridge.transports.store import open_store
    from oso_bridge.transports.vault import Vault

    vault = Vault.from_file(new_key_file).after(Vault.find(key_file))
    with Outbox(open_store(store), vault) as out, Inbox(open_store(store, "inbox"), vault) as into:
        done, left = (sum(pair) for pair in zip(out.rekey(), into.rekey(), strict=True))
    output.note(f"New key: {done}. Still the old key: {left}." + (" Do it again later." if left else ""))
    raise typer.Exit(1 if left else 0)


@key.callback()
def _key_root() -> None:
    """Make the key that encrypts the outbox."""


@key.command("new")
def new_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; one that is there is left as it is.")],
) -> None:
    """Make a key, in a file that nobody else can read.

    Keep a copy in a safe place: without the key nothing in the outbox can be sent.
    """
    from oso_bridge.transports.vault import new_key_file

    made = new_key_file(file)
    output.note(f"{file}: a new key, {made.key_id}. Keep a copy in a safe place.")


def _decide(store: Path, names: list[str], decision: Callable[[Outbox, str], Entry]) -> None:
    """Decide about parcels one by one; what was decided before one that cannot be stays decided."""
    with _outbox(store) as box:
        for name in names:
            output.note(f"{name}: {decision(box, name).state}")


def _outbox(store: Path, vault: Vault | None = None) -> Outbox:
    from oso_bridge.transports.outbox import Outbox
    from oso_bridge.transports.store import open_store

    return Outbox(open_store(store), vault)


def _vault(key_file: Path | None) -> Vault | None:
    """The key when there is one: much can be shown without."""
    import os

    from oso_bridge.transports.vault import VARIABLE, Vault

    return Vault.find(key_file) if key_file or os.environ.get(VARIABLE) else None


def _row(entry: Entry) -> dict[str, Any]:
    """A parcel as JSON, without its content."""
    return {
        "id": entry.id,
        "state": entry.state,
        "operation": entry.operation,
        "to": entry.party,
        "created": _time(entry.created),
        "changed": _time(entry.changed),
        "due": _time(entry.due) if entry.state == "klaar" else None,
        "attempts": entry.tries,
        "doubt": entry.doubt,
    }


def _whole(box: Outbox, entry: Entry) -> dict[str, Any]:
    """A parcel with what happened to it, as JSON."""
    events = [
        {"at": _time(item.at), "what": item.what, "seconds": item.seconds, "sent": item.sent, "code": item.code}
        for item in entry.events
    ]
    known = {"digest": box.digest(entry), "trouble": box.trouble(entry)} if box.has_key else {}
    return {**_row(entry), "events": events, **known}


def _line(row: dict[str, Any], texts: dict[str, str], lang: str) -> str:
    """A parcel as one line of text."""
    doubt = _WORDS[lang]["doubt"] if row["doubt"] and row["state"] != "onzeker" else ""
    parts = (row["changed"], row["id"], row["operation"], row["to"], texts[row["state"]], doubt)
    return f"{row['state']:<11}  {'  '.join(part for part in parts if part)}\n"


def _lines(row: dict[str, Any], texts: dict[str, str], lang: str) -> list[str]:
    """A parcel as text."""
    words = _WORDS[lang]
    lines = [_line(row, texts, lang), f"  {words['tries']}: {row['attempts']}\n"]
    for item in row["events"]:
        parts = (item["at"], item["what"], item["code"], f"{item['seconds']:.3f} s", f"sent: {item['sent']}")
        lines.append(f"  {'  '.join(part for part in parts if part)}\n")
    lines += [f"  {words[name]}: {row[name]}\n" for name in ("digest", "trouble") if row.get(name)]
    return lines


def _texts(lang: str) -> dict[str, str]:
    """What the states mean."""
    from oso_bridge.render.words import check_language
    from oso_bridge.transports.outbox import STATES

    check_language(lang)
    return {state: text[lang] for state, text in STATES.items()}


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
