"""The endpoint of UWLR: what it answers, in which order it refuses, and that it tells nothing of anybody."""

from __future__ import annotations

import logging
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import fieldsets
from oso_bridge.exchange import soap, uwlr
from oso_bridge.exchange.uwlr import answers, faults
from oso_bridge.exchange.uwlr.operations import PUPILS
from oso_bridge.model.administratie import Groep, Groepstaak, Leerkracht, Schooladministratie
from oso_bridge.parcels import Parcel

from .scene import BASIS, HEADER, YEAR, Gemaakt, Scene, clients, code, envelope, from_file, question, results, whole

GROUPS = f'{BASIS}<groepen><groep key="G-0"/></groepen>'
"""A request for the persons of one group."""


# --- what is answered -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["smalle-set", "lvs-set"])
def test_a_whole_school_is_a_valid_message_in_both_field_sets(name: str) -> None:
    asked = f"{BASIS}<gegevenssetid>{name}</gegevenssetid>"
    document = whole(Scene(Gemaakt(250)).ask(envelope(question(inside=asked))))
    assert document.root == "leerlinggegevens_antwoord"
    assert oso.check(document).ok
    assert not oso.check(document).findings
    assert fieldsets.check(document, name) == []
    found = document.administratie()
    assert [pupil.leerlingid for pupil in found.leerlingen] == [f"L-{number}" for number in range(250)]
    assert [one.sleutel for one in found.leerkrachten] == ["K-1", "K-2"]
    assert [groep.sleutel for groep in found.groepen] == ["G-0", "S-1", "G-1"]


def test_what_a_field_set_leaves_out_does_not_leave() -> None:
    scene = Scene(Gemaakt())
    scene.ask(envelope(question()))
    scene.ask(envelope(question(inside=f"{BASIS}<gegevenssetid>LVS-set</gegevenssetid>")))
    narrow, wide = scene.answers
    assert b"123456789" not in narrow + wide
    assert b"etniciteit" not in narrow + wide
    assert b"6789" not in narrow
    assert b"<bsn_ondwnr-4>6789</bsn_ondwnr-4>" in wide


def test_the_first_field_set_of_an_application_is_the_usual_one() -> None:
    scene = Scene(Gemaakt(), toegang=clients(sets=("lvs-set",)))
    for inside in (BASIS, f"{BASIS}<gegevenssetid>iets anders</gegevenssetid>"):
        scene.ask(envelope(question(inside=inside)))
        assert b"bsn_ondwnr-4" in scene.answers[-1]
    payload = scene.ask(envelope(question(inside=f"{BASIS}<gegevenssetid>Smalle-set-VO</gegevenssetid>")))
    assert code(payload) == faults.ACCESS


def test_the_structure_has_no_persons() -> None:
    bron = Gemaakt()
    document = whole(Scene(bron).ask(envelope(question("structuur_verzoek"))))
    assert document.root == "structuur_antwoord"
    assert oso.check(document).ok
    assert bron.gevraagd == []
    assert len(document.administratie().groepen) == 3


@pytest.mark.parametrize(
    ("groups", "pupils"),
    [
        ('<groep key="G-0"/>', ["L-0", "L-3"]),
        ('<groep key=" G-0 "/>', ["L-0", "L-3"]),
        ('<groep key="G-0"/><groep key="G-1"/>', ["L-0", "L-1", "L-3", "L-4"]),
        ("<groep/>", ["L-2", "L-5"]),
        ('<samengestelde_groep key="S-1"/>', ["L-1", "L-3", "L-5"]),
        ("<samengestelde_groep/>", ["L-0", "L-2", "L-4"]),
        ('<samengestelde_groep/><groep key="G-1"/><groep/>', ["L-0", "L-1", "L-2", "L-4", "L-5"]),
    ],
)
def test_pupils_are_those_of_the_groups_that_are_asked_for(groups: str, pupils: list[str]) -> None:
    body = question("leerlingen_verzoek", f"{BASIS}<groepen>{groups}</groepen>")
    document = whole(Scene(Gemaakt(6)).ask(envelope(body)))
    assert oso.check(document).ok
    assert [pupil.leerlingid for pupil in document.administratie().leerlingen] == pupils


