"""Signature wrapping: what was signed is put away, and something else stands in its place (A19, A22, A23)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import signxml
from lxml import etree

from oso_bridge.errors import MessageRefused, OsoBridgeError, SignatureRefused
from oso_bridge.signatures import names as n

from .samples import (
    ACTION,
    EVIL,
    ID_STYLES,
    PAYLOAD,
    PLACES,
    Forger,
    Party,
    bytes_of,
    ds,
    parts,
    wrapped,
    wsa,
)

Change = Callable[[etree._Element], object]


def test_no_wrapped_message_is_read(party: Party) -> None:
    cases = dict(wrapped(party.write().xml))
    assert len(cases) == 6 * len(PLACES) * len(ID_STYLES) * 2
    rules = {name: _rule(party, message) for name, message in cases.items()}
    # it is the place that is refused, and not a slip of the generator
    assert [name for name, rule in rules.items() if rule in (None, "SIG.gewijzigd")] == []


def _rule(party: Party, message: bytes) -> str | None:
    """Why a message is refused; None when it is taken."""
    try:
        party.read(message)
    except MessageRefused as error:
        return error.rule
    return None


def test_the_generator_makes_messages_that_a_library_takes(party: Party) -> None:
    """The value of the signature and all digests of the wrapped messages are good."""
    cases = dict(wrapped(party.write().xml))
    config = signxml.SignatureConfiguration(location=".//", expect_references=True)
    for name in (
        "Body wrapper-in-header None True",
        "To wrapper-in-header None False",
        "Timestamp wrapper-in-header None True",
    ):
        signxml.XMLVerifier().verify(
            cases[name], x509_cert=party.identity.certificate, expect_config=config, validate_schema=False
        )
    assert EVIL[24:40] in cases["Body wrapper-in-header None True"]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("Body wrapper-in-security None True", "SIG.beveiliging"),
        ("Body security None True", "SIG.beveiliging"),
        ("Body envelope None True", "WUS.envelop"),
        ("Body payload None True", "SIG.verplaatst"),
        ("Body header None True", "WUS.kop"),
        ("Body object None True", "SIG.vorm"),
        ("To payload None False", "SIG.verplaatst"),
        ("To payload {urn:elders}Id False", "SIG.dubbel-id"),
        ("To payload id False", "SIG.dubbel-id"),
        ("To header None True", "WUS.dubbel"),
        ("Timestamp payload None True", "SIG.verplaatst"),
        ("Timestamp security None True", "SIG.beveiliging"),
        ("From key-info None True", "SIG.sleutel"),
    ],
)
def test_why(party: Party, name: str, rule: str) -> None:
    with pytest.raises(MessageRefused) as caught:
        party.read(dict(wrapped(party.write().xml))[name])
    assert caught.value.rule == rule


@pytest.mark.parametrize("style", ID_STYLES[1:])
def test_an_id_that_two_elements_have(party: Party, style: str) -> None:
    root = etree.fromstring(party.write().xml)
    body = root[-1]
    body[0].append(etree.Element("{urn:vraag}extra", {style: str(body.get(n.WSU_ID))}))
    Forger(party.identity.key).sign(root)
    with pytest.raises(SignatureRefused) as caught:
        party.read(bytes_of(root))
    assert caught.value.rule == "SIG.dubbel-id"


def test_what_is_forged_is_good_when_nothing_else_changes(party: Party) -> None:
    root = etree.fromstring(party.write().xml)
    assert party.read(Forger(party.identity.key).sign(root)).payload.endswith(PAYLOAD[-40:])


@pytest.mark.parametrize("name", ["To", "Action", "MessageID", "From", "Timestamp", "Body"])
def test_a_part_that_is_not_signed(party: Party, name: str) -> None:
    root = etree.fromstring(party.write().xml)
    uri = f"#{parts(root)[name].get(n.WSU_ID)}"
    (reference,) = root.xpath("//*[@URI=$uri]", uri=uri)
    reference.getparent().remove(reference)
    with pytest.raises(SignatureRefused) as caught:
        party.read(Forger(party.identity.key).sign(root))
    assert (caught.value.rule, caught.value.args_) == ("SIG.niet-alles", {"deel": name})


def test_a_header_that_was_added(party: Party) -> None:
    root = etree.fromstring(party.write().xml)
    reply = etree.SubElement(root[0], wsa("ReplyTo"))
    etree.SubElement(reply, wsa("Address")).text = f"{n.WSA}/anonymous"
    with pytest.raises(SignatureRefused) as caught:
        party.read(bytes_of(root))
    assert (caught.value.rule, caught.value.args_) == ("SIG.niet-alles", {"deel": "ReplyTo"})


def _reference(root: etree._Element) -> etree._Element:
    found = root.find(f".//{ds('Reference')}")
    assert found is not None
    return found


def _transform(root: etree._Element) -> etree._Element:
    found = root.find(f".//{ds('Transform')}")
    assert found is not None
    return found


def _add_transform(algorithm: str) -> Change:
    def change(root: etree._Element) -> None:
        transforms = _transform(root).getparent()
        assert transforms is not None
        added = etree.Element(ds("Transform"), Algorithm=algorithm)
        if algorithm.endswith("19991116"):
            etree.SubElement(added, ds("XPath")).text = "not(ancestor-or-self::v:naam)"
        transforms.insert(0, added)

    return change


def _set_uri(uri: str | None) -> Change:
    def change(root: etree._Element) -> None:
        reference = _reference(root)
        if uri is None:
            del reference.attrib["URI"]
        else:
            reference.set("URI", uri)

    return change


def _double(tag: str) -> Change:
    def change(root: etree._Element) -> None:
        found = root.find(f".//{tag}")
        assert found is not None
        found.addnext(etree.fromstring(etree.tostring(found, with_tail=False)))

    return change


def _comment_form(root: etree._Element) -> None:
    _transform(root).set("Algorithm", f"{n.EXCLUSIVE}WithComments")


def _canonical(form: str) -> Change:
    def change(root: etree._Element) -> None:
        info = root.find(f".//{ds('SignedInfo')}")
        assert info is not None
        info[0].set("Algorithm", form)

    return change


def _hidden_object(root: etree._Element) -> None:
    signature = root.find(f".//{n.SIGNATURE}")
    assert signature is not None
    etree.SubElement(signature, ds("Object"))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (_add_transform("http://www.w3.org/TR/1999/REC-xpath-19991116"), "SIG.transformatie"),
        (_add_transform("http://www.w3.org/2002/06/xmldsig-filter2"), "SIG.transformatie"),
        (_add_transform("http://www.w3.org/TR/1999/REC-xslt-19991116"), "SIG.transformatie"),
        (_add_transform(f"{n.DS}base64"), "SIG.transformatie"),
        (_add_transform(n.ENVELOPED), "SIG.transformatie"),
        (_add_transform(n.EXCLUSIVE), "SIG.transformatie"),
        (_comment_form, "SIG.transformatie"),
        (_canonical(n.INCLUSIVE), "SIG.algoritme"),
        (_canonical(f"{n.INCLUSIVE}#WithComments"), "SIG.algoritme"),
        (_canonical(f"{n.EXCLUSIVE}WithComments"), "SIG.algoritme"),
        (_set_uri("file:///etc/passwd"), "SIG.verwijzing"),
        (_set_uri("http://127.0.0.1:9/"), "SIG.verwijzing"),
        (_set_uri("cid:deel@bericht"), "SIG.verwijzing"),
        (_set_uri("#xpointer(/)"), "SIG.verwijzing"),
        (_set_uri("##id"), "SIG.verwijzing"),
        (_set_uri("#nergens"), "SIG.verwijzing"),
        (_set_uri(None), "SIG.verwijzing"),
        (_set_uri(""), "SIG.verplaatst"),
        (_double(ds("Reference")), "SIG.verplaatst"),
        (_double(ds("SignedInfo")), "SIG.vorm"),
        (_double(ds("SignatureMethod")), "SIG.vorm"),
        (_double(ds("DigestMethod")), "SIG.vorm"),
        (_double(ds("SignatureValue")), "SIG.vorm"),
        (_double(ds("KeyInfo")), "SIG.vorm"),
        (_double(n.SIGNATURE), "SIG.meer"),
        (_double(n.SECURITY), "SIG.meer"),
        (_double(n.TIMESTAMP), "SIG.beveiliging"),
        (_double(n.TOKEN), "SIG.beveiliging"),
        (_hidden_object, "SIG.vorm"),
    ],
)
def test_signatures_of_another_shape(party: Party, change: Change, rule: str) -> None:
    root = etree.fromstring(party.write().xml)
    change(root)
    with pytest.raises(MessageRefused) as caught:
        party.read(Forger(party.identity.key).sign(root))
    assert caught.value.rule == rule


def test_comments_do_not_split_a_text(party: Party) -> None:
    message = party.write().xml.replace(b"Kanarie-7731", b"Kanarie<!-- -->-7731")
    assert b"<v:naam>Kanarie-7731</v:naam>" in party.read(message).payload
    split = party.write().xml.replace(ACTION.encode(), b"urn:vraag<!-- x -->:stellen")
    assert party.read(split).addressing.action == ACTION


@pytest.mark.parametrize("where", [b"Kanarie", b"</v:naam>", b"<soap:Envelope", b"<wsu:Created>"])
def test_instructions_are_refused(party: Party, where: bytes) -> None:
    message = party.write().xml.replace(where, b"<?weg?>" + where, 1)
    with pytest.raises(SignatureRefused) as caught:
        party.read(message)
    assert caught.value.rule == "SIG.instructie"


def test_an_instruction_behind_the_end(party: Party) -> None:
    with pytest.raises(SignatureRefused) as caught:
        party.read(party.write().xml + b"<?weg?>")
    assert caught.value.rule == "SIG.instructie"


@pytest.mark.parametrize("doctype", [b"<!DOCTYPE d [<!ENTITY e 'x'>]>", b"<!DOCTYPE d SYSTEM 'file:///etc/passwd'>"])
def test_a_doctype_is_refused(party: Party, doctype: bytes) -> None:
    message = party.write().xml.replace(b"?>\n", b"?>\n" + doctype, 1)
    with pytest.raises(OsoBridgeError) as caught:
        party.read(message)
    assert getattr(caught.value, "rule", "") == "DOC.doctype"
