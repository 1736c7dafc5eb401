"""An official schema in the place of ours: for a vendor who holds the WSDL or XSD of Kennisnet.

:func:`install` makes a wire of it in the user's data folder.  What the schema cannot say (which element is which
field, how a dossier is embedded) stands in a ``layouts.toml`` beside it, of which only what differs from ours need be
given.  :func:`remove` takes it away again.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lxml import etree

from oso_bridge import data, releases
from oso_bridge.bundles.compiling import compile_xsd
from oso_bridge.errors import DataError, DocumentError, UsageError, choose
from oso_bridge.exchange import wire as wires
from oso_bridge.exchange.messages import TYPES
from oso_bridge.exchange.wire import FORMAT, Wire
from oso_bridge.xml import parser
from oso_bridge.xml.compiler import plan_text

_XS = "{http://www.w3.org/2001/XMLSchema}"
_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_LONGEST = 4 * 1024 * 1024


def install(
    source: str | os.PathLike[str],
    name: str,
    *,
    like: str = "2022",
    layouts: Mapping[str, Any] | None = None,
    folder: Path | None = None,
) -> Wire:
    """Make a wire of an official schema.

    Args:
        source: An XSD that stands by itself, or a WSDL that holds one.
        name: The version, in digits and dots. That of ours takes the place of ours.
        like: The wire whose ``layouts.toml`` is followed where nothing else is said.
        layouts: What differs: tables of ``layouts.toml``. Of ``bericht`` each message that the schema has becomes
            ``confirmed`` unless it says otherwise.
        folder: Where to put it; the user's data folder when left out.

    Returns:
        The wire, ready for use when it was put into the user's data folder.

    Raises:
        UsageError: The name is none, or a table or a message of ``layouts`` does not exist.
        DataError: The source is no schema that can be used, or has none of the messages.
        OSError: It cannot be read, or the folder cannot be written to.
    """
    if not name or not name.replace(".", "").isdigit():
        raise UsageError("The version of a wire is made of digits and dots, such as 2022.")
    with Path(source).open("rb") as file:
        schema = _schema(file.read(_LONGEST + 1))
    plan = compile_xsd(schema)
    known = sorted(set(TYPES) & set(plan["elements"]))
    if not known:
        raise DataError("This schema has none of the messages of the OSO exchange.")
    told = _told(wires.load(like), layouts or {}, known, name)
    made = (folder or data.user_folder()) / "schemas" / FORMAT / name
    release = _release(name, plan["namespace"], known)
    # before anything is written: a wire that is refused must not take the place of one that works
    wire = Wire(releases.Release(f"{FORMAT}/{name}", made, release), {}, told).using()
    made.mkdir(parents=True, exist_ok=True)
    (made / "berichten.xsd").write_bytes(schema)
    (made / "plan.json").write_text(plan_text(plan), "utf-8")
    (made / "layouts.toml").write_text(_toml(told), "utf-8")
    (made / "release.toml").write_text(_toml(release), "utf-8")
    releases.forget()
    return wire


def messages_in(source: str | os.PathLike[str]) -> list[str]:
    """The messages of the exchange that a schema has; none when the file is no schema, or one of something else.

    Args:
        source: An XSD, or a WSDL that holds one.

    Raises:
        OSError: It cannot be read.
    """
    with Path(source).open("rb") as file:
        content = file.read(_LONGEST + 1)
    try:
        root = parser.parse(_schema(content))
    except (DataError, DocumentError):
        return []
    return sorted(set(TYPES) & {str(one.get("name")) for one in root.iterchildren(f"{_XS}element")})


def remove(name: str) -> None:
    """Remove a wire from the user's data folder; where it took the place of ours, ours is back.

    Args:
        name: The version.

    Raises:
        UsageError: There is no such wire there.
        OSError: It cannot be removed.
    """
    found = wires.find(name)  # not loaded: one that is broken has to go as well
    if found.folder.parent != data.user_folder() / "schemas" / FORMAT:
        raise UsageError(f"The wire {found.version} is one that this package has itself.", remedy="It stays.")
    shutil.rmtree(found.folder)
    releases.forget()


def _schema(content: bytes) -> bytes:
    """The schema in a file: the file itself, or the only one that a WSDL holds."""
    if len(content) > _LONGEST:
        raise DataError("This file is too large for a schema.")
    root = parser.parse(content)
    found = [root] if root.tag == f"{_XS}schema" else root.findall(f"{_WSDL}types/{_XS}schema")
    if len(found) != 1:
        raise DataError("This is no XSD, and no WSDL with exactly one schema in it.")
    one = found[0]
    if any(one.find(f"{_XS}{tag}") is not None for tag in ("include", "import", "redefine")):
        raise DataError("This schema needs others.", remedy="Put them into one file first.")
    # the prefixes that a schema in a WSDL needs are declared around it, and come along
    return etree.tostring(one, encoding="UTF-8", xml_declaration=True, with_tail=False)


def _told(like: Wire, layouts: Mapping[str, Any], known: list[str], name: str) -> dict[str, Any]:
    """``layouts.toml`` of the new wire."""
    told = dict(like.using(**{table: row for table, row in layouts.items() if table != "bericht"}).told)
    rows = layouts.get("bericht", {})
    strange = next((one for one in rows if one not in known), None)
    if strange is not None:
        raise UsageError(f"The schema has no message {strange!r}.", remedy=choose(strange, known))
    source = f"official schema {name}"
    told["bericht"] = {one: {"mark": "confirmed", "source": source, **rows.get(one, {})} for one in known}
    return told


def _release(name: str, namespace: str, roots: list[str]) -> dict[str, Any]:
    title = dict.fromkeys(("nl", "en"), f"OSO-uitwisseling {name}")
    facts = {"id": f"{FORMAT}/{name}", "namespace": namespace, "roots": roots, "schema": "berichten.xsd"}
    return {**facts, "title": title}


def _toml(told: Mapping[str, Any], above: str = "") -> str:
    """Tables as TOML; texts, lists of texts and tables are all there is."""
    plain = {key: value for key, value in told.items() if not isinstance(value, Mapping)}
    # the strings of JSON are strings of TOML
    lines = [f"{json.dumps(key)} = {json.dumps(value, ensure_ascii=False)}" for key, value in plain.items()]
    text = f"[{above}]\n" * bool(above) + "".join(f"{line}\n" for line in lines)
    for key, value in told.items():
        if isinstance(value, Mapping):
            text += "\n" + _toml(value, f"{above}.{json.dumps(key)}" if above else json.dumps(key))
    return text
