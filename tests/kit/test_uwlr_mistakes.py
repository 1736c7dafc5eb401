"""Mistakes that vendors make, planted one by one: the kit finds each of them, and finds none in our endpoint.

Every scenario is the one that finds some mistake, so taking a scenario away makes a test fail.
"""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from oso_bridge.exchange.uwlr import faults
from oso_bridge.testing.kit import scenarios

from .uwlr_door import KEY, OTHER_KEY, Call, Mistake, Reply, failed, fault, none, played

ALL, STRUCTURE, PUPILS, STAFF = (
    f"{name}_verzoek" for name in ("leerlinggegevens", "structuur", "leerlingen", "leerkrachten")
)
RESULTS = "leerresultaten_verzoek"
NOW = "<schooljaar>2024-2025</schooljaar>"
HTML = Reply(200, {"Content-Type": "text/html"}, b"<html><body>Er ging iets mis</body></html>")

PLANTED: dict[str, tuple[Mistake, set[str]]] = {}
"""The mistakes by name, each with the scenarios that find it."""


def planted(*fails: str) -> Callable[[Mistake], Mistake]:
    """Put a mistake into the table."""

    def keep(mistake: Mistake) -> Mistake:
        PLANTED[mistake.__name__] = (mistake, set(fails))
        return mistake

    return keep


def taken() -> Reply:
    """The confirmation of results that nobody looked at."""
    body = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><leerresultaten_bevestiging '
    body += 'xmlns="http://www.edustandaard.nl/leerresultaten/2/leerresultaten"/></s:Body></s:Envelope>'
    return Reply(200, {"Content-Type": "text/xml"}, body.encode())


def key_of(call: Call) -> bytes:
    """The key in a request."""
    return (re.findall(rb"<autorisatiesleutel>(.*?)<", call.request) or [b""])[0]


# --- the WSDL ---------------------------------------------------------------------------------------------------------


@planted("W01")
def another_action(call: Call) -> Reply:
    return call.go().swap('soapAction="[^"]*/structuur_verzoek"', 'soapAction="urn:HaalStructuur"')


@planted("W01")
def another_answer_in_the_wsdl(call: Call) -> Reply:
    reply = call.go()
    return reply.swap('element="tns:leerlingen_antwoord"', 'element="tns:leerlingen"') if call.query else reply


@planted("W02")
def another_operation_in_the_wsdl_of_results(call: Call) -> Reply:
    return call.go().swap('name="BrengLeerresultaten"', 'name="Breng"') if call.query else call.go()


# --- pupil data -------------------------------------------------------------------------------------------------------


@planted("G01", "S01", "T01")
def a_page_in_html(call: Call) -> Reply:
    return call.go() if call.query else HTML


@planted("G01")
def another_element_answers(call: Call) -> Reply:
    return call.go().swap("leerlinggegevens_antwoord", "leerlinggegevensAntwoord") if call.asks(ALL) else call.go()


@planted("G02")
def another_media_type(call: Call) -> Reply:
    reply = call.go()
    return replace(reply, headers={"Content-Type": "application/soap+xml"}) if reply.status == 200 else reply


@planted("G03", "S03")
def dates_as_people_write_them(call: Call) -> Reply:
    return call.go().swap(r"<geboortedatum>(\d+)-(\d+)-(\d+)", r"<geboortedatum>\3-\2-\1")


@planted("G04", "S13")
def two_pupils_with_one_key(call: Call) -> Reply:
    return call.go().swap('<leerling key="L-2"', '<leerling key="L-1"')


@planted("G04", "S02")
def two_groups_with_one_key(call: Call) -> Reply:
    return call.go().swap('(<groep key=)"G-4">', r'\1"G-3">') if call.asks(ALL) else call.go()


@planted("G04", "S11")
def a_group_that_is_not_there(call: Call) -> Reply:
    return call.go().swap('(<leerkracht .*)<samengestelde_groep key="S-plus"/>', r'\1<samengestelde_groep key="weg"/>')


