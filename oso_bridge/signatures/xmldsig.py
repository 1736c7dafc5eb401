"""Signed documents: an XML signature inside the document it is over (enveloped, XML Signature 1.1).

No standard of OSO asks for one; it is for parties that agree on it.  It is over the whole document, so that nothing in
it can be left out or moved.  The dossier inside is that of :attr:`Signed.xml`: what was signed, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from lxml import etree

from oso_bridge.identity import Identity, Peer, Trust
from oso_bridge.signatures import engine, names, parts
from oso_bridge.signatures.faults import refuse
from oso_bridge.sources import Source
from oso_bridge.xml import parser
from oso_bridge.xml.limits import DEFAULT, Limits

_TRANSFORMS = tuple((names.ENVELOPED, form) for form in names.CANONICAL)


@dataclass(frozen=True, slots=True)
class Signed:
    """A document whose signature is good.

    Attributes:
        xml: Exactly what was signed, in canonical form: the document without its signature.
        peer: Who signed it.
        line: The line of the signature.
    """

    xml: bytes = field(repr=False)
    peer: Peer
    line: int | None


def sign(source: Source, identity: Identity, *, limits: Limits = DEFAULT) -> bytes:
    """Sign a document.

    Args:
        source: The document: a path, bytes or an open file.
        identity: Who signs, an identity for ``signing``.
        limits: What the document may ask for.

    Returns:
        The document in UTF-8, with the signature as the last child of its root; comments are left out, for no signature
        covers them.

    Raises:
        OSError: The source cannot be read.
        NotXml: It is not XML that can be read.
        UnsafeDocument: It has a DOCTYPE or exceeds a limit.
        SignatureRefused: It has a signature already, or a processing instruction.
        IdentityError: The identity is for another purpose.
        UsageError: The extra ``sign`` is not installed.
    """
    root = parts.parse(source, limits)
    if next(root.iter(names.SIGNATURE), None) is not None:
        raise refuse("SIG.al-ondertekend")
    return etree.tostring(engine.sign_document(root, identity), encoding="UTF-8", xml_declaration=True)


def verify(source: Source, trust: Trust, *, at: datetime | None = None, limits: Limits = DEFAULT) -> Signed:
    """Check the signature of a document, and give what was signed.

    Args:
        source: The document: a path, bytes or an open file.
        trust: Whom to trust as signer.
        at: The time to judge certificates by, with a time zone; now when None.
        limits: What the document may ask for.

    Returns:
        What was signed, and by whom. Use that, and not the document.

    Raises:
        OSError: The source cannot be read.
        NotXml: It is not XML that can be read.
        UnsafeDocument: It has a DOCTYPE or exceeds a limit.
        SignatureRefused: There is no good signature over all of it by someone who is trusted; ``rule`` says why.
        UsageError: The extra ``sign`` is not installed.
    """
    at, root = at or datetime.now(UTC), parts.parse(source, limits)
    signature = parts.only_signature(root)
    if signature.getparent() is not root:
        raise refuse("SIG.plaats", signature)
    uris = parts.references(signature, _TRANSFORMS)
    if len(uris) != 1 or (uris[0] and parts.holder(root, uris[0]) is not root):
        raise refuse("SIG.niet-alles", signature, deel="document")
    leaf, peer = parts.signer(_chain(signature), trust, at, signature)
    (signed,) = engine.verify(root, leaf, "./", 1, at)
    return Signed(signed, peer, parser.line_of(signature))


def _chain(signature: etree._Element) -> list[bytes]:
    """The certificates in a signature, that of the signer first; any other kind of key is refused."""
    (info,) = signature.iterchildren(parts.ds("KeyInfo"))
    if [child.tag for child in info] != [parts.ds("X509Data")]:
        raise refuse("SIG.sleutel", info)
    if not len(info[0]) or any(child.tag != parts.ds("X509Certificate") for child in info[0]):
        raise refuse("SIG.sleutel", info)
    return [parts.certificate(child) for child in info[0]]
