"""WS-Addressing as Digikoppeling WUS and Edukoppeling use it: who a message is for, who it is from, what it asks.

An answer goes back over the connection on which the question came, so addresses to answer to are anonymous or none;
anything else would let a stranger steer our messages.  Each header is there once at most, and there are no others
(WS007).
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from lxml import etree

from oso_bridge import data, identifiers
from oso_bridge.errors import MessageRefused, UsageError, choose
from oso_bridge.signatures import names
from oso_bridge.signatures.faults import refuse

Kind = Literal["request", "query", "response"]
KINDS: tuple[Kind, ...] = get_args(Kind)

ANONYMOUS = f"{names.WSA}/anonymous"
"""The address of whoever is at the other end of the connection."""

NONE = f"{names.WSA}/none"
"""The address of nobody."""

FILE = ("schemas", "wus.toml")
_LONGEST = 2048
_WORD = re.compile(r"[!-~\u00a0-\U0010ffff]+")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:.+")
_REPLY = f"{names.WSA}/reply"
_RULES = {"To": "WUS.to", "Action": "WUS.action", "MessageID": "WUS.messageid", "RelatesTo": "WUS.relatesto"}
_ENDPOINTS = ("From", "ReplyTo", "FaultTo")


def new_id() -> str:
    """A MessageID that no other message has."""
    return uuid.uuid4().urn


@dataclass(frozen=True, slots=True)
class Addressing:
    """The headers of WS-Addressing of one message.

    Attributes:
        action: What is asked, or answered (Action).
        to: The address of the receiver, without its OIN (To); None for whoever is at the other end.
        to_oin: The OIN of the receiver.
        message_id: What tells this message from all others (MessageID); made up when it is not given.
        relates_to: The MessageID that this is the answer to (RelatesTo).
        from_oin: The OIN of the sender: of the school, also when its supplier sends (From).
        sender: The address of the sender, without its OIN (From); anonymous as a rule.
    """

    action: str
    to: str | None = None
    to_oin: str | None = None
    message_id: str = field(default_factory=new_id)
    relates_to: str | None = None
    from_oin: str | None = None
    sender: str = ANONYMOUS

    def answer(self, action: str) -> Addressing:
        """The headers of the answer to this message.

        Args:
            action: What is answered.
        """
        return Addressing(action, relates_to=self.message_id)


def profile(name: str) -> bool:
    """Whether the messages of a profile are signed.

    Args:
        name: ``2W-be`` or ``2W-be-S``.

    Raises:
        UsageError: There is no such profile. One with encryption is not supported.
    """
    known = data.toml(*FILE)["profile"]
    if name not in known:
        raise UsageError("There is no such profile.", remedy=choose(name, known))
    return bool(known[name]["signed"])


def code(rule: str) -> str | None:
    """The number that the best practice of Digikoppeling gives to what is wrong; None when it gives none.

    Args:
        rule: The rule of the error, such as ``WUS.action``.

    >>> code("WUS.action")
    '0006'
    """
    found: str | None = data.toml(*FILE)["code"].get(rule)
    return found


def _table(kind: Kind) -> dict[str, str]:
    if kind not in KINDS:
        raise UsageError("There is no such kind of message.", remedy=choose(kind, KINDS))
    found: dict[str, str] = data.toml(*FILE)["headers"][kind]
    return found


def write(addressing: Addressing, kind: Kind = "request") -> list[etree._Element]:
    """The header blocks of a message.

    Args:
        addressing: What they say.
        kind: ``request``, ``query`` (of which the sender may be left out) or ``response``.

    Raises:
        UsageError: Something that this kind has to say is missing, or is no address or OIN.
    """
    values = {name: value for name, value in _values(addressing) if value}
    table = _table(kind)
    for name, use in table.items():
        if use == "required" and name not in values:
            raise UsageError(f"A {kind} needs {name}.", remedy="Give it in Addressing.")
    made = [_block(name, values[name]) for name, use in table.items() if name in values and use != "unused"]
    try:
        read(made, kind)
    except MessageRefused as error:
        raise UsageError(error.what, remedy=error.remedy) from None
    return made


def _values(addressing: Addressing) -> Iterator[tuple[str, str | None]]:
    yield "Action", addressing.action
    yield "MessageID", addressing.message_id
    yield "RelatesTo", addressing.relates_to
    if addressing.to or addressing.to_oin:
        yield "To", _with_oin(addressing.to or ANONYMOUS, addressing.to_oin)
    if addressing.from_oin:
        yield "From", _with_oin(addressing.sender, addressing.from_oin)


def _block(name: str, value: str) -> etree._Element:
    element = etree.Element(f"{{{names.WSA}}}{name}", nsmap={"wsa": names.WSA})
    target = etree.SubElement(element, f"{{{names.WSA}}}Address") if name in _ENDPOINTS else element
    target.text = value
    return element


def _with_oin(address: str, oin: str | None) -> str:
    """An address that bears an OIN: ``oin`` in small letters, as education writes it."""
    if oin is None:
        return address
    return f"{address}{'&' if '?' in address else '?'}{urlencode({'oin': oin})}"


def read(blocks: Iterable[etree._Element], kind: Kind) -> Addressing:
    """What the header blocks of a message say.

    Args:
        blocks: All of them, those of WS-Security aside.
        kind: What kind of message it has to be.

    Raises:
        MessageRefused: One is missing, there twice, not as it has to be, or another one than these.
    """
    table = _table(kind)
    found: dict[str, str] = {}
    for block in blocks:
        name = _name(block, table)
        if name in found:
            raise refuse("WUS.dubbel", block, kop=name)
        found[name] = _endpoint(block, name) if name in _ENDPOINTS else _value(block, name)
    for name, use in table.items():
        if use == "required" and name not in found:
            raise refuse(_RULES.get(name, "WUS.waarde"), kop=name)
    return _addressing({name: value for name, value in found.items() if table[name] != "unused"})


def _addressing(found: dict[str, str]) -> Addressing:
    to, to_oin = _split(found["To"], "WUS.to", "To") if "To" in found else (None, None)
    sender, from_oin = _split(found["From"], "WUS.waarde", "From") if "From" in found else (ANONYMOUS, None)
    return Addressing(found["Action"], to, to_oin, found["MessageID"], found.get("RelatesTo"), from_oin, sender)


def _name(block: etree._Element, table: dict[str, str]) -> str:
    name = etree.QName(block)
    if name.namespace != names.WSA or name.localname not in table:
        raise refuse("WUS.kop", block)
    return name.localname


def _value(block: etree._Element, name: str) -> str:
    """The text of a header that has only text."""
    value = (block.text or "").strip()
    kind = block.get("RelationshipType", _REPLY)
    if len(block) or len(value) > _LONGEST or not _WORD.fullmatch(value) or kind != _REPLY:
        raise refuse(_RULES.get(name, "WUS.waarde"), block, kop=name)
    return value


def _endpoint(block: etree._Element, name: str) -> str:
    """The address in a header that has an endpoint reference: of that only the address may be there."""
    if [child.tag for child in block] != [f"{{{names.WSA}}}Address"] or (block.text or block[0].tail or "").strip():
        raise refuse("WUS.waarde", block, kop=name)
    address = _value(block[0], name)
    if name != "From" and address not in (ANONYMOUS, NONE):
        raise refuse("WUS.antwoordadres", block, kop=name)
    return address


def _split(address: str, rule: str, name: str) -> tuple[str, str | None]:
    """An address without its OIN, and the OIN; the name of the parameter is read in any capitals."""
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        raise refuse(rule, kop=name) from None
    oins = [value for key, value in pairs if key.casefold() == "oin"]
    if not _ABSOLUTE.fullmatch(address) or len(oins) > 1 or not all(map(identifiers.oin.is_valid, oins)):
        raise refuse(rule, kop=name)
    if not oins:
        return address, None
    rest = urlencode([(key, value) for key, value in pairs if key.casefold() != "oin"])
    return urlunsplit(parts._replace(query=rest)), oins[0]