@pytest.mark.parametrize(("groups", "staff"), [('<groep key="G-1"/>', ["K-1"]), ("<groep/>", ["K-2"])])
def test_staff_is_that_of_the_groups_that_are_asked_for(groups: str, staff: list[str]) -> None:
    body = question("leerkrachten_verzoek", f"{BASIS}<groepen>{groups}</groepen>")
    document = whole(Scene(Gemaakt()).ask(envelope(body)))
    assert oso.check(document).ok
    assert [one.sleutel for one in document.administratie().leerkrachten] == staff


@pytest.mark.parametrize("element", ["leerlinggegevens_verzoek", "structuur_verzoek"])
def test_another_year_has_no_data(element: str) -> None:
    body = question(element, BASIS.replace(YEAR, "2031-2032"))
    assert list(whole(Scene(Gemaakt()).ask(envelope(body))).record) == ["geengegevens"]


def test_nobody_is_no_data() -> None:
    groups = question("leerlingen_verzoek", f"{BASIS}<groepen><groep/></groepen>")
    assert list(whole(Scene(Gemaakt(2)).ask(envelope(groups))).record) == ["geengegevens"]
    assert list(whole(Scene(Gemaakt(0)).ask(envelope(question()))).record) == ["geengegevens"]


@pytest.mark.parametrize(
    ("since", "changed"),
    [
        ("2024-10-01T08:59:59", True),
        ("2024-10-01T09:00:00", False),
        ("2024-10-02T00:00:00", False),
        ("2024-10-03T00:00:00+02:00", False),
        ("2024-01-01T00:00:00Z", True),
        ("12024-10-02T00:00:00", True),
    ],
)
def test_what_did_not_change_does_not_come_again(since: str, changed: bool) -> None:
    body = question(inside=f"{BASIS}<laatstontvangengegevens>{since}</laatstontvangengegevens>")
    record = whole(Scene(Gemaakt()).ask(envelope(body))).record
    assert list(record) == (["leerlinggegevens"] if changed else ["geenwijzigingen"])


@pytest.mark.parametrize("action", ["", '""', "HaalStructuur", '"HaalLeerlinggegevens"', "iets/heel#anders"])
def test_the_body_decides_and_not_the_soapaction(action: str) -> None:
    payload = Scene(Gemaakt()).ask(envelope(question("structuur_verzoek")), soapaction=action)
    assert payload.tag == f"{{{PUPILS}}}structuur_antwoord"


def test_a_header_that_must_be_understood_is() -> None:
    must = f' xmlns:q="{soap.NAMESPACE}" q:mustUnderstand="1"'
    header = HEADER.replace("<a:autorisatie", f"<a:autorisatie{must}", 1)
    assert not soap.is_fault(Scene(Gemaakt()).ask(envelope(question(), header)))
    assert code(Scene(Gemaakt()).ask(envelope(question(), f"{header}<x{must}/>"))) == "soap:MustUnderstand"


def test_a_request_may_leave_out_its_version_as_the_documentation_has_it() -> None:
    inside = BASIS.replace("<xsdversie>2.2</xsdversie>", "<gegevenssetid>Smalle-set</gegevenssetid>")
    assert whole(Scene(Gemaakt()).ask(envelope(question(inside=inside)))).administratie().xsdversie == "2.2"


def test_2_3_is_answered_when_that_was_asked_for() -> None:
    body = question(inside=BASIS.replace("2.2<", "2.3<"))
    assert code(Scene(Gemaakt()).ask(envelope(body))) == faults.VERSION
    found = whole(Scene(Gemaakt(), versies=("uwlr/2.2", "uwlr/2.3")).ask(envelope(body))).administratie()
    assert found.xsdversie == "2.3"
    assert found.leerlingen[0].geboortedatum is None


def test_a_school_may_be_named_by_its_key() -> None:
    inside = f"<schooljaar>{YEAR}</schooljaar><schoolkey>wilgenroos-1</schoolkey><xsdversie>2.2</xsdversie>"
    assert not soap.is_fault(Scene(Gemaakt()).ask(envelope(question(inside=inside))))


# --- faults, in their order -------------------------------------------------------------------------------------------

BAD = BASIS.replace("00AA", "00BB").replace("2.2<", "1.0<") + "<fout/>"
"""A request that is wrong in every way that comes after the header."""


def without(name: str) -> str:
    start, end = HEADER.index(f"<a:{name}>"), HEADER.index(f"</a:{name}>") + len(f"</a:{name}>")
    return HEADER[:start] + HEADER[end:]


