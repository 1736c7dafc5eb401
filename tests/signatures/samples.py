"""Signed messages, and ways to spoil them: a small generator of wrapped messages, and a forger with a key.

What is forged is signed with the key of the party itself, by code that shares nothing with the package, so that it is
the policy that refuses it and not the arithmetic.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from lxml import etree

from oso_bridge.identity import Identity, Trust
from oso_bridge.pki import Authority, pem
from oso_bridge.signatures import Addressing, MemoryReplays, wus
from oso_bridge.signatures import names as n

PAYLOAD = b'<v:vraag xmlns:v="urn:vraag"><v:naam>Kanarie-7731</v:naam></v:vraag>'
EVIL = b'<v:vraag xmlns:v="urn:vraag"><v:naam>Boef</v:naam></v:vraag>'
TO = "https://doel.invalid/dienst"
ACTION = "urn:vraag:stellen"
HEADERS = ("To", "Action", "MessageID", "From")
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
XML_ID = "{http://www.w3.org/XML/1998/namespace}id"
ID_STYLES = (None, n.WSU_ID, "Id", "ID", "id", XML_ID, "{urn:elders}Id", "{urn:elders}id")


def wsa(name: str) -> str:
    return f"{{{n.WSA}}}{name}"


def ds(name: str) -> str:
    return f"{{{n.DS}}}{name}"


class Party:
    """Someone who signs, and the trust of those who read."""

    def __init__(self, authority: Authority, name: str = "bron") -> None:
        self.authority = authority
        self.identity: Identity = authority.identity("signing", name=name)
        self.oin = str(self.identity.oin)
        self.trust = self.trusting()

    def trusting(self, **options: Any) -> Trust:
        """Trust in this party."""
        return self.authority.trust(**{"allowed_oins": {self.oin}, "chain": pem(*self.authority.chain), **options})

    def write(self, payload: bytes = PAYLOAD, addressing: Addressing | None = None, **options: Any) -> wus.Written:
        """A signed request."""
        said = addressing or Addressing(ACTION, to=TO, from_oin=self.oin)
        return wus.write(payload, said, profile="2W-be-S", identity=self.identity, **options)

    def read(self, message: bytes, expected: wus.Expected | None = None, **options: Any) -> wus.Message:
        """A signed request that came in."""
        given = {"profile": "2W-be-S", "trust": self.trust, "replays": MemoryReplays(), **options}
        return wus.read(message, expected or wus.Expected(to={TO}), **given)


def bytes_of(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def parts(root: etree._Element) -> dict[str, etree._Element]:
    """The parts of a message that a signature has to be over, by name."""
    found = {name: root.find(f"{n.HEADER}/{wsa(name)}") for name in HEADERS}
    found["Timestamp"] = root.find(f"{n.HEADER}/{n.SECURITY}/{n.TIMESTAMP}")
    found["Body"] = root.find(n.BODY)
    return found


# --- wrapping ---------------------------------------------------------------------------------------------------------


def _wrapper(parent: etree._Element) -> etree._Element:
    return etree.SubElement(parent, "{urn:elders}Wrapper")


PLACES: dict[str, Callable[[etree._Element], etree._Element]] = {
    "envelope": lambda root: root,
    "wrapper-in-envelope": lambda root: _wrapper(root),
    "header": lambda root: root[0],
    "wrapper-in-header": lambda root: _wrapper(root[0]),
    "security": lambda root: root.find(f"{n.HEADER}/{n.SECURITY}"),
    "wrapper-in-security": lambda root: _wrapper(root.find(f"{n.HEADER}/{n.SECURITY}")),
    "object": lambda root: etree.SubElement(root.find(f".//{n.SIGNATURE}"), ds("Object")),
    "key-info": lambda root: root.find(f".//{ds('KeyInfo')}"),
    "payload": lambda root: root[-1][0],
}
"""Where the part that was signed is put out of the way."""


def _evil(name: str, good: etree._Element) -> etree._Element:
    """What the attacker wants to be read in the place of a part."""
    made = copy.deepcopy(good)
    made.attrib.clear()
    if name == "Body":
        made[:] = [etree.fromstring(EVIL)]
    elif name == "Timestamp":
        for child in made:
            child.text = str(child.text).replace("T", "T", 1)
    elif name == "From":
        made[0].text = str(made[0].text)[:-3] + "999"
    else:
        made.text = "urn:boef"
    return made


def wrapped(message: bytes) -> Iterator[tuple[str, bytes]]:
    """Every part, put in every other place, with an evil one in its own place that has an Id of every style."""
    for name in parts(etree.fromstring(message)):
        for place, where in PLACES.items():
            for style in ID_STYLES:
                for first in (True, False):
                    yield from _wrapped(message, name, place, where, style, first)


def _wrapped(
    message: bytes, name: str, place: str, where: Callable[[Any], Any], style: str | None, first: bool
) -> Iterator[tuple[str, bytes]]:
    root = etree.fromstring(message)
    good = parts(root)[name]
    evil = _evil(name, good)
    if style:
        evil.set(style, good.get(n.WSU_ID, ""))
    if place == "envelope" and not first:
        good.addprevious(evil)  # two of them next to each other
    else:
        good.getparent().replace(good, evil)
        target = where(root)
        target.insert(0 if first else len(target), good)
    yield f"{name} {place} {style} {first}", bytes_of(root)


# --- forging ----------------------------------------------------------------------------------------------------------


@dataclass
class Forger:
    """Signs what a party would not: with its key, or with none."""

    key: Any
    method: str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
    digest: str = SHA256
    secret: bytes | None = None

    def sign(self, root: etree._Element) -> bytes:
        """Make digests and value of the signature in a message anew, as it now stands."""
        signature = root.find(f".//{n.SIGNATURE}")
        info = signature.find(ds("SignedInfo"))
        info.find(ds("SignatureMethod")).set("Algorithm", self.method)
        for reference in info.iterfind(ds("Reference")):
            reference.find(ds("DigestMethod")).set("Algorithm", self.digest)
            target = _target(root, reference.get("URI", ""))
            if target is not None:
                made = self._hash(_canonical(target, reference))
                reference.find(ds("DigestValue")).text = base64.b64encode(made).decode()
        text = etree.tostring(info, method="c14n", exclusive=_is_exclusive(info[0]), with_comments=False)
        signature.find(ds("SignatureValue")).text = base64.b64encode(self._value(text)).decode()
        return bytes_of(root)

    def _hash(self, data: bytes) -> bytes:
        name = self.digest.rpartition("#")[2]
        return hashlib.new(name, data).digest()

    def _value(self, text: bytes) -> bytes:
        name = "sha1" if self.method.endswith("sha1") else "sha256"
        if self.secret is not None:
            return hmac.new(self.secret, text, name).digest()
        kind = hashes.SHA1() if name == "sha1" else hashes.SHA256()  # noqa: S303
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(text, padding.PKCS1v15(), kind)
        r, s = utils.decode_dss_signature(self.key.sign(text, ec.ECDSA(kind)))
        return r.to_bytes(32) + s.to_bytes(32)


def _is_exclusive(element: etree._Element) -> bool:
    return str(element.get("Algorithm")).startswith(n.EXCLUSIVE)


def _target(root: etree._Element, uri: str) -> etree._Element | None:
    if uri == "":
        return root
    found = root.xpath("//*[@*[local-name()='Id' or local-name()='ID']=$name]", name=uri.lstrip("#"))
    return found[0] if found else None


def _canonical(target: etree._Element, reference: etree._Element) -> bytes:
    """The canonical text of a part; an enveloped signature is taken out of a copy."""
    last = reference.find(ds("Transforms"))[-1]
    copied = etree.fromstring(etree.tostring(target, with_tail=False))
    for signature in list(copied.iterchildren(n.SIGNATURE)) if reference.get("URI") == "" else []:
        copied.remove(signature)
    return etree.tostring(copied, method="c14n", exclusive=_is_exclusive(last), with_comments=False)


def stamped(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
