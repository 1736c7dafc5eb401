"""Which tests stand for which row of the security table about SOAP, signatures and replay; each of them is there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
_SOAP = "exchange/test_soap.py::test_refused"
_UWLR = "exchange/uwlr/test_attacks.py::test_refused"
_WUS = "signatures/test_security_rows.py::test_refused"
EVERY = (_SOAP, _UWLR, _WUS)

ROWS: dict[str, tuple[str, ...]] = {
    "A1 XXE": EVERY,
    "A2 external DTD, parameter entities": EVERY,
    "A3 entity bombs": (*EVERY, "exchange/test_security_rows.py::test_a_bomb_costs_little"),
    "A4 DOCTYPE hidden by an encoding": (
        *EVERY,
        "signatures/test_messages.py::test_only_utf_8",
        "exchange/uwlr/test_foreign.py::test_utf_16_is_told_apart_by_http_already",
    ),
    "A5 XInclude": (*EVERY, "exchange/test_security_rows.py::test_nothing_is_fetched_and_nobody_else_is_answered"),
    "A6 XSLT": (_UWLR, _WUS, "stylesheets/test_screening.py::"),
    "A7 schemaLocation": (
        "exchange/test_security_rows.py::test_nothing_is_fetched_and_nobody_else_is_answered",
        "exchange/uwlr/test_attacks.py::test_a_schema_that_a_message_points_to_is_not_fetched",
        "exchange/uwlr/test_client.py::test_nothing_is_fetched",
        "signatures/test_security_rows.py::test_nothing_is_fetched",
    ),
    "A8 depth": EVERY,
    "A9 floods": (
        *EVERY,
        "exchange/uwlr/test_attacks.py::test_what_is_too_much_costs_little",
        "exchange/uwlr/test_attacks.py::test_a_header_that_is_too_much",
    ),
    "A10 a huge text": (
        "exchange/test_security_rows.py::test_a_huge_text_in_a_field",
        "exchange/uwlr/test_attacks.py::test_what_is_too_much_costs_little",
        "signatures/test_security_rows.py::test_a_message_above_the_limit_is_not_looked_at",
    ),
    "A11 length and chunks": (
        "exchange/test_wsgi.py::test_what_follows_a_body_that_is_unclear_is_no_request",
        "exchange/test_security_rows.py::test_a_second_request_is_not_smuggled_in",
        "exchange/uwlr/test_foreign.py::test_chunks_that_another_server_could_read_otherwise",
        "exchange/uwlr/test_foreign.py::test_nothing_follows_a_body_in_chunks",
        "exchange/uwlr/test_foreign.py::test_chunks_are_taken_up_to_the_limit_only",
        "exchange/uwlr/test_attacks.py::test_refused_by_its_headers",
    ),
    "A12 packed": (
        _UWLR,
        _WUS,
        "exchange/test_security_rows.py::test_an_archive_in_the_place_of_a_dossier",
        "exchange/uwlr/test_attacks.py::test_refused_by_its_headers",
    ),
    "A13 slow": (
        "exchange/test_wsgi.py::test_a_body_that_drips",
        "exchange/test_wsgi.py::test_a_body_that_stops",
        "exchange/uwlr/test_attacks.py::test_a_slow_body_ends",
    ),
    "A15 SOAPAction": (
        "exchange/test_soap.py::test_a_soapaction_is_empty_or_agrees",
        "exchange/test_wsgi.py::test_two_soapactions_are_none",
        "exchange/uwlr/test_attacks.py::test_a_soapaction_of_something_else_changes_nothing",
        "signatures/test_messages.py::test_soap_actions_that_do_not",
        "signatures/test_messages.py::test_an_action_for_another_body",
    ),
    "A16 addressing": (
        "exchange/test_security_rows.py::test_a_header_that_must_be_understood_is_not_passed_over",
        "exchange/uwlr/test_attacks.py::test_an_answer_goes_to_who_asked",
        "signatures/test_messages.py::test_headers_that_are_refused",
        "signatures/test_messages.py::test_an_answer_to_another_question",
    ),
    "A17 OIN of From and of the certificate": (
        "signatures/test_messages.py::test_who_speaks_for_whom",
        "exchange/uwlr/test_endpoint.py::test_an_application_with_an_oin_must_show_it",
    ),
    "A18 no signature": (
        "signatures/test_keys.py::test_without_any_signature",
        "signatures/test_keys.py::test_a_signature_beside_security",
    ),
    "A19 wrapping": (
        "signatures/test_wrapping.py::test_no_wrapped_message_is_read",
        "signatures/test_wrapping.py::test_the_generator_makes_messages_that_a_library_takes",
        "signatures/test_wrapping.py::test_an_id_that_two_elements_have",
        "signatures/test_wrapping.py::test_signatures_of_another_shape",
    ),
    "A20 weak algorithms": (
        "signatures/test_keys.py::test_weak_algorithms",
        "signatures/test_keys.py::test_the_public_key_is_no_secret",
        "signatures/test_keys.py::test_a_short_key",
    ),
    "A21 another key": (
        "signatures/test_keys.py::test_the_token_of_another",
        "signatures/test_keys.py::test_other_ways_to_name_a_key",
    ),
    "A22 references to elsewhere": ("signatures/test_wrapping.py::test_signatures_of_another_shape",),
    "A23 comments and instructions": (
        *EVERY,
        "exchange/test_soap.py::test_comments_do_not_cut_a_text",
        "signatures/test_wrapping.py::test_comments_do_not_split_a_text",
        "signatures/test_wrapping.py::test_instructions_are_refused",
    ),
    "A24 replay": (
        "signatures/test_messages.py::test_a_message_comes_once",
        "signatures/test_messages.py::test_times",
        "signatures/test_messages.py::test_times_without_a_zone_or_of_another_form",
        "signatures/test_security_rows.py::test_one_message_in_many_threads_comes_once",
        "exchange/uwlr/test_endpoint.py::test_results_must_be_newer_than_those_before",
        "exchange/uwlr/test_attacks.py::test_results_do_not_come_again_under_another_name_of_the_school",
    ),
    "A25 certificates of signers": (
        "signatures/test_keys.py::test_certificates_that_are_refused",
        "signatures/test_keys.py::test_a_revoked_certificate_and_a_stale_list",
    ),
    "A27 redirects": ("exchange/test_osr.py::test_a_redirect_is_not_followed",),
    "A30 faults": (
        "exchange/test_soap.py::test_faults_of_others",
        "exchange/test_security_rows.py::test_a_giant_fault_is_no_giant_outcome",
        "exchange/uwlr/test_client.py::test_faults_of_others_keep_their_code_and_lose_their_text",
        "signatures/test_messages.py::test_a_fault_without_signature_is_not_used",
    ),
    "A31 leaks": (
        "exchange/uwlr/test_attacks.py::test_whatever_an_administration_raises_stays_here",
        "exchange/uwlr/test_attacks.py::test_pupils_are_in_answers_and_nowhere_else",
        "exchange/uwlr/test_attacks.py::test_what_a_client_holds_shows_no_pupil",
        "exchange/test_osr.py::test_the_key_and_the_token_are_nowhere",
        "signatures/test_documents.py::test_no_content_in_the_log",
        "signatures/test_documents.py::test_an_error_does_not_hold_on_to_the_document",
    ),
    "A34 encrypted": ("signatures/test_keys.py::test_encrypted_messages_are_refused_with_one_error",),
    "A35 threads": (
        "exchange/uwlr/test_attacks.py::test_twenty_schools_at_once_get_their_own_pupils",
        "exchange/uwlr/test_attacks.py::test_one_client_for_all_threads_mixes_no_requests",
        "signatures/test_security_rows.py::test_threads_read_each_their_own",
        "signatures/test_messages.py::test_stores_are_shared_by_threads",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_each_row_has_its_tests(row: str) -> None:
    for place in ROWS[row]:
        file, _, name = place.partition("::")
        body = ast.parse((TESTS / file).read_text("utf-8")).body
        names = {one.name for one in body if isinstance(one, ast.FunctionDef)}
        assert name in names if name else any(one.startswith("test_") for one in names), place
