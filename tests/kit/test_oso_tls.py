"""The scenarios of TLS, against a server of ours that is as careless as each mistake wants it."""

from __future__ import annotations

import http.server
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.pki import Authority, fictional_oin, pem
from oso_bridge.testing.kit import run, scenarios
from oso_bridge.testing.kit.oso_start import open_stage
from oso_bridge.testing.kit.scenario import pick
from oso_bridge.testing.kit.stage import Options

NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL
FAULT = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode>'
    b"<faultstring>Nee</faultstring></s:Fault></s:Body></s:Envelope>"
)


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers everything with a fault."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(500)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(FAULT)))
        self.end_headers()
        self.wfile.write(FAULT)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    """Shakes hands in the thread of the connection, and says nothing of those that fail."""

    daemon_threads = True
    context: ssl.SSLContext

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            request = self.context.wrap_socket(request, server_side=True)
        except OSError:
            request.close()
            return
        super().process_request_thread(request, client_address)

    def handle_error(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(context: ssl.SSLContext) -> Iterator[str]:
    with Server(("127.0.0.1", 0), Handler) as server:
        server.context = context
        runner = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        runner.start()
        yield f"https://127.0.0.1:{server.server_address[1]}/oso"
        server.shutdown()
        runner.join()


AUTHORITY = Authority()


def good() -> ssl.SSLContext:
    trust = AUTHORITY.trust(allowed_oins=[fictional_oin("kit")])
    return oso.Identity(
        AUTHORITY.issue("server", name="las").pem(), roots=pem(AUTHORITY.root), purpose="server", trust=trust
    ).server_context()


def plain(**certificate: Any) -> ssl.SSLContext:
    """A context of the standard library: it knows of no OIN, and of no more than it is told."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_verify_locations(cadata=pem(AUTHORITY.root).decode())
    made.verify_mode = ssl.CERT_REQUIRED
    oso.identity.tls.load_key(made, *_held(AUTHORITY.issue("server", name="las", **certificate)))
    return made


def _held(issued: Any) -> tuple[Any, Any]:
    return (issued.certificate, *issued.chain), issued.key


def no_certificate_asked() -> ssl.SSLContext:
    made = plain()
    made.verify_mode = ssl.CERT_NONE
    return made


def certificate_optional() -> ssl.SSLContext:
    made = plain()
    made.verify_mode = ssl.CERT_OPTIONAL
    return made


def expired_taken() -> ssl.SSLContext:
    made = plain()
    made.verify_flags |= NO_CHECK_TIME
    return made


def old_tls() -> ssl.SSLContext:
    made = plain()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version = ssl.TLSVersion.TLSv1_1
    made.set_ciphers("ALL:@SECLEVEL=0")
    return made


def soon_over() -> ssl.SSLContext:
    return plain(ends=datetime.now(UTC) + timedelta(days=9))


def another_host() -> ssl.SSLContext:
    return plain(hosts=["elders.invalid"])


MISTAKES = {
    good: set(),
    no_certificate_asked: {"OSO.T01", "OSO.T02", "OSO.T03"},
    certificate_optional: {"OSO.T01"},
    expired_taken: {"OSO.T03"},
    old_tls: {"OSO.T04"},
    soon_over: {"OSO.T06"},
    another_host: {"OSO.T01", "OSO.T02", "OSO.T03", "OSO.T05", "OSO.T06", "OSO.T07"},
}


@pytest.mark.parametrize("context", MISTAKES, ids=lambda one: one.__name__)
def test_who_is_let_in(context: Any, tmp_path: Path) -> None:
    late = {"begins": datetime.now(UTC) - timedelta(days=9), "ends": datetime.now(UTC) - timedelta(days=2)}
    (tmp_path / "kit.pem").write_bytes(AUTHORITY.issue("client", name="kit").pem() + pem(AUTHORITY.root))
    (tmp_path / "oud.pem").write_bytes(AUTHORITY.issue("client", name="kit", **late).pem())
    settings = {"oso": {"verlopen_certificaat": "oud.pem"}, "verkeerscentrum": {"poort": 0}}
    with serving(context()) as url:
        stage = open_stage(Options(url, tmp_path / "kit.pem", settings=settings, folder=tmp_path))
        results = run(stage, pick(scenarios("oso"), ["OSO.T"]))
        stage.close()
    found = {one.scenario.id for one in results.outcomes if one.state == "failed"}
    assert found == MISTAKES[context], results.table("en")
    if context is not old_tls:
        assert {one.state for one in results.outcomes} <= {"passed", "failed"} or _cannot(results)


def _cannot(results: Any) -> bool:
    """Whether this machine itself does not speak TLS 1.1, which is told as not run."""
    return {one.code for one in results.outcomes if one.state == "not_run"} == {"geen_oude_tls"}
