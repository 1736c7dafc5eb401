"""Endpoints that are right in another way than ours: none of them fails."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from oso_bridge.testing.kit import run, scenarios

from .mistakes import Answer, around
from .stage import make_stage
from .uwlr_door import Call, Reply, played

Change = Callable[[bytes], bytes]
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


def again(body: bytes, **how: Any) -> bytes:
    return etree.tostring(etree.fromstring(body), **how)


def utf16(body: bytes) -> bytes:
    return again(body, encoding="UTF-16")


def latin(body: bytes) -> bytes:
    return again(body, encoding="ISO-8859-1")


def bom(body: bytes) -> bytes:
    return b"\xef\xbb\xbf" + again(body, encoding="UTF-8")


def spaced(body: bytes) -> bytes:
    return b"\n" + again(body, pretty_print=True) + b"\n\n"


def prefixed(body: bytes) -> bytes:
    """Everything under a prefix of its own, instead of in a default namespace."""
    root = etree.fromstring(body)
    spaces = sorted({str(etree.QName(one).namespace) for one in root.iter(etree.Element) if etree.QName(one).namespace})
    prefixes: dict[Any, str] = {f"p{number}": uri for number, uri in enumerate(spaces)}

    def copy(one: Any) -> Any:
        made = etree.Element(one.tag, dict(one.attrib), nsmap=prefixes)
        made.text, made.tail = one.text, one.tail
        made.extend([copy(child) for child in one.iterchildren(etree.Element)])
        return made

    return etree.tostring(copy(root))


def envelope_by_default(body: bytes) -> bytes:
    """The envelope in the default namespace, and no prefix for it anywhere."""
    text = again(body).decode()
    prefix = re.search(rf'xmlns:(\w+)="{SOAP}"', text)
    assert prefix is not None
    text = re.sub(rf"(</?){prefix[1]}:", r"\1", text).replace(f'xmlns:{prefix[1]}="', 'xmlns="', 1)
    return (
        text.replace("<faultcode", '<faultcode xmlns=""')
        .replace("<faultstring", '<faultstring xmlns=""')
        .replace("<detail", '<detail xmlns=""')
        .encode()
    )


def header(body: bytes) -> bytes:
    text = again(body)
    name = re.search(rb"<(\w+:)?Envelope[^>]*>", text)
    assert name is not None
    prefix = name[1] or b""
    extra = b'<%sHeader><w:t xmlns:w="urn:x">1</w:t></%sHeader>' % (prefix, prefix)
    text = re.sub(rb"<(\w+:)?Header\s*/>", b"", text)
    return text.replace(name[0], name[0] + extra, 1)


def comments(body: bytes) -> bytes:
    text = again(body).replace(b"Body>", b"Body><!-- x -->", 1)
    return b'<?xml version="1.0"?>\n<!-- proxy 7 -->' + text + b"<!-- end -->"


def cdata(body: bytes) -> bytes:
    return re.sub(rb">([A-Za-z0-9.-]{2,40})</", rb"><![CDATA[\1]]></", again(body))


def actor(body: bytes) -> bytes:
    text = again(body)
    return text.replace(b"</faultstring>", b"</faultstring><faultactor>urn:las</faultactor>", 1)


def in_dutch(body: bytes) -> bytes:
    return again(body).replace(b"<faultstring>", b'<faultstring xml:lang="nl">', 1)


def same(body: bytes) -> bytes:
    return body


WAYS: list[Change] = [
    same,
    utf16,
    latin,
    bom,
    spaced,
    prefixed,
    envelope_by_default,
    header,
    comments,
    cdata,
    actor,
    in_dutch,
]
TYPES = ["text/xml", 'TEXT/XML; charset="utf-8"', "text/xml;charset=UTF-8;action=x"]


def test_each_way_changes_something() -> None:
    body = f'<s:Envelope xmlns:s="{SOAP}"><s:Body><a xmlns="urn:a"><b>tekst</b></a></s:Body></s:Envelope>'.encode()
    fault = (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault><faultstring>x</faultstring></s:Fault></s:Body></s:Envelope>'
    )
    for way in WAYS[1:]:
        assert way(body) != body or way(fault.encode()) != fault.encode(), way


def soapy(body: bytes) -> bool:
    return b"Envelope" in body


@pytest.mark.parametrize("way", WAYS)
def test_uwlr(way: Change, tmp_path: Path) -> None:
    def other(call: Call) -> Reply:
        reply = call.go()
        return replace(reply, body=way(reply.body)) if soapy(reply.body) and not call.query else reply

    found = played(tmp_path, other)
    assert not [one.scenario.id for one in found.outcomes if one.state != "passed"], found.table("en")


@pytest.mark.parametrize("media_type", TYPES)
def test_media_types_of_uwlr(media_type: str, tmp_path: Path) -> None:
    def other(call: Call) -> Reply:
        return replace(call.go(), headers={"Content-Type": media_type})

    found = played(tmp_path, other)
    assert not [one.scenario.id for one in found.outcomes if one.state != "passed"], found.table("en")


def qualified(call: Call) -> Reply:
    """Codes with a prefix of their own."""
    return call.go().swap("<faultcode>", '<faultcode xmlns:u="urn:uwlr">u:')


def empty_detail(call: Call) -> Reply:
    return (
        call.go().swap("<detail/>", "").swap("</faultstring>", "</faultstring><detail><x:y xmlns:x='urn:x'/></detail>")
    )


@pytest.mark.parametrize("other", [qualified, empty_detail])
def test_faults_of_uwlr(other: Any, tmp_path: Path) -> None:
    found = played(tmp_path, other)
    assert not [one.scenario.id for one in found.outcomes if one.state != "passed"], found.table("en")


def oso(how: Callable[[bytes, Answer], Answer], *, wsdl: bool) -> list[str]:
    """What fails of an endpoint of OSO."""
    stage = make_stage(lambda las: around(las, answer=how), wsdl=wsdl)
    found = run(stage, scenarios("oso"))
    stage.close()
    return [f"{one.scenario.id} {one.code}" for one in found.outcomes if one.state == "failed"]


@pytest.mark.parametrize("way", WAYS)
def test_oso(way: Change) -> None:
    assert oso(lambda body, answer: (*answer[:2], way(answer[2]) if soapy(answer[2]) else answer[2]), wsdl=True) == []


def as_base64(body: bytes, answer: Answer) -> Answer:
    """The dossier as base64, in an element of its own."""
    del body
    found = re.search(rb"<dossier>(.*)</dossier>", answer[2], re.DOTALL)
    if found is None:
        return answer
    packed = b"<bestand>" + base64.b64encode(found[1]) + b"</bestand>"
    return (*answer[:2], answer[2].replace(found[0], packed))


def words_as_faults(body: bytes, answer: Answer) -> Answer:
    """A fault in the place of a result word."""
    del body
    found = re.search(rb"<documentResponse[^>]*>.*<resultaat>(\w+)</resultaat>", answer[2], re.DOTALL)
    if found is None or b"<dossier" in answer[2]:
        return answer
    fault = f'<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>'
    return (500, "text/xml", fault.encode() + found[1] + b"</faultstring></s:Fault></s:Body></s:Envelope>")


def more_elements(body: bytes, answer: Answer) -> Answer:
    """An element that the kit does not know, before the others."""
    del body
    return (*answer[:2], re.sub(rb"(<(\w+:)?documentResponse[^>]*[^/]>)", rb"\1<berichtId>7</berichtId>", answer[2]))


@pytest.mark.parametrize("how", [as_base64, words_as_faults, more_elements])
def test_another_layout_of_oso_is_not_failed(how: Any) -> None:
    assert oso(how, wsdl=False) == []