@planted("G05")
def a_field_outside_the_set(call: Call) -> Reply:
    return call.go().swap("(<achternaam>Zilverschoon</achternaam>)", r"\1<voornamen>Jildou Mare</voornamen>")


@planted("G05", "G06")
def the_whole_number(call: Call) -> Reply:
    return call.go().swap(r'(<leerling key="L-1".*?<groep key="G-3"/>)', r"\1<bsn>123456789</bsn>")


@planted("G07", "S01")
def the_answer_is_of_another_year(call: Call) -> Reply:
    return call.go().swap("<schooljaar>2024-2025<", "<schooljaar>2023-2024<")


@planted("G08", "G10", "G12", "G13", "S13")
def something_else_every_time(call: Call) -> Reply:
    if not call.asks(ALL):
        return call.go()
    call.memory["asked"] = call.memory.get("asked", 0) + 1
    return call.go().swap("<achternaam>Kamille<", f"<achternaam>Kamille {call.memory['asked']}<")


@planted("G09")
def what_was_received_is_ignored(call: Call) -> Reply:
    return call.swapped("<laatstontvangengegevens>.*</laatstontvangengegevens>", "")


@planted("G10")
def only_what_changed(call: Call) -> Reply:
    reply = call.go()
    return reply.swap('<leerling key="L-1".*?</leerling>', "") if call.has("<laatst") else reply


@planted("G11", "S12")
def the_year_is_ignored(call: Call) -> Reply:
    return call.swapped("<schooljaar>1995-1996<", "<schooljaar>2024-2025<")


@planted("G12")
def one_at_a_time(call: Call) -> Reply:
    call.memory["busy"] = call.memory.get("busy", 0) + 1
    try:
        time.sleep(0.02 if call.asks(ALL) else 0)
        return call.go().swap('<leerling key="L-1".*?</leerling>', "") if call.memory["busy"] > 1 else call.go()
    finally:
        call.memory["busy"] -= 1


