"""The library that signs and checks (signxml, of the extra ``sign``), kept at arm's length.

It is given text that was judged before, one certificate that is trusted already, and lists of what is allowed; what it
gives back is the text that was signed, and nothing else.  It is imported when it is used.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from oso_bridge.errors import UsageError
from oso_bridge.identity import Identity
from oso_bridge.identity.notices import refuse as refuse_identity
from oso_bridge.signatures import names
from oso_bridge.signatures.faults import refuse
from oso_bridge.xml import parser

_METHODS = {rsa.RSAPrivateKey: "rsa-sha256", ec.EllipticCurvePrivateKey: "ecdsa-sha256"}


def installed() -> bool:
    """Whether the extra is there."""
    return importlib.util.find_spec("signxml") is not None


@cache
def _library() -> Any:
    """The library.

    Raises:
        UsageError: It is not installed.
    """
    if not installed():
        raise UsageError("Signatures need signxml.", remedy="pip install 'oso-bridge[sign]'")
    import signxml

    # it writes the text that it signs or checks to its log, and that holds the data of children
    logging.getLogger("signxml.processor").addFilter(lambda record: False)
    return signxml


def sign_document(root: etree._Element, identity: Identity) -> etree._Element:
    """A document with an enveloped signature over all of it as its last child.

    Its canonical form is the inclusive one: that also signs what the prefixes in values (``xsi:type``) mean.

    Args:
        root: The document; it is not changed.
        identity: Who signs; its chain goes along.
    """
    signer = _signer(identity, "enveloped", names.INCLUSIVE)
    made: etree._Element = signer.sign(root, key=identity.key, cert=list(identity.chain))
    return made


def sign_parts(
    root: etree._Element, ids: Mapping[str, list[str]], identity: Identity, key_info: etree._Element
) -> etree._Element:
    """A signature over parts of a message, to be put into it.

    Args:
        root: The message.
        ids: The ``wsu:Id`` of each part, with the prefixes whose meaning is signed too.
        identity: Who signs.
        key_info: Where the certificate stands.
    """
    made = _library().SignatureReference
    references = [made(URI=f"#{name}", inclusive_ns_prefixes=prefixes or None) for name, prefixes in ids.items()]
    signer = _signer(identity, "detached", names.EXCLUSIVE)
    signature: etree._Element = signer.sign(
        root, key=identity.key, reference_uri=references, id_attribute="Id", key_info=key_info
    )
    return signature


def _signer(identity: Identity, method: str, form: str) -> Any:
    if identity.purpose != "signing":
        raise refuse_identity("wrong_usage", purpose="signing")
    library = _library()
    algorithm = next((name for kind, name in _METHODS.items() if isinstance(identity.key, kind)), None)
    if algorithm is None:
        raise refuse_identity("weak_key", level="end", what=type(identity.key).__name__)
    signer = library.XMLSigner(library.SignatureConstructionMethod[method], algorithm, "sha256", form)
    signer._parser = parser.lenient()  # its own refuses the long texts of scans, and sign() takes no other
    return signer


def verify(
    root: etree._Element, certificate: x509.Certificate, location: str, references: int, at: datetime
) -> list[bytes]:
    """The texts that were signed, in the order of their references.

    Args:
        root: A document whose signature has the shape that is asked, without comments and instructions.
        certificate: That of the signer, trusted already.
        location: The path to the parent of the signature.
        references: How many references there are.
        at: The time to judge by.

    Raises:
        SignatureRefused: Something was changed, or the signature is of another key.
    """
    found = _verified(root, certificate, location, references, at)
    if found is None:
        # raised here and not where it was caught: what the library says may quote the document
        raise refuse("SIG.gewijzigd", root.find(f".//{names.SIGNATURE}"))
    return found


def _verified(
    root: etree._Element, certificate: x509.Certificate, location: str, references: int, at: datetime
) -> list[bytes] | None:
    library, text = _library(), etree.tostring(root, encoding="UTF-8", with_tail=False)
    config = library.SignatureConfiguration(
        require_x509=True,
        location=location,
        expect_references=references,
        signature_methods=frozenset(map(library.SignatureMethod, names.METHODS)),
        digest_algorithms=frozenset(map(library.DigestAlgorithm, names.DIGESTS)),
        verification_time=at,
    )
    try:
        found = library.XMLVerifier().verify(
            text,
            x509_cert=certificate,
            parser=parser.lenient(),
            # the shape was judged before, and its schema does not know the InclusiveNamespaces of exclusive C14N
            validate_schema=False,
            expect_config=config,
        )
    except Exception:  # noqa: BLE001 - whatever is wrong with a signature, it is not a good one
        return None
    return [item.signed_data for item in (found if isinstance(found, list) else [found])]
