"""Messages: addressing (A16), SOAPAction (A15), who speaks for whom (A17), time and replay (A24), faults (A30)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from oso_bridge.errors import DataError, MessageRefused, NotXml, OsoBridgeError, SignatureRefused, UsageError
from oso_bridge.signatures import FileReplays, MemoryReplays, ReplayStore, Window, wus
from oso_bridge.signatures import addressing as headers
from oso_bridge.signatures import names as n

from .samples import ACTION, PAYLOAD, TO, Addressing, Forger, Party, bytes_of, stamped, wsa

OIN = "00000099123456789000"
OTHER = "00000099987654321000"
ACTIONS = {ACTION: "{urn:vraag}vraag"}
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def plain(**options: Any) -> bytes:
    return wus.write(PAYLOAD, Addressing(ACTION, to=TO, from_oin=OIN), **options).xml


def refused(message: bytes, expected: wus.Expected | None = None, **options: Any) -> str:
    with pytest.raises(MessageRefused) as caught:
        wus.read(message, expected or wus.Expected(mandate=lambda holder, named: True), **options)
    return caught.value.rule


def changed(change: Callable[[etree._Element], object], message: bytes | None = None) -> bytes:
    root = etree.fromstring(message or plain())
    change(root)
    return bytes_of(root)


def header(root: etree._Element, name: str) -> etree._Element:
    found = root.find(f"{n.HEADER}/{wsa(name)}")
    assert found is not None
    return found


def endpoint(name: str, address: str) -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        etree.SubElement(etree.SubElement(root[0], wsa(name)), wsa("Address")).text = address

    return change


def text(name: str, value: str) -> Callable[[etree._Element], None]:
    def change(root: etree._Element) -> None:
        element = header(root, name)
        (element[0] if len(element) else element).text = value

    return change


def without(name: str) -> Callable[[etree._Element], None]:
    return lambda root: root[0].remove(header(root, name))


def again(name: str) -> Callable[[etree._Element], None]:
    return lambda root: root[0].append(etree.fromstring(etree.tostring(header(root, name))))


# --- addressing -------------------------------------------------------------------------------------------------------


def test_a_question_and_its_answer(party: Party) -> None:
    asked = party.write()
    store = MemoryReplays()
    expected = wus.Expected(to={TO}, actions=ACTIONS, soap_action=f'"{ACTION}"')
    question = party.read(asked.xml, expected, replays=store)
    answer = wus.write(
        b"<antwoord xmlns='urn:vraag'/>", question.addressing.answer("urn:antwoord"), profile="2W-be-S",
        kind="response", identity=party.identity, confirms=question.signature,
    )  # fmt: skip
    want = wus.Expected(
        relates_to=question.addressing.message_id, confirms=asked.signature,
        actions={"urn:antwoord": "{urn:vraag}antwoord"},
    )  # fmt: skip
    found = party.read(answer.xml, want, kind="response", replays=None)
    assert (found.name, found.fault) == ("{urn:vraag}antwoord", False)
    assert found.addressing.relates_to == question.addressing.message_id


@pytest.mark.parametrize("confirms", [None, "AAAA"])
def test_an_answer_confirms_what_was_signed(party: Party, confirms: str | None) -> None:
    asked = party.write()
    answer = wus.write(
        b"<a/>", Addressing("urn:antwoord", relates_to="urn:uuid:1"), profile="2W-be-S", kind="response",
        identity=party.identity, confirms=asked.signature,
    )  # fmt: skip
    with pytest.raises(SignatureRefused) as caught:
        party.read(answer.xml, wus.Expected(relates_to="urn:uuid:1", confirms=confirms), kind="response", replays=None)
    assert caught.value.rule == "SIG.bevestiging"


def test_an_answer_without_confirmation(party: Party) -> None:
    said = Addressing("urn:antwoord", relates_to="urn:uuid:1")
    answer = wus.write(b"<a/>", said, profile="2W-be-S", kind="response", identity=party.identity)
    expected = wus.Expected(relates_to="urn:uuid:1", confirms="AAAA")
    with pytest.raises(SignatureRefused) as caught:
        party.read(answer.xml, expected, kind="response", replays=None)
    assert caught.value.rule == "SIG.bevestiging"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (endpoint("ReplyTo", "http://boef.invalid/"), "WUS.antwoordadres"),
        (endpoint("FaultTo", "http://boef.invalid/"), "WUS.antwoordadres"),
        (endpoint("ReplyTo", f"{n.WSA}/anonymous?oin={OIN}"), "WUS.antwoordadres"),
        (text("To", "https://ander.invalid/"), "WUS.to"),
        (text("To", f"{TO}?oin={OTHER}"), "WUS.to"),
        (text("To", f"{TO}?oin={OIN}&oin={OIN}"), "WUS.to"),
        (text("To", f"{TO}?oin=1"), "WUS.to"),
        (text("To", "geen-adres"), "WUS.to"),
        (text("To", "http://[::1"), "WUS.to"),
        (text("To", "a b"), "WUS.to"),
        (text("To", ""), "WUS.to"),
        (text("Action", ""), "WUS.action"),
        (text("Action", "urn:anders"), "WUS.action"),
        (text("MessageID", "x" * 3000), "WUS.messageid"),
        (text("From", f"{n.WSA}/anonymous?oin=7"), "WUS.waarde"),
        (without("To"), "WUS.to"),
        (without("Action"), "WUS.action"),
        (without("MessageID"), "WUS.messageid"),
        (without("From"), "WUS.waarde"),
        (again("To"), "WUS.dubbel"),
        (again("Action"), "WUS.dubbel"),
        (again("MessageID"), "WUS.dubbel"),
        (again("From"), "WUS.dubbel"),
        (lambda root: etree.SubElement(root[0], "{urn:elders}Kop"), "WUS.kop"),
        (lambda root: etree.SubElement(root[0], wsa("Anders")), "WUS.kop"),
        (lambda root: etree.SubElement(root[0], "zonder"), "WUS.kop"),
        (lambda root: header(root, "To").set(f"{{{n.SOAP}}}actor", "urn:ander"), "WUS.kop"),
        (lambda root: etree.SubElement(header(root, "Action"), "x"), "WUS.action"),
        (lambda root: etree.SubElement(header(root, "From"), wsa("Metadata")), "WUS.waarde"),
        (lambda root: header(root, "From").clear(), "WUS.waarde"),
    ],
)
def test_headers_that_are_refused(change: Callable[[etree._Element], object], rule: str) -> None:
    expected = wus.Expected(to={TO}, oin=OIN, actions=ACTIONS, mandate=lambda holder, named: True)
    assert refused(changed(change), expected) == rule


def test_headers_that_others_send(party: Party) -> None:
    """Those of the sample of Nummervoorziening: ReplyTo, mustUnderstand, IsReferenceParameter, OIN in capitals."""

    def change(root: etree._Element) -> None:
        endpoint("ReplyTo", headers.ANONYMOUS)(root)
        endpoint("FaultTo", headers.NONE)(root)
        header(root, "To").set(f"{{{n.SOAP}}}mustUnderstand", "1")
        header(root, "From").set(wsa("IsReferenceParameter"), "true")
        text("From", f"{headers.ANONYMOUS}?OIN={party.oin}")(root)
        text("To", f"\n  {TO}?x=1&oin={OIN}\n")(root)

    expected = wus.Expected(to={f"{TO}?x=1"}, oin=OIN)
    peer = party.trust.verify([_der(party)], "signing")
    found = wus.read(changed(change), expected, peer=peer)
    assert (found.addressing.from_oin, found.addressing.to_oin) == (party.oin, OIN)
    assert found.peer is peer


def _der(party: Party) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return party.identity.certificate.public_bytes(Encoding.DER)


@pytest.mark.parametrize(("relates_to", "rule"), [("urn:uuid:2", "WUS.relatesto"), (None, "WUS.relatesto")])
def test_an_answer_to_another_question(relates_to: str | None, rule: str) -> None:
    message = wus.write(b"<a/>", Addressing("urn:antwoord", relates_to="urn:uuid:1"), kind="response").xml
    assert refused(message, wus.Expected(relates_to=relates_to), kind="response") == rule
    assert wus.read(message, wus.Expected(relates_to="urn:uuid:1"), kind="response")
    odd = changed(lambda root: header(root, "RelatesTo").set("RelationshipType", "urn:anders"), message)
    assert refused(odd, wus.Expected(relates_to="urn:uuid:1"), kind="response") == "WUS.relatesto"


def test_what_cannot_be_written() -> None:
    for said, kind in (
        (Addressing(ACTION), "request"),
        (Addressing(ACTION, to=TO), "request"),
        (Addressing(ACTION, to="geen adres", from_oin=OIN), "request"),
        (Addressing(ACTION, to=TO, from_oin="7"), "request"),
        (Addressing(ACTION), "response"),
        (Addressing(ACTION, to=TO), "anders"),
    ):
        with pytest.raises(UsageError):
            wus.write(PAYLOAD, said, kind=kind)  # type: ignore[arg-type]
    assert wus.write(PAYLOAD, Addressing(ACTION, to=TO), kind="query").signature is None


def test_every_number_of_digikoppeling_has_a_rule_with_texts() -> None:
    from oso_bridge import catalog

    assert {headers.code(f"WUS.{kind}") for kind in catalog.kinds("WUS")} - {None} == {
        "0001", "0002", "0003", "0005", "0006", "0007", "0008", "0009", "0010", "0011",
    }  # fmt: skip
    assert headers.code("SIG.gewijzigd") is None


# --- what is asked, and by whom ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("soap_action", ["", '""', ACTION, f'"{ACTION}"', None])
def test_soap_actions_that_agree(soap_action: str | None) -> None:
    expected = wus.Expected(soap_action=soap_action, actions=ACTIONS, mandate=lambda holder, named: True)
    peer = _peer(OIN)
    assert wus.read(plain(), expected, peer=peer)


def _peer(oin: str) -> Any:
    from oso_bridge.identity import Peer

    return Peer(oin, "TEST", "00")


@pytest.mark.parametrize("soap_action", ["urn:anders", '"urn:anders"', f'"{ACTION}', ACTION.upper()])
def test_soap_actions_that_do_not(soap_action: str) -> None:
    assert refused(plain(), wus.Expected(soap_action=soap_action), peer=_peer(OIN)) == "WUS.soapaction"


def test_an_action_for_another_body(party: Party) -> None:
    wrong = {ACTION: "{urn:vraag}wissen", "urn:wissen": "{urn:vraag}vraag"}
    assert refused(plain(), wus.Expected(actions=wrong), peer=_peer(OIN)) == "WUS.action"
    with pytest.raises(MessageRefused) as caught:
        party.read(party.write().xml, wus.Expected(actions=wrong))
    assert caught.value.rule == "WUS.action"


def test_who_speaks_for_whom(party: Party) -> None:
    message = party.write(addressing=Addressing(ACTION, to=TO, from_oin=OTHER)).xml
    asked: list[tuple[str, str]] = []

    def mandate(holder: str, named: str) -> bool:
        asked.append((holder, named))
        return True

    for rule in (None, lambda holder, named: False):
        with pytest.raises(MessageRefused) as caught:
            party.read(message, wus.Expected(mandate=rule))
        assert caught.value.rule == "WUS.afzender"
    assert party.read(message, wus.Expected(mandate=mandate)).addressing.from_oin == OTHER
    assert asked == [(party.oin, OTHER)]
    assert refused(plain(), wus.Expected()) == "WUS.afzender"  # nobody was met, so nobody may speak
    assert refused(plain(), wus.Expected(), peer=_peer(OTHER)) == "WUS.afzender"
    assert wus.read(plain(), wus.Expected(), peer=_peer(OIN))


# --- time and replay --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("created", "expires", "rule"),
    [
        (NOW - 7 * MINUTE, None, "SIG.tijd-oud"),
        (NOW - 4 * MINUTE, NOW - 2 * MINUTE, "SIG.tijd-oud"),
        (NOW + 2 * MINUTE, None, "SIG.tijd-toekomst"),
        (NOW, NOW - MINUTE, "SIG.tijd"),
        (NOW, NOW, "SIG.tijd"),
        (NOW - 5 * MINUTE, None, None),
        (NOW + MINUTE, None, None),
        (NOW - 2 * MINUTE, NOW - MINUTE, None),
        (NOW - MINUTE, NOW + 1000 * MINUTE, None),
    ],
)
def test_times(party: Party, created: datetime, expires: datetime | None, rule: str | None) -> None:
    _at(party, stamped(created), stamped(expires) if expires else None, rule)


@pytest.mark.parametrize(
    "created",
    [
        "2026-03-01T12:00:00",
        "2026-03-01T13:00:00+01:00",
        "2026-03-01",
        "2026-02-30T12:00:00Z",
        "2026-03-01T12:00:60Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01t12:00:00z",
        "+2026-03-01T12:00:00Z",
        "٢٠٢٦-03-01T12:00:00Z",
        "0000-03-01T12:00:00Z",
        "nu",
        "",
    ],
)
def test_times_without_a_zone_or_of_another_form(party: Party, created: str) -> None:
    _at(party, created, None, "SIG.tijd")


@pytest.mark.parametrize(
    "created", ["2026-03-01T12:00:00.123456789Z", "2026-03-01T12:00:00+00:00", " 2026-03-01T12:00:00Z "]
)
def test_times_of_others(party: Party, created: str) -> None:
    _at(party, created, "9999-12-31T23:59:59Z", None)


def _at(party: Party, created: str, expires: str | None, rule: str | None) -> None:
    """A message with these times, read at a time of which the certificates know nothing yet."""
    late = Party(_authority(party), "bron")
    root = etree.fromstring(late.write(at=NOW).xml)
    stamp = root.find(f".//{n.TIMESTAMP}")
    assert stamp is not None
    stamp[0].text = created
    if expires is None:
        stamp.remove(stamp[1])
    else:
        stamp[1].text = expires
    message = Forger(late.identity.key).sign(root)
    if rule is None:
        assert late.read(message, at=NOW).created
        return
    with pytest.raises(SignatureRefused) as caught:
        late.read(message, at=NOW)
    assert caught.value.rule == rule


def _authority(party: Party, made: dict[str, Any] = {}) -> Any:  # noqa: B006 - made once
    from oso_bridge.pki import Authority

    del party
    if not made:
        made["it"] = Authority(at=NOW - timedelta(days=1), days=3650)
    return made["it"]


@pytest.mark.parametrize(
    "change",
    [
        lambda stamp: stamp.remove(stamp[0]),
        lambda stamp: stamp.append(etree.fromstring(etree.tostring(stamp[0]))),
        lambda stamp: stamp.insert(0, stamp[1]),
        lambda stamp: etree.SubElement(stamp, "{urn:elders}extra"),
        lambda stamp: etree.SubElement(stamp[0], "{urn:elders}extra"),
    ],
)
def test_timestamps_of_another_shape(party: Party, change: Callable[[etree._Element], object]) -> None:
    root = etree.fromstring(party.write().xml)
    stamp = root.find(f".//{n.TIMESTAMP}")
    assert stamp is not None
    change(stamp)
    with pytest.raises(SignatureRefused) as caught:
        party.read(Forger(party.identity.key).sign(root))
    assert caught.value.rule == "SIG.tijd"


def test_the_window_can_be_chosen(party: Party) -> None:
    message = party.write(at=datetime.now(UTC) - 30 * MINUTE, lifetime=60 * MINUTE).xml
    assert party.read(message, window=Window(age=60 * MINUTE))
    with pytest.raises(SignatureRefused):
        party.read(message)


def stores(tmp_path: Path, most: int = 100) -> list[ReplayStore]:
    return [MemoryReplays(most), FileReplays(tmp_path / "gezien.db", most)]


def test_a_message_comes_once(party: Party, stranger: Party, tmp_path: Path) -> None:
    for store in stores(tmp_path):
        message = party.write().xml
        assert party.read(message, replays=store)
        for copied in (message, message.replace(b"</soap:Header>", b"\n</soap:Header>")):
            with pytest.raises(SignatureRefused) as caught:
                party.read(copied, replays=store)
            assert caught.value.rule == "SIG.herhaald"
        assert party.read(party.write().xml, replays=store)


def test_a_bad_message_is_not_remembered(party: Party) -> None:
    """Else a stranger could keep a good message out."""
    store, message = MemoryReplays(), party.write().xml
    with pytest.raises(SignatureRefused):
        party.read(message.replace(b"Kanarie", b"Boefjes"), replays=store)
    assert party.read(message, replays=store)


def test_stores_forget_what_is_past(tmp_path: Path) -> None:
    for store in stores(tmp_path, most=2):
        assert store.add("a", NOW + MINUTE, NOW)
        assert not store.add("a", NOW + MINUTE, NOW + MINUTE)
        assert store.add("b", NOW + 9 * MINUTE, NOW)
        with pytest.raises(SignatureRefused) as caught:
            store.add("c", NOW + 9 * MINUTE, NOW)
        assert caught.value.rule == "SIG.vol"
        assert not store.add("b", NOW + 9 * MINUTE, NOW)
        assert store.add("c", NOW + 9 * MINUTE, NOW + 2 * MINUTE)
        assert not store.add("c", NOW + 9 * MINUTE, NOW + 2 * MINUTE)


def test_stores_are_shared_by_threads(tmp_path: Path) -> None:
    for store in stores(tmp_path):
        new: list[bool] = []
        threads = [
            threading.Thread(target=lambda store=store, new=new: new.append(store.add("a", NOW + MINUTE, NOW)))
            for _ in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(new) == [False] * 11 + [True]


def test_a_file_is_shared_and_private(tmp_path: Path) -> None:
    path = tmp_path / "gezien.db"
    assert FileReplays(path).add("a", NOW + MINUTE, NOW)
    assert not FileReplays(path).add("a", NOW + MINUTE, NOW)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "tekst").write_text("geen databank " * 100)
    for path in (tmp_path / "tekst", tmp_path / "weg" / "gezien.db", tmp_path):
        with pytest.raises(DataError, match="cannot be used"):
            FileReplays(path)
    store = FileReplays(tmp_path / "gezien.db")
    (tmp_path / "gezien.db").write_text("geen databank " * 100)
    with pytest.raises(DataError, match="cannot be used"):
        store.add("a", NOW, NOW)


def test_a_store_holds_nothing_of_the_message(party: Party, tmp_path: Path) -> None:
    path = tmp_path / "gezien.db"
    party.read(party.write(addressing=Addressing(ACTION, TO, message_id="urn:Kanarie", from_oin=party.oin)).xml,
               replays=FileReplays(path))  # fmt: skip
    assert b"Kanarie" not in path.read_bytes()
    assert party.oin.encode() not in path.read_bytes()


# --- envelopes and faults ---------------------------------------------------------------------------------------------

FAULT = (
    b'<Envelope xmlns="%s"><Body><Fault><faultcode xmlns="">Server</faultcode>'
    b'<faultstring xmlns="">Kanarie-7731</faultstring></Fault></Body></Envelope>' % n.SOAP.encode()
)


def test_a_fault_without_signature_is_not_used(party: Party) -> None:
    with pytest.raises(SignatureRefused) as caught:
        party.read(FAULT, kind="response", replays=None)
    assert caught.value.rule == "SIG.fout"
    assert "Kanarie" not in str(caught.value)


def test_faults_are_known_by_their_name(party: Party) -> None:
    fault = etree.fromstring(FAULT)[0][0]
    said = Addressing("http://www.w3.org/2005/08/addressing/soap/fault", relates_to="urn:uuid:1")
    expected = wus.Expected(relates_to="urn:uuid:1", actions={"urn:antwoord": "{urn:vraag}antwoord"})
    message = wus.write(etree.tostring(fault), said, kind="response").xml
    assert wus.read(message, expected, kind="response").fault
    signed = wus.write(etree.tostring(fault), said, profile="2W-be-S", kind="response", identity=party.identity).xml
    assert party.read(signed, expected, kind="response", replays=None).fault
    assert refused(message.replace(b"RelatesTo", b"MessageID"), expected, kind="response") == "WUS.dubbel"


def test_a_fault_is_no_question() -> None:
    fault = etree.tostring(etree.fromstring(FAULT)[0][0])
    message = wus.write(fault, Addressing(ACTION, to=TO, from_oin=OIN)).xml
    assert refused(message, peer=_peer(OIN)) == "WUS.envelop"


SOAP = f'xmlns:s="{n.SOAP}"'


@pytest.mark.parametrize(
    "message",
    [
        f"<s:Envelope {SOAP}/>",
        f"<s:Envelope {SOAP}><s:Body/></s:Envelope>",
        f"<s:Envelope {SOAP}><s:Body><a/><b/></s:Body></s:Envelope>",
        f"<s:Envelope {SOAP}><s:Body>x<a/></s:Body></s:Envelope>",
        f"<s:Envelope {SOAP}><s:Body><a/></s:Body>x</s:Envelope>",
        f"<s:Envelope {SOAP}><s:Body><a/></s:Body><s:Body><a/></s:Body></s:Envelope>",
        f"<s:Envelope {SOAP}><s:Body><a/></s:Body><s:Header/></s:Envelope>",
        f"<s:Envelope {SOAP}><s:Header/><s:Header/><s:Body><a/></s:Body></s:Envelope>",
        f"<s:Envelope {SOAP}><s:Header>x</s:Header><s:Body><a/></s:Body></s:Envelope>",
        f"<s:Envelope {SOAP}><s:Header/><s:Body><a/></s:Body><x/></s:Envelope>",
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><a/></s:Body></s:Envelope>',
        "<html><body>Internal error</body></html>",
        "<Envelope><Body><a/></Body></Envelope>",
    ],
)
def test_what_is_no_envelope(message: str) -> None:
    assert refused(message.encode()) == "WUS.envelop"


def test_what_is_no_xml() -> None:
    for message in (b"", b"HTTP Error 500 Kanarie-7731", b"<html><p>Kanarie-7731</html>", b"{}"):
        with pytest.raises(NotXml) as caught:
            wus.read(message, wus.Expected())
        assert "Kanarie" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1"])
def test_only_utf_8(encoding: str) -> None:
    text = plain().decode("utf-8").replace("UTF-8", encoding).replace("Kanarie", "Kanariën")
    assert refused(text.encode(encoding)) == "WUS.tekens"


def test_a_mark_of_utf_8_is_read() -> None:
    assert wus.read(b"\xef\xbb\xbf" + plain(), wus.Expected(), peer=_peer(OIN))


def test_limits(party: Party) -> None:
    import oso_bridge as oso

    deep = b"<a>" * 80 + b"</a>" * 80
    message = wus.write(deep, Addressing(ACTION, TO, from_oin=OIN), limits=oso.Limits(max_depth=200)).xml
    for limits in (oso.Limits(), oso.Limits(max_bytes=100), oso.Limits(max_elements=20)):
        with pytest.raises(oso.UnsafeDocument):
            wus.read(message, wus.Expected(), limits=limits)
    with pytest.raises(oso.UnsafeDocument):
        party.read(party.write().xml, limits=oso.Limits(max_depth=3))


def test_names_in_values_keep_their_meaning(party: Party) -> None:
    payload = b'<a xmlns="urn:a" xmlns:q="urn:q" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="q:T"/>'
    found = etree.fromstring(party.read(party.write(payload).xml).payload)
    assert found.nsmap["q"] == "urn:q"
    changed_meaning = party.write(payload).xml.replace(b'"urn:q"', b'"urn:z"')
    with pytest.raises(OsoBridgeError):
        party.read(changed_meaning)
