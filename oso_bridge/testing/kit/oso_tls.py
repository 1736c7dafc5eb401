"""Scenarios of TLS: who is let in, and what the endpoint shows of itself."""

from __future__ import annotations

import socket
import ssl
import warnings
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from oso_bridge.testing.kit.calling import HttpCaller, NoAnswer
from oso_bridge.testing.kit.oso_stage import OsoStage, Tls
from oso_bridge.testing.kit.scenario import NotRun, Wrong

_ASKED = (
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<kit xmlns="urn:oso-bridge:kit"/></soapenv:Body></soapenv:Envelope>'
)
_FORBIDDEN = (401, 403)
_DAYS = 30
_RSA, _EC = 2048, 256
_OURS = ("NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE", "UNSUPPORTED_PROTOCOL", "INTERNAL_ERROR")


def zonder_certificaat(stage: OsoStage) -> None:
    """A caller without a certificate."""
    _expect_out(stage, None)


def vreemde_wortel(stage: OsoStage) -> None:
    """A caller with a certificate under roots that nobody trusts."""
    _expect_out(stage, _tls(stage).foreign)


def verlopen(stage: OsoStage) -> None:
    """A caller whose certificate has expired."""
    _expect_out(stage, _tls(stage).expired)


def oude_versie(stage: OsoStage) -> None:
    """TLS 1.1."""
    tls = _tls(stage)
    context = _old_context(tls)
    with socket.create_connection((tls.host, tls.port), timeout=stage.plan.seconden) as line:
        try:
            with context.wrap_socket(line, server_hostname=tls.host):
                pass
        except ssl.SSLError as error:
            if getattr(error.__cause__ or error, "reason", "") in _OURS:
                raise NotRun("geen_oude_tls") from None
            return
        except OSError:
            return  # cut off without a word, which is a refusal too
    raise Wrong("oude_tls")


def geldig(stage: OsoStage) -> None:
    """The certificate of the endpoint holds for a while."""
    left = (_certificate(stage).not_valid_after_utc - datetime.now(UTC)).days
    if left < _DAYS:
        raise Wrong("verloopt", dagen=left)


def sterk(stage: OsoStage) -> None:
    """The key of the endpoint is long enough."""
    key = _certificate(stage).public_key()
    long_enough = isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA
    if not long_enough and not (isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= _EC):
        raise Wrong("zwakke_sleutel")


def eigen_naam(stage: OsoStage) -> None:
    """The certificate of the endpoint is under the roots that were given, and for the host that was called."""
    try:
        stage.plain(_ASKED)
    except NoAnswer as error:
        if error.code == "tls":
            raise Wrong("servercertificaat") from None
        raise


def _tls(stage: OsoStage) -> Tls:
    """What these scenarios need; they are played where it is there."""
    assert stage.tls is not None  # noqa: S101 - the need ``tls``
    return stage.tls


def _expect_out(stage: OsoStage, certificate: Path | None) -> None:
    """Expect that a caller gets no connection, or is told that it may not; the kit itself does get one."""
    tls = _tls(stage)
    stage.plain(_ASKED)
    try:
        answer = HttpCaller(tls.url, context=tls.context(certificate), seconds=stage.plan.seconden)(_ASKED)
    except NoAnswer as error:
        if error.code == "te_laat":
            raise
        return
    if answer.status not in _FORBIDDEN:
        raise Wrong("binnengelaten", status=answer.status)


def _old_context(tls: Tls) -> ssl.SSLContext:
    """TLS 1.1 and nothing else, with the certificate of the kit, as far as this machine can."""
    made = tls.context(tls.kit)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1_1
        made.set_ciphers("ALL:@SECLEVEL=0")
    except (ValueError, ssl.SSLError):
        raise NotRun("geen_oude_tls") from None
    return made


def _certificate(stage: OsoStage) -> x509.Certificate:
    """The certificate that the endpoint shows."""
    tls = _tls(stage)
    with socket.create_connection((tls.host, tls.port), timeout=stage.plan.seconden) as line:
        try:
            with tls.context(tls.kit).wrap_socket(line, server_hostname=tls.host) as wrapped:
                shown = wrapped.getpeercert(binary_form=True)
        except ssl.SSLError:
            shown = None
    if shown is None:
        raise Wrong("servercertificaat")
    return x509.load_der_x509_certificate(shown)
