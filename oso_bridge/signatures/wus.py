"""Whole messages of Digikoppeling WUS: written, and read through every check in the order that is safe.

One profile holds for a whole service, questions and answers alike (WB011): ``2W-be`` leaves authentication to TLS,
``2W-be-S`` signs.  Encryption (``2W-be-SE``) is not supported; such a message is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lxml import etree

from oso_bridge.errors import UsageError
from oso_bridge.identity import Identity, Peer, Trust
from oso_bridge.signatures import addressing as headers
from oso_bridge.signatures import envelopes, names, parts, wss
from oso_bridge.signatures.addressing import Addressing, Kind
from oso_bridge.signatures.faults import refuse
from oso_bridge.signatures.replays import ReplayStore
from oso_bridge.signatures.timestamps import LIFETIME, Window
from oso_bridge.xml.limits import DEFAULT, Limits


@dataclass(frozen=True, slots=True)
class Written:
    """A message that can be sent.

    Attributes:
        xml: The message, in UTF-8.
        signature: The value of its signature, which the answer has to confirm; None when it is not signed.
    """

    xml: bytes = field(repr=False)
    signature: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a message that comes in has to say.

    Attributes:
        to: Our addresses; None does not look at To.
        oin: Our OIN; when To bears one it has to be this.
        actions: For each Action the full name (``{namespace}name``) of the element in the Body; None takes any.
        soap_action: The HTTP header SOAPAction as it came; None when there is none to look at.
        relates_to: The MessageID of our request.
        confirms: The value of the signature of our request.
        mandate: Says whether a party (the OIN of its certificate) may speak for another (the OIN in From). None: nobody
            speaks for anybody else.
    """

    to: Collection[str] | None = None
    oin: str | None = None
    actions: Mapping[str, str] | None = None
    soap_action: str | None = None
    relates_to: str | None = None
    confirms: str | None = None
    mandate: Callable[[str, str], bool] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was accepted.

    Attributes:
        payload: The element in the Body: of a signed message exactly what was signed.
        name: Its full name: ``{namespace}name``.
        addressing: Its headers.
        peer: Who sent it: who signed, or else whom TLS met.
        created: When it was made; None when it is not signed.
        signature: The value of its signature; None when it is not signed.
    """

    payload: bytes = field(repr=False)
    name: str = field(repr=False)
    addressing: Addressing
    peer: Peer | None
    created: datetime | None = None
    signature: str | None = field(default=None, repr=False)

    @property
    def fault(self) -> bool:
        """Whether it says that something went wrong (a SOAP Fault)."""
        return self.name == names.FAULT


def write(
    payload: bytes,
    addressing: Addressing,
    *,
    profile: str = "2W-be",
    kind: Kind = "request",
    identity: Identity | None = None,
    confirms: str | None = None,
    at: datetime | None = None,
    lifetime: timedelta = LIFETIME,
    limits: Limits = DEFAULT,
) -> Written:
    """Write a message.

    Args:
        payload: The XML of the one element of its Body.
        addressing: Its headers.
        profile: ``2W-be`` or ``2W-be-S``.
        kind: ``request``, ``query`` or ``response``.
        identity: Who signs, for ``2W-be-S``.
        confirms: In the answer to a signed request, the value of its signature (WB014).
        at: When it is made, with a time zone; now when None.
        lifetime: How long it may be under way.
        limits: What the payload may ask for.

    Raises:
        NotXml: The payload is not XML.
        UnsafeDocument: It has a DOCTYPE or exceeds a limit.
        SignatureRefused: It has a processing instruction.
        IdentityError: The identity is for another purpose.
        UsageError: A header or the identity is missing, or there is no such profile.
    """
    signed = headers.profile(profile)
    if signed != (identity is not None):
        raise UsageError(f"The messages of {profile} are{'' if signed else ' not'} signed.", remedy="See identity=.")
    root = envelopes.make(headers.write(addressing, kind), parts.parse(payload, limits))
    value = wss.sign(root, identity, at=at, lifetime=lifetime, confirms=confirms) if identity else None
    return Written(etree.tostring(root, encoding="UTF-8", xml_declaration=True), value)


def read(
    message: bytes,
    expected: Expected,
    *,
    profile: str = "2W-be",
    kind: Kind = "request",
    trust: Trust | None = None,
    replays: ReplayStore | None = None,
    peer: Peer | None = None,
    at: datetime | None = None,
    window: Window | None = None,
    limits: Limits = DEFAULT,
) -> Message:
    """Read a message that came in.

    Args:
        message: As it came.
        expected: What it has to say.
        profile: ``2W-be`` or ``2W-be-S``.
        kind: What kind of message it has to be.
        trust: Whom to trust as signer, for ``2W-be-S``.
        replays: Knows which messages came before, for a request of ``2W-be-S``.
        peer: Whom TLS met.
        at: The time to judge by, with a time zone; now when None.
        window: How old a message may be, and how far clocks may differ.
        limits: What the message may ask for.

    Raises:
        NotXml: It is not XML that can be read.
        UnsafeDocument: It has a DOCTYPE or exceeds a limit.
        MessageRefused: It is not accepted; ``rule`` says why, and :func:`oso_bridge.signatures.addressing.code` gives
            the number of Digikoppeling.
        UsageError: The profile needs ``trust`` or ``replays``, does not exist, or needs the extra ``sign``.
    """
    envelope = envelopes.read(message, limits)
    if headers.profile(profile):
        if trust is None or (replays is None and kind != "response"):
            raise UsageError(f"The messages of {profile} are signed.", remedy="Give trust= and replays=.")
        found = _signed(envelope, expected, kind, trust, replays, at, window)
    else:
        said = headers.read(envelope.headers, kind)
        found = Message(_text(envelope.body), envelope.body[0].tag, said, peer)
    _refuse_other(found, expected, kind)
    return found


def _signed(
    envelope: envelopes.Envelope,
    expected: Expected,
    kind: Kind,
    trust: Trust,
    replays: ReplayStore | None,
    at: datetime | None,
    window: Window | None,
) -> Message:
    """A signed message, made of what was signed; its headers are judged before anything is computed, and once more."""
    wss.refuse_plain_fault(envelope)
    headers.read((block for block in envelope.headers if block.tag != names.SECURITY), kind)
    found = wss.verify(envelope, trust, replays=replays, confirms=expected.confirms, at=at, window=window)
    said = headers.read(found.headers, kind)
    return Message(_text(found.body), found.body[0].tag, said, found.peer, found.created, found.signature)


def _text(body: etree._Element) -> bytes:
    return etree.tostring(body[0], encoding="UTF-8", with_tail=False)


def _refuse_other(message: Message, expected: Expected, kind: Kind) -> None:
    """Refuse a message that is not for us, not what was asked, or not from whom it says."""
    said = message.addressing
    if expected.to is not None and said.to is not None and said.to not in expected.to:
        raise refuse("WUS.to", kop="To")
    if said.to_oin is not None and expected.oin is not None and said.to_oin != expected.oin:
        raise refuse("WUS.to", kop="To")
    if kind == "response" and said.relates_to != expected.relates_to:
        raise refuse("WUS.relatesto", kop="RelatesTo")
    if kind != "response" and message.fault:
        raise refuse("WUS.envelop")
    if not message.fault:
        _refuse_other_action(message, expected)
    _refuse_other_sender(message, expected)


def _refuse_other_action(message: Message, expected: Expected) -> None:
    """What is done goes by the element in the Body; Action and SOAPAction have to agree with it (WS002)."""
    action, actions = message.addressing.action, expected.actions
    if actions is not None and (action not in actions or actions[action] != message.name):
        raise refuse("WUS.action", kop="Action")
    if expected.soap_action is not None and expected.soap_action.strip() not in ("", '""', action, f'"{action}"'):
        raise refuse("WUS.soapaction")


def _refuse_other_sender(message: Message, expected: Expected) -> None:
    """A party speaks for itself, or for one that gave it a mandate."""
    named = message.addressing.from_oin
    if named is None or (message.peer is not None and message.peer.oin == named):
        return
    holder = message.peer.oin if message.peer else None
    if holder is None or expected.mandate is None or not expected.mandate(holder, named):
        raise refuse("WUS.afzender")
