"""Which messages a stylesheet has, and what is known of each."""

from __future__ import annotations

from time import monotonic, process_time
from typing import Any

import pytest

from oso_bridge.errors import BundleRefused
from oso_bridge.stylesheets import modules, preparing
from oso_bridge.stylesheets.marks import made_id

from .sheets import XSL, files, messages, prepared, sheet


def template(content: str) -> str:
    return f'<xsl:template match="leerling">{content}</xsl:template>'


def only(content: str, attributes: str = "") -> dict[str, Any]:
    (found,) = messages(template(content), attributes)
    return found


MESSAGE = "<xsl:message>Er ontbreekt iets.</xsl:message>"


@pytest.mark.parametrize(
    "content",
    [
        f'<xsl:if test="x"><!-- OG.04 -->{MESSAGE}</xsl:if>',
        f'<xsl:if test="x">{MESSAGE}<!-- OG.04 --></xsl:if>',
        f'<!-- OG.04 --><xsl:if test="x">{MESSAGE}</xsl:if>',
        f'<!-- OG.04: zie bladzijde 12 -->\n<xsl:if test="x">\n{MESSAGE}\n</xsl:if>',
        f'<!-- OG.04 --><xsl:choose><xsl:when test="x"/><xsl:otherwise>{MESSAGE}</xsl:otherwise></xsl:choose>',
        "<xsl:message><!-- OG.04 -->Er ontbreekt iets.</xsl:message>",
        "<xsl:message>OG.04 Er ontbreekt iets.</xsl:message>",
        '<fout id="OG.04">Er ontbreekt iets.</fout>',
        "<Fout><code>OG.04</code><melding>Er ontbreekt iets.</melding></Fout>",
        '<xsl:element name="fout"><xsl:attribute name="nummer">OG.04</xsl:attribute>Er ontbreekt iets.</xsl:element>',
        '<s:failed-assert xmlns:s="urn:svrl" id="OG.04"><s:text>Er ontbreekt iets.</s:text></s:failed-assert>',
        '<xsl:if test="x"><!-- OG.04 --><xsl:text>Er ontbreekt iets.</xsl:text></xsl:if>',
        '<xsl:if test="x"><!-- OG.04 --><li>Er ontbreekt iets.</li></xsl:if>',
    ],
)
def test_the_id_that_is_beside_it(content: str) -> None:
    found = only(content)
    assert (found["id"], found["named"], found["layer"], found["level"]) == ("OG.04", True, "rules", "error")
    assert found["text"].removeprefix("OG.04 ") == "Er ontbreekt iets."


@pytest.mark.parametrize("id_", ["OVa.LL05", "OVb.LL??", "OS.cat120", "CL.19.soortadres", "R-12", "PaO.MD02"])
def test_forms_of_an_id(id_: str) -> None:
    assert only(f"<!-- {id_} -->{MESSAGE}")["id"] == id_


@pytest.mark.parametrize(
    "comment", ["ASSERT", "controle van de naam", "zie www.os.nl, versie 2.1", "TODO nog eens kijken"]
)
def test_another_comment_is_no_id(comment: str) -> None:
    found = only(f"<!-- {comment} -->{MESSAGE}")
    assert (found["id"], found["named"]) == (made_id("Er ontbreekt iets."), False)


def test_the_comment_of_another_message_is_not_taken() -> None:
    body = template(
        f"<!-- OG.01 -->\n{MESSAGE}\n<!-- OG.02 -->\n<xsl:message>Nog iets anders.</xsl:message>\n{MESSAGE}"
    )
    assert [item["id"] for item in messages(body)] == ["OG.01", "OG.02", made_id("Er ontbreekt iets.")]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ('De waarde <xsl:value-of select="."/> mag niet.', "De waarde … mag niet."),
        ("<xsl:value-of select=\"concat('De waarde ', ., ' mag niet.')\"/>", "De waarde … mag niet."),
        ("<xsl:text>De waarde </xsl:text><xsl:copy-of select='a'/><xsl:value-of select='b'/>", "De waarde …"),
        ("Het <xsl:if test='x'>oude </xsl:if>veld.", "Het … veld."),
        ("\n  Twee\n  regels.\n", "Twee regels."),
        ("<xsl:value-of select='.'/>", ""),
    ],
)
def test_the_text_holds_what_the_stylesheet_says_and_no_more(content: str, text: str) -> None:
    assert only(f"<!-- OG.04 --><xsl:message>{content}</xsl:message>")["text"] == text


def test_a_select_is_the_text_too() -> None:
    assert only("<xsl:message select=\"'Er ontbreekt iets.'\"/>")["text"] == "Er ontbreekt iets."


@pytest.mark.parametrize(
    "text",
    ["Waarde onbekend in codelijst 19.", "Geen waarde van de waardelijst.", "Ongeldige code bij soort."],
)
def test_messages_about_lists_go_to_codes(text: str) -> None:
    assert only(f"<xsl:message>{text}</xsl:message>")["layer"] == "codes"


def test_a_comment_about_a_list_counts_too() -> None:
    found = only(f"<!-- codelijst 19 --><!-- CL.19.soortadres -->{MESSAGE}")
    assert (found["id"], found["layer"]) == ("CL.19.soortadres", "rules")
    assert only(f"<!-- CL.19.soortadres: codelijst 19 -->{MESSAGE}")["layer"] == "codes"


def test_a_text_that_is_known_of_other_releases_is_that_rule() -> None:
    made = preparing.prepare(files(template(MESSAGE)), "a.xsl", "oso", lambda text: ("OVa.LL12", "codes"))
    assert made is not None
    (found,) = made.messages["messages"]
    assert (found["id"], found["named"], found["layer"]) == ("OVa.LL12", True, "codes")


