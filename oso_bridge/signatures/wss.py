"""WS-Security as Digikoppeling 2W-be-S asks: a Timestamp, the certificate, and a signature over all that matters.

Signed are the Body, every header of WS-Addressing and the Timestamp, each by a reference of its own (WB004), in the
exclusive canonical form (WB007), with a certificate that stands in the message and is referred to directly (WB009).
What comes out of :func:`verify` is made of the text that was signed; the message itself is not looked at any more.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from oso_bridge.identity import Identity, Peer, Trust
from oso_bridge.signatures import engine, envelopes, names, parts, timestamps
from oso_bridge.signatures.envelopes import Envelope
from oso_bridge.signatures.faults import refuse
from oso_bridge.signatures.replays import ReplayStore, key_of
from oso_bridge.signatures.timestamps import LIFETIME, Window
from oso_bridge.xml.limits import DEFAULT, Limits

_SOAP_UNDERSTAND = f"{{{names.SOAP}}}mustUnderstand"
_TRANSFORMS = ((names.EXCLUSIVE,),)
_LOCATION = f"./{names.HEADER}/{names.SECURITY}/"
_MESSAGE_ID = f"{{{names.WSA}}}MessageID"
_XSI_TYPE = etree.XPath("boolean(.//@xsi:type)", namespaces={"xsi": "http://www.w3.org/2001/XMLSchema-instance"})


@dataclass(frozen=True, slots=True)
class Verified:
    """A message whose signature is good: what was signed, and nothing else.

    Attributes:
        headers: The headers of WS-Addressing.
        body: The Body.
        peer: Who signed.
        created: When the message was made, as it says itself.
        signature: The value of the signature, which the answer confirms (WB014).
    """

    headers: tuple[etree._Element, ...] = field(repr=False)
    body: etree._Element = field(repr=False)
    peer: Peer
    created: datetime
    signature: str = field(repr=False)


def sign(
    root: etree._Element,
    identity: Identity,
    *,
    at: datetime | None = None,
    lifetime: timedelta = LIFETIME,
    confirms: str | None = None,
) -> str:
    """Put WS-Security into a message.

    Args:
        root: The envelope, with its other headers; it is changed.
        identity: Who signs, an identity for ``signing``.
        at: When the message is made, with a time zone; now when None.
        lifetime: How long it may be under way.
        confirms: The value of the signature of the request, in the answer to a signed request (WB014).

    Returns:
        The value of the signature.

    Raises:
        IdentityError: The identity is for another purpose.
        UsageError: The extra ``sign`` is not installed.
    """
    header, body = root
    signed = [body, *header, timestamps.make(at or datetime.now(UTC), lifetime)]
    security = etree.SubElement(header, names.SECURITY, {_SOAP_UNDERSTAND: "1"}, nsmap={"wsse": names.WSSE})
    security.append(signed[-1])
    if confirms is not None:
        nsmap = {"wsse11": names.WSSE11}
        signed.append(etree.SubElement(security, names.CONFIRMATION, Value=confirms, nsmap=nsmap))
    ids = {_named(element): _prefixes(element) for element in signed}
    token = _token(security, identity)
    made = engine.sign_parts(root, ids, identity, _key_info(token))
    security.append(made)
    return _signature_value(made)


def _named(element: etree._Element) -> str:
    """The Id of an element, which it gets here."""
    name = f"id-{secrets.token_hex(16)}"
    element.set(names.WSU_ID, name)
    return name


def _prefixes(element: etree._Element) -> list[str]:
    """The prefixes of which the meaning has to be signed too: those in values, which the exclusive form overlooks."""
    if not _XSI_TYPE(element):
        return []
    return sorted({prefix for child in element.iter() for prefix in child.nsmap if prefix})


def _token(security: etree._Element, identity: Identity) -> etree._Element:
    """The certificate, before the signature that refers to it: some readers take what they have met."""
    token = etree.SubElement(security, names.TOKEN, EncodingType=names.BASE64, ValueType=names.X509V3)
    token.text = base64.b64encode(identity.certificate.public_bytes(Encoding.DER)).decode("ascii")
    _named(token)
    return token


def _key_info(token: etree._Element) -> etree._Element:
    info = etree.Element(parts.ds("KeyInfo"), nsmap={"ds": names.DS, "wsse": names.WSSE})
    reference = etree.SubElement(info, names.TOKEN_REFERENCE)
    uri = f"#{token.get(names.WSU_ID)}"
    etree.SubElement(reference, names.DIRECT_REFERENCE, URI=uri, ValueType=names.X509V3)
    return info


def _signature_value(signature: etree._Element) -> str:
    return "".join(signature.findtext(parts.ds("SignatureValue"), "").split())


def verify(
    message: bytes | Envelope,
    trust: Trust,
    *,
    replays: ReplayStore | None,
    confirms: str | None = None,
    at: datetime | None = None,
    window: Window | None = None,
    limits: Limits = DEFAULT,
) -> Verified:
    """Check the signature of a message, and give what was signed.

    Args:
        message: The message.
        trust: Whom to trust as signer.
        replays: Knows which messages came before. None only for an answer, which its RelatesTo ties to one request.
        confirms: The value of the signature of our request, which its answer has to confirm.
        at: The time to judge by, with a time zone; now when None.
        window: How old a message may be, and how far clocks may differ.
        limits: What the message may ask for.

    Raises:
        NotXml: It is not XML that can be read.
        UnsafeDocument: It has a DOCTYPE or exceeds a limit.
        MessageRefused: It is no envelope of SOAP.
        SignatureRefused: A part is not signed, not by someone who is trusted, not now, or not for the first time.
        UsageError: The extra ``sign`` is not installed.
    """
    at, window = at or datetime.now(UTC), window or Window()
    envelope = message if isinstance(message, Envelope) else envelopes.read(message, limits)
    secured = _secured(envelope)
    leaf, peer = parts.signer([parts.certificate(secured.token)], trust, at, secured.token)
    signed = _signed(secured, engine.verify(envelope.root, leaf, _LOCATION, len(secured.signed), at))
    created = timestamps.check(signed[secured.timestamp], at, window)
    headers = tuple(signed[block] for block in secured.headers)
    _confirm([signed[element] for element in secured.confirmations], confirms)
    if replays is not None:
        _first_time(headers, peer, replays, window.until(created), at)
    return Verified(headers, signed[envelope.body], peer, created, _signature_value(secured.signature))


@dataclass(frozen=True, slots=True)
class _Secured:
    """The parts of WS-Security of a message, and what the signature says that it is over, in order."""

    signature: etree._Element
    token: etree._Element
    timestamp: etree._Element
    confirmations: list[etree._Element]
    headers: list[etree._Element]
    signed: list[etree._Element]


def _secured(envelope: Envelope) -> _Secured:
    """Where everything stands, before anything is computed.

    Raises:
        SignatureRefused: Something stands elsewhere, is there twice, or is not signed.
    """
    refuse_plain_fault(envelope)
    signature = parts.only_signature(envelope.root)
    security = _one([block for block in envelope.headers if block.tag == names.SECURITY], signature, "SIG.plaats")
    if signature.getparent() is not security:
        raise refuse("SIG.plaats", signature)
    by_tag = _by_tag(security)
    token, timestamp = (_one(by_tag[tag], signature, "SIG.beveiliging") for tag in (names.TOKEN, names.TIMESTAMP))
    uris = parts.references(signature, _TRANSFORMS)
    _refuse_other_key(envelope, signature, token)
    headers = [block for block in envelope.headers if block is not security]
    wanted = [envelope.body, timestamp, *headers, *by_tag[names.CONFIRMATION]]
    signed = _targets(envelope, uris, [*wanted, token])
    for element in wanted:
        if element not in signed:
            raise refuse("SIG.niet-alles", element, deel=_told(element))
    return _Secured(signature, token, timestamp, by_tag[names.CONFIRMATION], headers, signed)


def refuse_plain_fault(envelope: Envelope) -> None:
    """Refuse a message that says that something went wrong, without any signature.

    Raises:
        SignatureRefused: It is one.
    """
    if envelope.body[0].tag == names.FAULT and next(envelope.root.iter(names.SIGNATURE), None) is None:
        raise refuse("SIG.fout", envelope.body[0])


def _by_tag(security: etree._Element) -> dict[str, list[etree._Element]]:
    known = (names.TOKEN, names.TIMESTAMP, names.CONFIRMATION, names.SIGNATURE)
    found: dict[str, list[etree._Element]] = {tag: [] for tag in known}
    for child in security:
        if child.tag not in found:
            raise refuse("SIG.beveiliging", child)
        found[child.tag].append(child)
    return found


def _one(found: list[etree._Element], near: etree._Element, rule: str) -> etree._Element:
    if len(found) != 1:
        raise refuse(rule, near)
    return found[0]


def _refuse_other_key(envelope: Envelope, signature: etree._Element, token: etree._Element) -> None:
    """The key is that of the token, by a direct reference and by nothing else (WB010)."""
    (info,) = signature.iterchildren(parts.ds("KeyInfo"))
    below = [element.tag for element in info.iterdescendants()]
    if below != [names.TOKEN_REFERENCE, names.DIRECT_REFERENCE]:
        raise refuse("SIG.sleutel", info)
    uri = info[0][0].get("URI", "")
    if not uri.startswith("#") or parts.holder(envelope.root, uri) is not token:
        raise refuse("SIG.sleutel", info)
    if token.get("ValueType") != names.X509V3 or token.get("EncodingType", names.BASE64) != names.BASE64:
        raise refuse("SIG.certificaat", token)


def _targets(envelope: Envelope, uris: list[str], allowed: list[etree._Element]) -> list[etree._Element]:
    """What each reference leads to, which has to stand where it is used and be named there by ``wsu:Id``."""
    found = [parts.holder(envelope.root, uri) if uri else envelope.root for uri in uris]
    for element, uri in zip(found, uris, strict=True):
        if element not in allowed or element.get(names.WSU_ID) != uri[1:] or found.count(element) > 1:
            raise refuse("SIG.verplaatst", element)
    return found


def _told(element: etree._Element) -> str:
    """The name of a part; only of those that we know, for a made-up name may be anything."""
    name = etree.QName(element)
    return name.localname if name.namespace in (names.SOAP, names.WSA, names.WSU, names.WSSE11) else "-"


def _signed(secured: _Secured, texts: list[bytes]) -> dict[etree._Element, etree._Element]:
    """For each part the tree of the text that was signed."""
    made = {}
    for element, text in zip(secured.signed, texts, strict=True):
        tree = parts.tree(text)
        if tree.tag != element.tag:
            raise refuse("SIG.verplaatst", element)
        made[element] = tree
    return made


def _confirm(found: list[etree._Element], wanted: str | None) -> None:
    values = ["".join(element.get("Value", "").split()) for element in found]
    if values != ([] if wanted is None else [wanted]):
        raise refuse("SIG.bevestiging")


def _first_time(
    headers: tuple[etree._Element, ...], peer: Peer, replays: ReplayStore, until: datetime, at: datetime
) -> None:
    ids = [(block.text or "").strip() for block in headers if block.tag == _MESSAGE_ID]
    if len(ids) != 1 or not ids[0]:
        raise refuse("WUS.messageid", kop="MessageID")
    if not replays.add(key_of(peer.oin, ids[0]), until, at):
        raise refuse("SIG.herhaald")
