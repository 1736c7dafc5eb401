"""The shape of a signature, judged before anything is computed: where it stands, what it is over, and how it is made.

A library that checks a signature finds its parts by name, wherever they stand.  What could be found in two ways, or
means more than one thing, is refused here, so that what it finds is what is meant.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from cryptography import x509
from lxml import etree

from oso_bridge.errors import IdentityError
from oso_bridge.identity import Peer, Trust, certificates
from oso_bridge.signatures import names
from oso_bridge.signatures.faults import refuse, untrusted
from oso_bridge.sources import Source, load
from oso_bridge.xml import parser
from oso_bridge.xml.limits import Limits

MOST_REFERENCES = 20
"""How many parts one signature is over at most; a message of Digikoppeling has eight or so."""

_LOCAL = re.compile(r"#[A-Za-z_][\w.\-]*", re.ASCII)
# whatever a reader takes for an Id: Id, ID, id, xml:id, wsu:Id, or one in a namespace of its own
_SAME_ID = etree.XPath("//*[@*[translate(local-name(), 'ID', 'id') = 'id' and normalize-space() = $name]]")
_INCLUSIVE = f"{{{names.EC}}}InclusiveNamespaces"


def ds(name: str) -> str:
    """The full name of an element of XML signatures."""
    return f"{{{names.DS}}}{name}"


def parse(source: Source, limits: Limits) -> etree._Element:
    """The root of a document that is signed, or will be; without comments, which no signature covers.

    Raises:
        NotXml: It is not XML that can be read.
        UnsafeDocument: It has a DOCTYPE or exceeds a limit.
        SignatureRefused: It has a processing instruction: some readers cut a text in two there.
    """
    root = parser.parse(load(source, limits.max_bytes).data, limits, instructions=True)
    parser.refuse_shape(root, limits)
    if parser.has_instruction(root):
        raise refuse("SIG.instructie")
    return root


def only_signature(root: etree._Element) -> etree._Element:
    """The one signature in a document, wherever it stands.

    Raises:
        SignatureRefused: There is none or there are several, or parts are encrypted.
    """
    for namespace in names.XENC:
        for element in root.iter(f"{{{namespace}}}*"):
            raise refuse("SIG.versleuteld", element)
    found = list(root.iter(names.SIGNATURE))
    if not found:
        raise refuse("SIG.geen")
    if len(found) > 1:
        raise refuse("SIG.meer", found[1], aantal=str(len(found)))
    return found[0]


def references(signature: etree._Element, transforms: Collection[Sequence[str]]) -> list[str]:
    """The URI of each part that a signature is over.

    Args:
        signature: The signature.
        transforms: What may be done to a part before its digest is made; how a part may be put into its canonical form,
            which is the last of it, holds for the signature too.

    Raises:
        SignatureRefused: The signature has another shape, an algorithm or transform that is not on the lists, or a
            reference to something outside the document.
    """
    info, value, _ = _children(signature, "SignedInfo", "SignatureValue", "KeyInfo")
    _base64(value, "SIG.vorm")
    if not 3 <= len(info) <= MOST_REFERENCES + 2:
        raise refuse("SIG.vorm", info)
    canonical, method, *parts = _children(info, "CanonicalizationMethod", "SignatureMethod", *_repeat(info))
    forms = {sequence[-1] for sequence in transforms}
    _algorithm(canonical, forms, "SIG.algoritme", inside=(_INCLUSIVE,))
    _algorithm(method, names.METHODS, "SIG.algoritme")
    return [_reference(part, transforms) for part in parts]


def _repeat(info: etree._Element) -> list[str]:
    return ["Reference"] * (len(info) - 2)


def _children(element: etree._Element, *wanted: str) -> list[etree._Element]:
    """The elements below an element, which have to be these."""
    if [child.tag for child in element] != [ds(name) for name in wanted]:
        raise refuse("SIG.vorm", element)
    return list(element)


def _algorithm(element: etree._Element, allowed: Collection[str], rule: str, inside: Sequence[str] = ()) -> str:
    """The algorithm of an element, when it is on the list."""
    named = element.get("Algorithm", "")
    if named not in allowed:
        raise refuse(rule, element, algoritme=names.told(named))
    if len(element) > 1 or any(child.tag not in inside for child in element):
        raise refuse("SIG.vorm", element)
    return named


def _reference(part: etree._Element, transforms: Collection[Sequence[str]]) -> str:
    steps, digest, value = _children(part, "Transforms", "DigestMethod", "DigestValue")
    _base64(value, "SIG.vorm")
    _algorithm(digest, names.DIGESTS, "SIG.algoritme")
    known = {step for sequence in transforms for step in sequence}
    chosen = tuple(
        _algorithm(step, known, "SIG.transformatie", inside=(_INCLUSIVE,))
        for step in _children(steps, *["Transform"] * len(steps))
    )
    if chosen not in transforms:
        raise refuse("SIG.transformatie", steps, algoritme=names.told(chosen[-1] if chosen else None))
    uri = part.get("URI")
    if uri is None or (uri and not _LOCAL.fullmatch(uri)):
        raise refuse("SIG.verwijzing", part)
    return uri


def holder(root: etree._Element, uri: str) -> etree._Element:
    """The one element that a reference within the document leads to.

    Raises:
        SignatureRefused: There is none, or another reader may take another one.
    """
    found: Any = _SAME_ID(root, name=uri[1:])
    if not found:
        raise refuse("SIG.verwijzing")
    if len(found) > 1:
        raise refuse("SIG.dubbel-id", found[1])
    element: etree._Element = found[0]
    return element


def certificate(element: etree._Element) -> bytes:
    """The certificate (DER) that stands in an element as base64.

    Raises:
        SignatureRefused: There is none.
    """
    return _base64(element, "SIG.certificaat")


def _base64(element: etree._Element, rule: str) -> bytes:
    """The bytes that an element holds in base64, which has no other signs in it and nothing inside."""
    try:
        found = base64.b64decode("".join((element.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not found or len(element):
        raise refuse(rule, element)
    return found


def signer(
    chain: Sequence[bytes], trust: Trust, at: datetime, element: etree._Element
) -> tuple[x509.Certificate, Peer]:
    """The certificate of who signed, and who that is.

    Raises:
        SignatureRefused: It is not trusted, for a reason that is told.
    """
    try:
        peer = trust.verify(chain, "signing", at=at)
    except IdentityError as error:
        fault = untrusted(error, element)
    else:
        return certificates.load(chain[0]), peer
    raise fault


def tree(text: bytes) -> etree._Element:
    """The tree of a text that was signed."""
    return etree.fromstring(text, parser.lenient())