def test_a_warning_says_that_it_is_one() -> None:
    assert only('<fout ernst="Waarschuwing" id="OG.04">Let op de naam.</fout>')["level"] == "warning"
    assert only('<fout ernst="Fout" id="OG.04">Let op de naam.</fout>')["level"] == "error"


def test_in_a_result_with_messages_the_others_only_tell_how_far_it_is() -> None:
    body = template(
        f'<xsl:message>Nu de leerling.</xsl:message><!-- OG.05 -->{MESSAGE}<fout id="OG.04">Er is iets.</fout>'
    )
    assert [item["id"] for item in messages(body)] == ["OG.05", "OG.04"]


def test_that_all_is_well_is_no_message() -> None:
    body = template(f"<xsl:message>Geen fouten gevonden.</xsl:message>{MESSAGE}")
    assert [item["text"] for item in messages(body)] == ["Er ontbreekt iets."]


def test_texts_that_are_handed_to_a_template() -> None:
    body = """<xsl:template name="meld"><xsl:param name="code"/><xsl:param name="tekst"/>
        <xsl:message><xsl:value-of select="$tekst"/></xsl:message></xsl:template>
      <xsl:template match="a"><xsl:call-template name="meld"><xsl:with-param name="code" select="'OG.04'"/>
        <xsl:with-param name="tekst" select="'Er ontbreekt iets.'"/></xsl:call-template>
        <!-- OG.05 --><xsl:call-template name="meld"><xsl:with-param name="code"/><xsl:with-param name="tekst">En
        nog iets.</xsl:with-param></xsl:call-template></xsl:template>"""
    found = prepared(body).messages["texts"]
    assert [(item["id"], item["text"]) for item in found] == [
        ("OG.04", "Er ontbreekt iets."),
        ("OG.05", "En nog iets."),
    ]


def test_text_in_a_variable_or_outside_a_condition_is_no_message() -> None:
    body = template(
        '<xsl:variable name="v"><xsl:if test="x">Er ontbreekt iets.</xsl:if></xsl:variable>'
        '<h1>Uitslag van de controle</h1><xsl:if test="y"><p>Dit is wel iets.</p></xsl:if>'
    )
    assert [item["text"] for item in messages(body)] == ["Dit is wel iets."]


def test_a_stylesheet_without_messages_is_no_check() -> None:
    body = template('<p class="fout"><xsl:value-of select="naam"/></p>')
    assert preparing.prepare(files(body), "a.xsl", "oso", lambda text: None) is None


def test_a_stylesheet_that_makes_others_is_never_taken() -> None:
    body = '<xsl:namespace-alias stylesheet-prefix="a" result-prefix="xsl"/>' + template(
        '<xsl:message select="document(//x)"/>'
    )
    assert preparing.prepare(files(body, 'xmlns:a="urn:a"'), "a.xsl", "oso", lambda text: None) is None


def test_which_messages_are_put_aside_is_known() -> None:
    put = '<xsl:variable name="v"><fout id="OG.01">Iets is mis.</fout></xsl:variable>'
    assert prepared(template(put + '<xsl:value-of select="$v"/>')).aside == 1
    assert prepared(template('<fout id="OG.01">Iets is mis.</fout>')).aside == 0


def test_many_messages_in_one_choice_take_no_time_to_find() -> None:
    when = '<xsl:when test="a"><xsl:message>Er ontbreekt iets.</xsl:message></xsl:when>'
    start = process_time()
    assert len(messages(template(f"<xsl:choose>{when * 8000}</xsl:choose>"))) == 8000
    assert process_time() - start < 10


def test_finding_messages_has_an_end() -> None:
    with pytest.raises(BundleRefused, match="too long"):
        preparing.prepare(files(template(MESSAGE)), "a.xsl", "oso", lambda text: None, until=monotonic())


def test_more_messages_than_anyone_reads() -> None:
    with pytest.raises(BundleRefused, match="more than 20000 messages"):
        messages("".join(template(MESSAGE * 5001) for _ in range(4)))


PART = "<a>" + "een lange lijst " * 40_000 + "</a>"


@pytest.mark.parametrize("times", [40, 400])
def test_a_part_that_is_taken_along_many_times_is_refused_before_it_is(times: int) -> None:
    read = ", ".join(["document('l.xml')"] * times)
    with pytest.raises(BundleRefused, match="too large"):
        prepared(template(f'{MESSAGE}<xsl:copy-of select="{read}"/>'), l_xml=PART)
    part = (
        f'<xsl:stylesheet xmlns:xsl="{XSL}" version="2.0"><xsl:variable name="a">{PART}</xsl:variable></xsl:stylesheet>'
    )
    with pytest.raises(BundleRefused, match="too large"):
        prepared('<xsl:include href="b.xsl"/>' * times + template(MESSAGE), b_xsl=part)


def test_more_references_than_any_stylesheet_has() -> None:
    with pytest.raises(BundleRefused, match="more than 500 times"):
        prepared('<xsl:include href="b.xsl"/>' * 501 + template(MESSAGE), b_xsl=sheet(""))
    read = ", ".join(["document('l.xml')"] * 501)
    with pytest.raises(BundleRefused, match="more than 500 times"):
        prepared(template(f'{MESSAGE}<xsl:copy-of select="{read}"/>'), l_xml="<l/>")


def test_several_documents_in_one_expression() -> None:
    made = prepared(
        template(f"""{MESSAGE}<a b="{{document('l.xml')}}-{{document('k.xml')}}"/>"""), l_xml="<l/>", k_xml="<k/>"
    )
    assert "l.xml" not in made.text
    assert made.text.index(modules.address(b"<l/>")) < made.text.index(modules.address(b"<k/>"))