@pytest.mark.parametrize(
    ("header", "inside", "fault"),
    [
        ("", BAD, faults.ACCESS),
        (HEADER + HEADER, BAD, faults.ACCESS),
        (without("autorisatiesleutel"), BAD, faults.ACCESS),
        (without("klantcode"), BAD, faults.ACCESS),
        (without("klantnaam"), BAD, faults.ACCESS),
        (HEADER.replace("code-1", "code-9"), BAD, faults.CLIENT),
        (HEADER.replace("Voorbeeldleermiddel", "Iets anders"), BAD, faults.CLIENT),
        (HEADER.replace("sleutel-van-de-wilgenroos", "sleutel-van-niemand"), BAD, faults.ACCESS),
        (HEADER, BAD, faults.ACCESS),
        (HEADER, BAD.replace("00BB", "00AA"), faults.MESSAGE),
        (HEADER, "", faults.MESSAGE),
    ],
)
@pytest.mark.parametrize("element", ["leerlinggegevens_verzoek", "structuur_verzoek", "leerkrachten_verzoek"])
def test_checks_stand_in_their_order(element: str, header: str, inside: str, fault: str) -> None:
    assert code(Scene(Gemaakt()).ask(envelope(question(element, inside), header))) == fault


@pytest.mark.parametrize(("element", "inside"), [("structuur_verzoek", BASIS), ("leerkrachten_verzoek", GROUPS)])
def test_a_version_is_looked_at_when_the_rest_is_right(element: str, inside: str) -> None:
    asked = question(element, inside.replace("2.2<", "1.0<"))
    assert code(Scene(Gemaakt()).ask(envelope(asked))) == faults.VERSION


@pytest.mark.parametrize(
    ("edits", "fault"),
    [
        ([("00AA", "00BB"), (">2.2<", ">1.0<")], faults.ACCESS),
        ([(">2.2<", ">1.0<"), ("<lr:leerlingid>", "<lr:niets/><lr:leerlingid>")], faults.MESSAGE),
        ([(">2.2<", ">1.0<")], faults.VERSION),
        ([("<lr:xsdversie>2.2</lr:xsdversie>", "")], faults.MESSAGE),
    ],
)
def test_checks_of_results_stand_in_their_order(edits: list[tuple[str, str]], fault: str) -> None:
    assert code(Scene(Gemaakt()).ask(envelope(results(*edits)))) == fault


def test_a_key_for_a_school_that_is_not_here() -> None:
    header = HEADER.replace("code-1", "code-2").replace("Voorbeeldleermiddel", "Ander leermiddel")
    header = header.replace("sleutel-van-de-wilgenroos", "sleutel-van-de-es")
    payload = Scene(Gemaakt()).ask(envelope(question(inside=BASIS.replace("00AA", "00BB")), header))
    assert code(payload) == faults.CLIENT


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"geen xml",
        b"<a/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        envelope(""),
        envelope(question() + question()),
        envelope("<iets/>"),
        envelope(question().replace(PUPILS, "urn:iets-anders")),
        envelope(question("leerlinggegevens_antwoord")),
        envelope(question()).decode().encode("utf-16"),
    ],
)
def test_what_is_no_request_is_an_invalid_message(content: bytes) -> None:
    assert code(Scene(Gemaakt()).ask(content)) == faults.MESSAGE


def test_another_version_of_soap_is_told_in_the_words_of_soap() -> None:
    content = envelope(question()).replace(soap.NAMESPACE.encode(), b"http://www.w3.org/2003/05/soap-envelope")
    assert code(Scene(Gemaakt()).ask(content)) == "soap:VersionMismatch"


def test_an_application_with_an_oin_must_show_it() -> None:
    scene = Scene(Gemaakt(), toegang=clients(oin="00000099123456789000"))
    assert code(scene.ask(envelope(question()))) == faults.CLIENT
    assert code(scene.ask(envelope(question()), oin="00000099123456789001")) == faults.CLIENT
    assert not soap.is_fault(scene.ask(envelope(question()), oin="00000099123456789000"))


@pytest.mark.parametrize("fault", faults.codes())
@pytest.mark.parametrize("body", [question(), question("structuur_verzoek"), results()], ids=["all", "step", "results"])
def test_a_fault_of_the_administration_goes_to_the_other_side(fault: str, body: str) -> None:
    payload = Scene(Gemaakt(fout=uwlr.UwlrFault(fault, "Een zin zonder gegevens."))).ask(envelope(body))
    assert code(payload) == fault
    assert payload.findtext("faultstring") == "Een zin zonder gegevens."


