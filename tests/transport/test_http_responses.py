"""HTTP without a network: what an answer becomes, with the answers made by ``responses``."""

from __future__ import annotations

import pytest
import requests
import responses

import oso_bridge as oso

URL = "https://oso.invalid/dossier"
PARCEL = oso.Parcel(b"<vraag/>", id="b-1")


@pytest.fixture
def line() -> oso.Transport:
    return oso.transport("http", url=URL, roots="system", retry=oso.Retry(attempts=3, pause=0.001), max_bytes=1000)


@responses.activate
def test_the_body_and_the_headers_are_those_of_the_parcel(line: oso.Transport) -> None:
    responses.post(
        URL,
        body=b"<dank/>",
        content_type="application/xml",
        match=[responses.matchers.header_matcher({"Content-Type": "application/xml", "Idempotency-Key": '"b-1"'})],
    )
    receipt = line.send(PARCEL)
    assert (receipt.status, receipt.code) == ("delivered", "200")
    assert receipt.reply
    assert receipt.reply.content == b"<dank/>"
    assert responses.calls[0].request.body == b"<vraag/>"


@responses.activate
def test_a_fault_is_a_refusal_with_a_reply(line: oso.Transport) -> None:
    responses.post(URL, body=b"<Fault/>", status=500, content_type="text/xml")
    receipt = line.send(PARCEL)
    assert (receipt.status, receipt.code) == ("refused", "500")
    assert receipt.reply
    assert receipt.reply.content == b"<Fault/>"
    assert len(responses.calls) == 1


@responses.activate
def test_a_server_that_is_busy_is_asked_again(line: oso.Transport) -> None:
    responses.post(URL, status=503, content_type="text/html")
    responses.post(URL, status=202)
    assert line.send(PARCEL).status == "accepted"
    assert len(responses.calls) == 2


@responses.activate
def test_a_redirect_is_not_followed(line: oso.Transport) -> None:
    responses.post(URL, status=307, headers={"Location": "https://elders.invalid/"})
    with pytest.raises(oso.TransportError, match="sends us elsewhere"):
        line.send(PARCEL)
    assert len(responses.calls) == 1


@responses.activate
def test_an_answer_above_the_limit_is_refused(line: oso.Transport) -> None:
    responses.post(URL, body=b"x" * 1001)
    with pytest.raises(oso.TransportError, match="larger than 1000 bytes"):
        line.send(PARCEL)


@responses.activate
@pytest.mark.parametrize(
    "error",
    [requests.ConnectionError("KANARIE"), requests.ConnectTimeout("KANARIE"), requests.exceptions.ProxyError("x")],
)
def test_what_cannot_connect_is_tried_as_often_as_allowed(line: oso.Transport, error: Exception) -> None:
    responses.post(URL, body=error)
    with pytest.raises(oso.TransportError) as caught:
        line.send(PARCEL)
    assert (caught.value.sent, caught.value.retryable) == ("no", True)
    assert "KANARIE" not in str(caught.value)
    assert len(responses.calls) == 3