@planted("G13")
def half_a_gzip(call: Call) -> Reply:
    reply = call.go()
    if not call.headers.get("HTTP_ACCEPT_ENCODING", "").startswith("gzip"):
        return reply
    packed = gzip.compress(reply.body)
    return Reply(reply.status, {**reply.headers, "Content-Encoding": "gzip"}, packed[: len(packed) // 2])


@planted("G14")
def slow(call: Call) -> Reply:
    time.sleep(1.02 if call.asks(ALL) else 0)
    return call.go()


# --- in steps ---------------------------------------------------------------------------------------------------------


@planted("S01")
def persons_in_the_structure(call: Call) -> Reply:
    person = '<leerkrachten><leerkracht key="K-1"><achternaam>Duinhoorn</achternaam></leerkracht></leerkrachten>'
    return call.go().swap("</leerlinggegevens-structuur>", f"{person}</leerlinggegevens-structuur>")


@planted("S02", "S06")
def a_group_is_not_in_the_structure(call: Call) -> Reply:
    return call.go().swap('<groep key="G-4">.*?</groep>', "") if call.asks(STRUCTURE) else call.go()


@planted("S03", "S04", "S05", "S06", "S09", "S10")
def groups_are_ignored(call: Call) -> Reply:
    everybody = '<groepen><groep key="G-3"/><groep key="G-4"/><groep/></groepen>'
    return call.swapped("<groepen>.*</groepen>", everybody) if call.asks(PUPILS) else call.go()


@planted("S04", "S11")
def no_composed_groups(call: Call) -> Reply:
    return call.swapped('<samengestelde_groep key="S-plus"/>', '<groep key="G-3"/>')


@planted("S05", "S06")
def nobody_is_without_a_group(call: Call) -> Reply:
    if not call.has("<groep/>"):
        return call.go()
    return call.go().swap("<leerlinggegevens-leerlingen>.*</leerlinggegevens-leerlingen>", "<geengegevens/>")


@planted("S06", "S10")
def one_pupil_less_in_steps(call: Call) -> Reply:
    return call.go().swap('<leerling key="L-2".*?</leerling>', "") if call.has('<groep key="G-3"/>') else call.go()


@planted("S07")
def all_staff_in_every_group(call: Call) -> Reply:
    return call.swapped('<groep key="G-3"/>', '<groep key="G-3"/><groep/>') if call.asks(STAFF) else call.go()


@planted("S08")
def staff_without_a_group_is_forgotten(call: Call) -> Reply:
    if not (call.asks(STAFF) and call.has("<groep/>")):
        return call.go()
    return call.go().swap("<leerlinggegevens-leerkrachten>.*</leerlinggegevens-leerkrachten>", "<geengegevens/>")


@planted("S09")
def an_unknown_group_is_every_group(call: Call) -> Reply:
    return call.swapped('<groep key="oso-bridge-testkit[^"]*"/>', '<groep key="G-3"/>')


@planted("S10")
def only_the_first_group(call: Call) -> Reply:
    return call.swapped('(<groep key="G-3"/>)<groep key="G-4"/>', r"\1") if call.asks(PUPILS) else call.go()


@planted("S11")
def no_composed_groups_of_staff(call: Call) -> Reply:
    return call.swapped('<samengestelde_groep key="S-plus"/>', '<groep key="G-3"/>') if call.asks(STAFF) else call.go()


@planted("S12")
def the_year_is_ignored_in_steps(call: Call) -> Reply:
    return call.go() if call.asks(ALL) else call.swapped("<schooljaar>1995-1996<", "<schooljaar>2024-2025<")


# --- who may ask ------------------------------------------------------------------------------------------------------


@planted("T01", "T11")
def no_header_is_fine(call: Call) -> Reply:
    if call.query or call.has("autorisatiesleutel") or not call.has("<s:Body>"):
        return call.go()
    namespace = "http://www.edustandaard.nl/leerresultaten/2/autorisatie"
    texts = f"<autorisatiesleutel>{KEY}</autorisatiesleutel><klantcode>proef</klantcode><klantnaam>proef</klantnaam>"
    header = f'<s:Header><autorisatie xmlns="{namespace}">{texts}</autorisatie></s:Header>'
    return call.swapped("<s:Body>", f"{header}<s:Body>")


@planted("T02")
def a_name_is_not_needed(call: Call) -> Reply:
    lacks = call.has("<klantcode>") and not call.has("<klantnaam>")
    return call.swapped("</klantcode>", "</klantcode><klantnaam>proef</klantnaam>") if lacks else call.go()


@planted("T03", "T09")
def an_unknown_code_is_an_unknown_key(call: Call) -> Reply:
    known = call.has("<klantcode>proef<") or not call.has("<klantcode>")
    return call.go() if known else fault(faults.ACCESS)


@planted("T04")
def any_name_will_do(call: Call) -> Reply:
    return call.swapped("<klantnaam>[^<]+<", "<klantnaam>proef<")


@planted("R11", "R14", "T05", "T06", "T07", "T10", "T11", "T13", "V08", "V09")
def any_key_will_do(call: Call) -> Reply:
    return call.swapped("<autorisatiesleutel>[^<]*<", f"<autorisatiesleutel>{KEY}<")


@planted("R11", "T05", "T10", "T11", "T13")
def a_wrong_key_is_a_wrong_client(call: Call) -> Reply:
    strange = key_of(call).strip() and key_of(call).decode() not in (KEY, OTHER_KEY)
    return fault(faults.CLIENT) if strange else call.go()


@planted("T06")
def a_key_of_blanks_opens(call: Call) -> Reply:
    return call.swapped("<autorisatiesleutel> +<", f"<autorisatiesleutel>{KEY}<")


@planted("R14", "T07")
def a_key_opens_every_school(call: Call) -> Reply:
    return call.swapped(OTHER_KEY, KEY)


@planted("T08", "T12", "R12")
def the_school_is_not_looked_at(call: Call) -> Reply:
    return call.swapped("<brincode>99ZZ<", "<brincode>00AA<")


@planted("T09")
def the_key_comes_first(call: Call) -> Reply:
    strange = call.has("<klantnaam>") and key_of(call).decode() not in (KEY, OTHER_KEY)
    return fault(faults.ACCESS) if strange else call.go()


@planted("T10")
def the_version_comes_first(call: Call) -> Reply:
    return fault(faults.VERSION) if call.has("<xsdversie>0.1<") else call.go()


@planted("T11")
def steps_need_no_key(call: Call) -> Reply:
    open_ = any(call.asks(name) for name in (STRUCTURE, PUPILS, STAFF))
    return call.swapped("<autorisatiesleutel>[^<]*<", f"<autorisatiesleutel>{KEY}<") if open_ else call.go()


@planted("T12")
def the_school_is_not_looked_at_in_steps(call: Call) -> Reply:
    return call.swapped("<brincode>99ZZ<", "<brincode>00AA<") if call.asks(STRUCTURE) else call.go()


# --- wrong requests, and faults ---------------------------------------------------------------------------------------


@planted("V01")
def any_version_will_do(call: Call) -> Reply:
    return call.swapped("<xsdversie>0.1<", "<xsdversie>2.2<") if call.asks(ALL) else call.go()


@planted("V02", "V03")
def a_wrong_request_is_our_fault(call: Call) -> Reply:
    wrong = call.has("24/25") or call.has("<alles>")
    return fault(faults.INTERNAL) if wrong and call.has(KEY) else call.go()


@planted("V03")
def what_is_not_known_is_skipped(call: Call) -> Reply:
    return call.swapped("<alles>.*</alles>", "")


@planted("V04")
def an_unknown_operation_is_our_fault(call: Call) -> Reply:
    return fault(faults.INTERNAL) if call.asks("alles_verzoek") else call.go()


@planted("V05")
def any_namespace_will_do(call: Call) -> Reply:
    return call.swapped("/leerresultaten/1/", "/leerresultaten/2/")


@planted("V06")
def entities_are_filled_in(call: Call) -> Reply:
    return call.go(re.sub(rb"<!DOCTYPE.*?\]>", b"", call.request).replace(b"&jaar;", b"2024-2025"))


@planted("V07")
def nothing_is_said_of_nonsense(call: Call) -> Reply:
    return replace(call.go(), status=200, body=b"") if call.request.startswith(b"dit") else call.go()


@planted("V08")
def a_fault_with_status_200(call: Call) -> Reply:
    return replace(call.go(), status=200)


@planted("V08")
def a_fault_as_html(call: Call) -> Reply:
    reply = call.go()
    return replace(reply, headers={"Content-Type": "text/html"}) if reply.status == 500 else reply


@planted("V09")
def a_fault_without_words(call: Call) -> Reply:
    return call.go().swap("<faultstring>[^<]*</faultstring>", "")


@planted("V09")
def parts_of_a_fault_in_a_namespace(call: Call) -> Reply:
    return call.go().swap("<detail/>", "").swap("(</?)(faultstring)", r"\1soap:\2")


@planted("V10")
def the_key_in_a_fault(call: Call) -> Reply:
    said = f" bij {key_of(call).decode()}<"
    return call.go().swap("(<faultstring>[^<]*)<", rf"\1{said}") if key_of(call) else call.go()


@planted("V10")
def a_stack_in_a_fault(call: Call) -> Reply:
    return call.go().swap("(<faultstring>[^<]*)<", r"\1   at java.lang.Thread.run(Thread.java:1)<")


@planted("R11", "R12", "R14", "T01", "T02", "T05", "T06", "T07", "T08", "T10", "T11", "T12", "T13", "V09")
def the_code_is_in_the_detail(call: Call) -> Reply:
    return call.go().swap(
        "<faultcode>Client.AutorisatieOngeldig</faultcode>(.*)</soap:Fault>",
        r"<faultcode>soap:Client</faultcode>\1<detail>Client.AutorisatieOngeldig</detail></soap:Fault>",
    )


@planted("V11")
def requests_are_read_as_text(call: Call) -> Reply:
    return fault(faults.MESSAGE) if call.has("<v:leerlinggegevens_verzoek") else call.go()


# --- results ----------------------------------------------------------------------------------------------------------


@planted("R01")
def results_are_refused(call: Call) -> Reply:
    return fault(faults.UNAVAILABLE) if call.asks(RESULTS) and call.has(f">{KEY}<") else call.go()


@planted("R01", "R04")
def a_confirmation_with_something_in_it(call: Call) -> Reply:
    return call.go().swap("></leerresultaten_bevestiging>", ">ok</leerresultaten_bevestiging>")


@planted("R02", "R03")
def the_moment_is_not_looked_at(call: Call) -> Reply:
    reply = call.go()
    late = b"niet later" in reply.body
    return taken() if late else reply


@planted("R02")
def the_same_is_taken_twice(call: Call) -> Reply:
    again = call.request in call.memory.setdefault("seen", [])
    call.memory["seen"].append(call.request)
    return taken() if again and call.asks(RESULTS) else call.go()


@planted("R03")
def old_results_are_taken(call: Call) -> Reply:
    return taken() if call.has("<aanmaakdatum>2001-01-01") else call.go()


@planted("R04")
def results_come_once(call: Call) -> Reply:
    reply = call.go()
    if not (call.asks(RESULTS) and reply.status == 200):
        return reply
    call.memory["taken"] = call.memory.get("taken", 0) + 1
    return reply if call.memory["taken"] == 1 else fault(faults.MESSAGE)


@planted("R05")
def keys_of_results_are_not_looked_at(call: Call) -> Reply:
    return taken() if call.has('key="dubbel"') else call.go()


@planted("R06")
def pupils_are_not_looked_at(call: Call) -> Reply:
    return call.swapped("<leerlingid>oso-bridge[^<]*<", "<leerlingid>L-1<")


@planted("R07")
def any_test_will_do(call: Call) -> Reply:
    return call.swapped("OSO-KIT-2", "OSO-KIT-1")


@planted("R08")
def scores_are_rounded(call: Call) -> Reply:
    return call.swapped("<score>7.5<", "<score>8<")


@planted("R09")
def any_version_of_results_will_do(call: Call) -> Reply:
    return call.swapped("<xsdversie>0.1<", "<xsdversie>2.2<") if call.asks(RESULTS) else call.go()


@planted("R10")
def an_unknown_term_is_a_wrong_message(call: Call) -> Reply:
    return fault(faults.MESSAGE) if call.has("Kruidenkunde") else call.go()


@planted("R11", "R14")
def results_need_no_key(call: Call) -> Reply:
    strange = call.asks(RESULTS) and not call.has(f">{KEY}<")
    return taken() if strange else call.go()


@planted("R12")
def results_for_any_school(call: Call) -> Reply:
    return taken() if call.asks(RESULTS) and call.has("<brincode>99ZZ<") else call.go()


@planted("R06")
def only_the_first_pupil_is_looked_at(call: Call) -> Reply:
    return taken() if call.has("<leerlingid>L-1<.*<leerlingid>oso-bridge") else call.go()


@planted("R04")
def moments_are_compared_as_text(call: Call) -> Reply:
    return fault(faults.MESSAGE) if call.has("<aanmaakdatum>[^<]*-11:00<") else call.go()


# --- what is nearly right ---------------------------------------------------------------------------------------------


@planted("T13")
def a_key_is_compared_by_its_beginning(call: Call) -> Reply:
    found = key_of(call).decode().strip()
    return (
        call.go(call.request.replace(key_of(call), KEY.encode()))
        if len(found) > 8 and KEY.startswith(found)
        else call.go()
    )


@planted("T13")
def capitals_of_a_key_do_not_matter(call: Call) -> Reply:
    found = key_of(call)
    return call.go(call.request.replace(found, found.lower()) if found else call.request)


@planted("S13")
def more_in_steps_than_in_the_whole(call: Call) -> Reply:
    reply = call.go()
    return reply.swap("(<geboortedatum>)2", r"\g<1>1") if call.asks(PUPILS) else reply


@planted("S01")
def the_structure_is_of_another_year(call: Call) -> Reply:
    return call.go().swap("<schooljaar>2024-2025<", "<schooljaar>2023-2024<") if call.asks(STRUCTURE) else call.go()


@planted("G07")
def another_version_answers(call: Call) -> Reply:
    return call.go().swap("<xsdversie>2.2<", "<xsdversie>2.1<") if call.asks(ALL) else call.go()


@planted("G09")
def only_the_same_moment_is_late_enough(call: Call) -> Reply:
    known = call.memory.setdefault("made", [])
    reply = call.go()
    known += re.findall(rb"<aanmaakdatum>([^<]*)<", reply.body) if call.asks(ALL) else []
    asked = (re.findall(rb"<laatstontvangengegevens>([^<]*)<", call.request) or [b""])[0]
    same = not asked or asked in known
    return reply if same else call.swapped("<laatstontvangengegevens>.*</laatstontvangengegevens>", "")


@planted("S06", "S10")
def a_pupil_comes_twice_in_a_step(call: Call) -> Reply:
    if not call.has('<groep key="G-3"/>') or not call.asks(PUPILS):
        return call.go()
    return call.go().swap('(<leerling key="L-1".*?</leerling>)', r"\1\1")


@planted("R13")
def what_is_not_known_in_results_is_skipped(call: Call) -> Reply:
    return call.swapped("<kit>ja</kit>", "")


@planted("R14")
def a_key_brings_results_to_every_school(call: Call) -> Reply:
    return call.swapped(OTHER_KEY, KEY) if call.asks(RESULTS) else call.go()


@planted("R06")
def the_pupil_in_a_fault(call: Call) -> Reply:
    found = (re.findall(rb"<leerlingid>([^<]*)<", call.request) or [b""])[0].decode()
    return call.go().swap("(<faultstring>[^<]*)<", rf"\1 {found}<") if found else call.go()


@planted("G03", "S07")
def staff_outside_the_set(call: Call) -> Reply:
    return call.go().swap(
        "(<leerkracht key=[^>]*>.*?<achternaam>[^<]*</achternaam>)", r"\1<emailadres>a@b.invalid</emailadres>"
    )


@planted(
    "R02",
    "R03",
    "R05",
    "R06",
    "R07",
    "R08",
    "R09",
    "R10",
    "R11",
    "R12",
    "R13",
    "R14",
    "S09",
    "T01",
    "T02",
    "T03",
    "T04",
    "T05",
    "T06",
    "T07",
    "T08",
    "T09",
    "T10",
    "T11",
    "T12",
    "T13",
    "V01",
    "V02",
    "V03",
    "V04",
    "V05",
    "V08",
    "V09",
)
def a_fault_in_another_namespace(call: Call) -> Reply:
    return call.go().swap("(</?)soap:Fault", r"\1Fault")


# --- the tests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLANTED)
def test_a_mistake_is_found(name: str, tmp_path: Path) -> None:
    mistake, fails = PLANTED[name]
    only, own = (("UWLR.G14",), {"seconden": 1}) if name == "slow" else ((), {})
    found = played(tmp_path, mistake, only, **own)
    assert failed(found) == fails
    assert found.exit_code() == 1
    assert not [one.code for one in found.outcomes if one.code == "afgebroken"]


def test_our_endpoint_passes_everything(tmp_path: Path) -> None:
    found = played(tmp_path, none)
    assert found.counts() == {"passed": len(scenarios("uwlr")), "failed": 0, "unclear": 0, "not_run": 0}
    assert found.exit_code(strict=True) == 0


def test_every_scenario_finds_some_mistake() -> None:
    finding = {f"UWLR.{name}" for _, fails in PLANTED.values() for name in fails}
    assert {scenario.id for scenario in scenarios("uwlr")} - finding == set()


def test_a_scenario_that_is_taken_away_is_missed(tmp_path: Path) -> None:
    left = tuple(one.id for one in scenarios("uwlr") if one.id != "UWLR.G09")
    mistake, fails = PLANTED["what_was_received_is_ignored"]
    assert failed(played(tmp_path, mistake, left)) != fails