def test_a_fault_without_a_code_of_uwlr_is_one_of_ours() -> None:
    assert code(Scene(Gemaakt(fout=uwlr.UwlrFault(faults.UNKNOWN))).ask(envelope(question()))) == faults.INTERNAL


def test_an_operation_of_one_step_has_a_fault_element_of_its_own() -> None:
    scene = Scene(Gemaakt(fout=uwlr.UwlrFault(faults.UNAVAILABLE)))
    for part in ("structuur", "leerlingen", "leerkrachten"):
        payload = scene.ask(envelope(question(f"{part}_verzoek", BASIS if part == "structuur" else GROUPS)))
        detail = payload.find(f"detail/{{{PUPILS}}}{part.capitalize()}Fault")
        assert detail is not None
        assert detail.findtext("faultcode") == faults.UNAVAILABLE
    about_header = scene.ask(envelope(question("structuur_verzoek"), ""))
    assert about_header.find("detail") is None


def test_a_group_that_is_not_there_is_refused() -> None:
    for kind in ("groep", "samengestelde_groep"):
        body = question("leerlingen_verzoek", f'{BASIS}<groepen><groep/><{kind} key="G-9"/></groepen>')
        assert code(Scene(Gemaakt()).ask(envelope(body))) == faults.MESSAGE


# --- what an administration can have wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"jaargroep": "99"}, "XSD.keuzelijst.jaargroep"),
        ({"eckid": "https://ketenid.nl/voorbeeld/1"}, "sleutel-dubbel"),
        ({"groep": "G-7"}, "sleutel-onbekend"),
        ({"vestiging": "V-1"}, "sleutel-onbekend"),
        ({"leerlingid": "L-1"}, "sleutel-dubbel"),
        ({"leerlingid": None}, "XSD.attribuut-ontbreekt"),
        ({"roepnaam": "x" * 65}, "XSD.te-lang.roepnaam"),
    ],
)
def test_wrong_data_do_not_leave(changes: dict[str, Any], rule: str, caplog: pytest.LogCaptureFixture) -> None:
    class Wrong(Gemaakt):
        def leerlingen(self, vraag: uwlr.Vraag) -> Any:
            return (one.model_copy(update=changes) for one in super().leerlingen(vraag))

    caplog.set_level(logging.INFO, "oso_bridge.exchange")
    assert code(Scene(Wrong()).ask(envelope(question()))) == faults.INTERNAL
    assert rule in caplog.text
    assert "Zilverschoon" not in caplog.text
    assert "L-1" not in caplog.text


@pytest.mark.parametrize(
    "staff",
    [
        [Leerkracht(sleutel="K-1", achternaam="A"), Leerkracht(sleutel=" K-1 ", achternaam="B")],
        [Leerkracht(sleutel="K-1", achternaam="A", groepen=[Groepstaak(soort="samengesteld", sleutel="G-1")])],
    ],
)
def test_wrong_keys_of_staff_do_not_leave(staff: list[Leerkracht]) -> None:
    class Wrong(Gemaakt):
        def leerkrachten(self, vraag: uwlr.Vraag) -> Any:
            return staff

    assert code(Scene(Wrong()).ask(envelope(question()))) == faults.INTERNAL


def test_a_group_and_a_composed_group_share_their_keys() -> None:
    groups = [Groep(soort="stamgroep", sleutel="G", naam="A", jaargroep="1"), Groep(soort="samengesteld", sleutel="G ")]
    kop = Schooladministratie(schooljaar=YEAR, groepen=groups)
    assert code(Scene(Gemaakt(eigen_kop=kop)).ask(envelope(question()))) == faults.INTERNAL


