"""``oso-bridge outbox``: what waits to be sent, what became of it, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import options, output

if TYPE_CHECKING:
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
    """List the parcels that are to be sent, and decide about them.

    A parcel that may have arrived is sent again only when you say so. No command shows the content of a parcel.
    """


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
