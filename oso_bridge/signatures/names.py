"""Names and allow-lists: the namespaces of SOAP, WS-Security and XML signatures, and what may stand in a signature.

What is not on a list here is refused, whatever a library is able to check (Digikoppeling SIGN001, SIGN003, WB007).
"""

from __future__ import annotations

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
DS = "http://www.w3.org/2000/09/xmldsig#"
EC = "http://www.w3.org/2001/10/xml-exc-c14n#"
XENC = ("http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2009/xmlenc11#")
_OASIS = "http://docs.oasis-open.org/wss/"
_WSS = f"{_OASIS}2004/01/oasis-200401-wss-"
WSSE = f"{_WSS}wssecurity-secext-1.0.xsd"
WSU = f"{_WSS}wssecurity-utility-1.0.xsd"
WSSE11 = f"{_OASIS}oasis-wss-wssecurity-secext-1.1.xsd"

X509V3 = f"{_WSS}x509-token-profile-1.0#X509v3"
BASE64 = f"{_WSS}soap-message-security-1.0#Base64Binary"

ENVELOPE, HEADER, BODY, FAULT = (f"{{{SOAP}}}{name}" for name in ("Envelope", "Header", "Body", "Fault"))
SECURITY, TOKEN, TOKEN_REFERENCE, DIRECT_REFERENCE = (
    f"{{{WSSE}}}{name}" for name in ("Security", "BinarySecurityToken", "SecurityTokenReference", "Reference")
)
TIMESTAMP, CREATED, EXPIRES, WSU_ID = (f"{{{WSU}}}{name}" for name in ("Timestamp", "Created", "Expires", "Id"))
CONFIRMATION = f"{{{WSSE11}}}SignatureConfirmation"
SIGNATURE = f"{{{DS}}}Signature"

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_ENC = "http://www.w3.org/2001/04/xmlenc#"
EXCLUSIVE = EC
ENVELOPED = f"{DS}enveloped-signature"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
CANONICAL = (EXCLUSIVE, INCLUSIVE, "http://www.w3.org/2006/12/xml-c14n11")
"""How a document may be put into one form; of a message only the first, exclusive way. None keeps comments."""

METHODS = {
    f"{_MORE}{kind}-{digest}": (kind, digest) for kind in ("rsa", "ecdsa") for digest in ("sha256", "sha384", "sha512")
}
"""The ways to sign that are accepted, with the kind of key and the digest."""

DIGESTS = {f"{_ENC}sha256": "sha256", f"{_MORE}sha384": "sha384", f"{_ENC}sha512": "sha512"}
"""The digests that are accepted."""

_KNOWN = {
    f"{DS}sha1": "SHA-1",
    f"{DS}rsa-sha1": "RSA-SHA-1",
    f"{DS}dsa-sha1": "DSA-SHA-1",
    f"{DS}hmac-sha1": "HMAC-SHA-1",
    f"{DS}base64": "base64",
    f"{_MORE}md5": "MD5",
    f"{_MORE}rsa-md5": "RSA-MD5",
    f"{_MORE}ecdsa-sha1": "ECDSA-SHA-1",
    f"{_MORE}hmac-sha256": "HMAC-SHA-256",
    "http://www.w3.org/TR/1999/REC-xpath-19991116": "XPath",
    "http://www.w3.org/2002/06/xmldsig-filter2": "XPath",
    "http://www.w3.org/TR/1999/REC-xslt-19991116": "XSLT",
    ENVELOPED: "enveloped-signature",
    EXCLUSIVE: "exclusive C14N",
    INCLUSIVE: "C14N 1.0",
    CANONICAL[2]: "C14N 1.1",
    **{f"{form}{'' if form.endswith('#') else '#'}WithComments": "C14N with comments" for form in CANONICAL},
    **{method: f"{kind.upper()}-{digest.upper()}" for method, (kind, digest) in METHODS.items()},
}


def told(algorithm: str | None) -> str:
    """What an algorithm is called; of one that is not known nothing is told, for any text may stand there."""
    return _KNOWN.get(algorithm or "", "-")