@pytest.mark.parametrize("body", [question(), results()])
def test_what_an_administration_raises_is_not_told(body: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    scene = Scene(Gemaakt(fout=KeyError("Jildou Zilverschoon")))
    assert code(scene.ask(envelope(body))) == faults.INTERNAL
    assert b"Jildou" not in scene.answers[0]
    assert "Jildou" not in caplog.text
    assert "KeyError" in caplog.text


CANARY = "KANARIE-4711"


@pytest.mark.parametrize(
    "body",
    [
        question(inside=BASIS.replace("00AA", CANARY)),
        question(inside=BASIS.replace("2.2<", f"{CANARY}<")),
        question(inside=f"{BASIS}<gegevenssetid>{CANARY}</gegevenssetid><{CANARY}/>"),
        question("leerlingen_verzoek", f'{BASIS}<groepen><groep key="{CANARY}"/></groepen>'),
        question(inside=f'{BASIS}<laatstontvangengegevens a="{CANARY}">{CANARY}</laatstontvangengegevens>'),
        results(("<lr:leerlingid>L-0001", f"<lr:leerlingid>{CANARY}")),
        results((">2024-12-06T", f">{CANARY}")),
        f"<{CANARY}/>",
    ],
)
def test_what_a_message_says_is_not_repeated(body: str, caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    caplog.set_level(logging.DEBUG)
    scene = from_file(tmp_path)
    assert soap.is_fault(scene.ask(envelope(body)))
    scene.ask(envelope(question(), HEADER.replace("code-1", CANARY)))
    assert CANARY.encode() not in b"".join(scene.answers)
    assert CANARY not in caplog.text


# --- results ----------------------------------------------------------------------------------------------------------


def test_results_become_leerresultaten() -> None:
    bron = Gemaakt()
    document = whole(Scene(bron).ask(envelope(results())))
    assert document.root == "leerresultaten_bevestiging"
    assert oso.check(document).ok
    (levering,) = bron.ontvangen
    assert levering.resultaten == oso.read(results().encode()).leerresultaten()
    assert oso.check(levering.bericht).ok
    assert (levering.klant, str(levering.school)) == ("code-1", "00AA")
    assert "L-0001" not in repr(levering)


def test_results_must_be_newer_than_those_before() -> None:
    bron = Gemaakt()
    scene = Scene(bron)
    assert not soap.is_fault(scene.ask(envelope(results())))
    assert code(scene.ask(envelope(results()))) == faults.MESSAGE
    assert code(scene.ask(envelope(results(("2024-12-06T15", "2024-12-06T14"))))) == faults.MESSAGE
    assert not soap.is_fault(scene.ask(envelope(results(("2024-12-06T15", "2024-12-06T17")))))
    assert len(bron.ontvangen) == 2


def test_a_moment_with_a_zone_is_compared_as_a_moment() -> None:
    earlier = datetime(2024, 12, 6, 15, 45, tzinfo=UTC)
    before = results(("2024-12-06T15:45:00", "2024-12-06T16:44:59+01:00"))
    assert code(Scene(Gemaakt(eerder=earlier)).ask(envelope(before))) == faults.MESSAGE
    after = results(("2024-12-06T15:45:00", (earlier + timedelta(seconds=1)).isoformat()))
    assert not soap.is_fault(Scene(Gemaakt(eerder=earlier)).ask(envelope(after)))


def test_a_term_must_be_in_the_vocabulary_that_it_names() -> None:
    known = "http://purl.edustandaard.nl/concept/328cc12a-87b2-41c4-aef8-853595f9f9dd"
    assert code(Scene(Gemaakt()).ask(envelope(results(("Rekenen en wiskunde<", "Rekenen<"))))) == faults.TERM
    other = results(("Rekenen en wiskunde<", "Rekenen<"), (known, "urn:een-andere-lijst"))
    assert not soap.is_fault(Scene(Gemaakt()).ask(envelope(other)))


# --- size -------------------------------------------------------------------------------------------------------------


def taken(number: int) -> int:
    """The most memory that an answer about so many pupils took."""
    endpoint = Scene(Gemaakt(number)).endpoint
    parcel = Parcel(envelope(question()), soap.MEDIA_TYPE)
    tracemalloc.start()
    try:
        size = sum(len(piece) for piece in endpoint.answer(parcel))  # type: ignore[arg-type]
        assert size > number * 200
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_large_school_takes_hardly_more_memory_than_a_small_one() -> None:
    taken(200)  # what is made once
    assert taken(2000) < 1.5 * taken(200)


def test_an_answer_knows_its_size_and_comes_in_pieces() -> None:
    found = Scene(Gemaakt(1000)).endpoint.answer(Parcel(envelope(question()), soap.MEDIA_TYPE))
    assert isinstance(found, answers.Antwoord)
    pieces = list(found)
    assert len(pieces) > 3
    assert max(map(len, pieces)) <= 64 * 1024
    assert sum(map(len, pieces)) == found.size
    assert b"".join(found) == b"".join(pieces), "it can be taken again"
