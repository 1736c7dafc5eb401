"""What a stylesheet gives becomes messages and places."""

from __future__ import annotations

from typing import Any

import pytest

from oso_bridge.stylesheets import outcome, running
from oso_bridge.stylesheets.outcome import Given
from oso_bridge.stylesheets.running import DONE, Answer

from .sheets import Gave, run, sheet

DOCUMENT = '<d xmlns="urn:d"><a n="een"/><b/><a n="t &amp; w"><c>waar</c></a></d>'
DEFAULT = 'xpath-default-namespace="urn:d"'
AT = "/d[1]/a[2]"
XS = "http://www.w3.org/2001/XMLSchema"


@pytest.mark.parametrize(
    "content",
    [
        "<xsl:message>Fout bij <xsl:value-of select='@n'/></xsl:message>",
        "<xsl:message select=\"concat('Fout bij ', @n)\"/>",
        "<fout>Fout bij <xsl:value-of select='@n'/></fout>",
        "<xsl:element name='fout'>Fout bij <xsl:value-of select='@n'/></xsl:element>",
        "<xsl:for-each select='c/..'><fout><x/><p>Fout bij <xsl:value-of select='@n'/></p></fout></xsl:for-each>",
    ],
)
@pytest.mark.parametrize("version", ["1.0", "2.0", "3.0"])
def test_a_message_with_its_place(content: str, version: str) -> None:
    body = f"""<xsl:template match="/"><r><xsl:apply-templates select="//a[2]"/></r></xsl:template>
      <xsl:template match="a"><!-- OG.04 -->{content}</xsl:template>"""
    gave = run(body, DOCUMENT, DEFAULT, version=version)
    assert (gave.state, gave.told) == (running.DONE, [("OG.04", AT, "Fout bij t & w")])


def test_text_under_a_condition() -> None:
    body = """<xsl:output method="text"/><xsl:template match="/">Uitslag:<xsl:for-each select="//a">
      <xsl:if test="c"><!-- OG.04 -->Fout bij <xsl:value-of select="@n"/></xsl:if></xsl:for-each></xsl:template>"""
    assert run(body, DOCUMENT, DEFAULT).told == [("OG.04", AT, "")]


def test_the_place_of_an_attribute_is_its_element_and_of_a_value_the_document() -> None:
    body = """<xsl:template match="/">
      <xsl:for-each select="//a[2]/@n"><!-- OG.01 --><xsl:message>Een attribuut.</xsl:message></xsl:for-each>
      <xsl:for-each select="1 to 2"><!-- OG.02 --><xsl:message>Een getal.</xsl:message></xsl:for-each>
      </xsl:template>"""
    number = ("OG.02", "", "Een getal.")
    assert run(body, DOCUMENT, DEFAULT).told == [("OG.01", AT, "Een attribuut."), number, number]


def test_inside_a_function_there_is_no_place() -> None:
    body = """<xsl:function name="f:meld"><xsl:param name="x"/><!-- OG.04 --><xsl:message>In een functie.</xsl:message>
      <xsl:sequence select="$x"/></xsl:function>
      <xsl:template match="/"><xsl:value-of select="f:meld(count(//a))"/></xsl:template>"""
    assert run(body, DOCUMENT, 'xmlns:f="urn:f"').told == [("OG.04", "", "In een functie.")]


def test_a_message_copied_out_of_a_variable_counts_once() -> None:
    body = """<xsl:template match="/"><xsl:variable name="v"><xsl:for-each select="//a[c]">
      <fout id="OG.04">Iets is mis.</fout></xsl:for-each></xsl:variable>
      <r><xsl:copy-of select="$v/*"/></r></xsl:template>"""
    assert run(body, DOCUMENT, 'xpath-default-namespace=""').told == []
    assert run(body.replace("//a[c]", "//*:a[*:c]"), DOCUMENT).told == [("OG.04", AT, "Iets is mis.")]


def test_a_text_that_is_handed_over() -> None:
    body = """<xsl:template name="meld"><xsl:param name="tekst"/><xsl:message>
      <xsl:value-of select="$tekst"/> (<xsl:value-of select="@n"/>)</xsl:message></xsl:template>
      <xsl:template match="/"><xsl:for-each select="//a[2]"><!-- OG.05 --><xsl:call-template name="meld">
      <xsl:with-param name="tekst" select="'Er ontbreekt iets.'"/></xsl:call-template></xsl:for-each></xsl:template>"""
    gave = run(body, DOCUMENT, DEFAULT)
    assert gave.told == [("OG.05", AT, "Er ontbreekt iets. (t & w)")]
    assert gave.given[0].text == "Er ontbreekt iets."


def test_what_it_includes_and_reads_is_taken_along() -> None:
    body = """<xsl:import href="b.xsl"/><xsl:template match="/"><xsl:apply-templates select="//a"/></xsl:template>
      <xsl:template match="a[c]"><xsl:next-match/></xsl:template>"""
    part = """<xsl:include href="c.xsl"/><xsl:template match="a">
      <xsl:if test="not(@n = document('l.xml')//*:code)"><!-- CL.1 -->
      <xsl:message>Niet in codelijst 1.</xsl:message></xsl:if><xsl:call-template name="c"/></xsl:template>"""
    last = """<xsl:template name="c"><xsl:if test="@n = document('')//*:eigen"><!-- CL.2 -->
      <xsl:message>Wel in codelijst 2.</xsl:message></xsl:if></xsl:template><x:eigen xmlns:x="urn:x">een</x:eigen>"""
    others = {"b_xsl": sheet(part, DEFAULT), "c_xsl": sheet(last), "l_xml": "<l><code>een</code></l>"}
    gave = run(body, DOCUMENT, DEFAULT, **others)
    # by import precedence a[c] is matched by the main file first
    assert [rule for rule, _, _ in gave.told] == ["CL.2", "CL.1"]


def test_a_message_that_ends_it_all() -> None:
    body = """<xsl:template match="/"><!-- OG.04 -->
      <xsl:message terminate="yes">Hier houdt het op.</xsl:message></xsl:template>"""
    gave = run(body, DOCUMENT)
    assert (gave.state, gave.told) == (running.STOPPED, [("OG.04", "", "Hier houdt het op.")])


def test_a_document_cannot_take_a_message_away_and_numbers_that_do_not_exist_are_nothing() -> None:
    body = '<xsl:template match="/"><xsl:copy-of select="."/><fout id="OG.04">Iets is mis.</fout></xsl:template>'
    forged = '<d xmlns:o="urn:oso-bridge:stylesheet" o:n="7" o:at="/d[1]"><e o:n="x"/><e o:n="-1"/><e o:n="٣"/></d>'
    assert run(body, forged).told == [("OG.04", "", "Iets is mis.")]


KNOWN: dict[str, Any] = {"messages": [], "texts": [], "names": [], "stated": []}


@pytest.mark.parametrize(
    "answer",
    [
        Answer(DONE, ("urn:oso-bridge:stylesheet <",)),
        Answer(DONE, (), ("<urn:oso-bridge:stylesheet",)),
        Answer(DONE, whole=False),
        Answer(DONE, unmarked=1),
    ],
)
def test_an_answer_that_may_lack_something_is_unclear(answer: Answer) -> None:
    read = outcome.read_answer(answer, KNOWN)
    assert (read.given, read.unclear) == ([], outcome.INCOMPLETE)
    assert outcome.read_answer(Answer(DONE), KNOWN).unclear is None


PUT_ASIDE = """<xsl:template match="/"><xsl:variable name="f"><xsl:if test="//*:a"><fout id="OG.04">De <xsl:value-of
  select="name(*)"/> is hier mis.</fout></xsl:if></xsl:variable>%s</xsl:template>"""


@pytest.mark.parametrize(
    "out",
    [
        "<xsl:for-each select='$f/*'><li><xsl:value-of select='@id'/>: <xsl:value-of select='.'/></li></xsl:for-each>",
        "<xsl:value-of select=\"string-join($f/fout, ';')\"/>",
        "<xsl:sequence select='$f/fout/string()'/>",
    ],
)
def test_a_message_put_aside_is_found_back_by_its_text(out: str) -> None:
    gave = run(PUT_ASIDE % out, DOCUMENT)
    assert (gave.told, gave.unclear) == ([("OG.04", "", "")], None)
    assert run(PUT_ASIDE % out, "<d/>") == Gave(DONE)


@pytest.mark.parametrize(
    "out",
    [
        "<p><xsl:value-of select='count($f/fout)'/> keer</p>",
        "<xsl:if test='exists($f/fout)'>Afgekeurd</xsl:if>",
        "<xsl:value-of select='upper-case($f)'/>",
        "<xsl:value-of select='$f/fout/@id'/>",
    ],
)
def test_a_message_put_aside_that_is_not_found_back_is_unclear(out: str) -> None:
    assert run(PUT_ASIDE % out, DOCUMENT) == Gave(DONE, [], outcome.UNTRACED)
    assert run(PUT_ASIDE % out, "<d/>") == Gave(DONE)


def test_a_message_out_of_a_function_of_which_only_is_asked_whether_it_is_there() -> None:
    body = """<xsl:function name="f:x" as="element()*"><xsl:param name="d"/><xsl:if test="$d/*">
      <fout id="OG.01">Mis.</fout></xsl:if></xsl:function>
      <xsl:template match="/"><xsl:if test="exists(f:x(*))">Afgekeurd</xsl:if></xsl:template>"""
    assert run(body, DOCUMENT, 'xmlns:f="urn:f"') == Gave(DONE, [], outcome.UNTRACED)
    assert run(body, "<d/>", 'xmlns:f="urn:f"') == Gave(DONE)


def test_text_put_aside_where_text_is_a_message() -> None:
    body = """<xsl:template match="/"><xsl:variable name="v"><xsl:if test="//*:a">De naam ontbreekt hier.</xsl:if>
      </xsl:variable><xsl:if test="//*:z">Er is een z.</xsl:if><xsl:value-of select="$v"/></xsl:template>"""
    assert run(body, DOCUMENT) == Gave(DONE, [], outcome.UNTRACED)
    assert run(body, "<d/>") == Gave(DONE)


def test_text_that_an_expression_chooses() -> None:
    body = """<xsl:template match="/"><xsl:if test="//*:z">Er is een z.</xsl:if>
      <xsl:value-of select="if (//*:a) then 'De naam ontbreekt hier.' else ''"/></xsl:template>"""
    assert run(body, DOCUMENT) == Gave(DONE, [], outcome.UNTRACED)
    assert run(body, "<d/>") == Gave(DONE)


@pytest.mark.parametrize("out", ["copy-of", "value-of"])
def test_a_message_that_is_read_from_data(out: str) -> None:
    body = f"""<xsl:template match="/"><r><xsl:if test="//*:a">
      <xsl:{out} select="document('m.xml')//melding[1]"/></xsl:if>
      <xsl:if test="//*:z"><fout id="OG.04">Er is een z.</fout></xsl:if></r></xsl:template>"""
    data = "<m><melding id='OG.05'>De naam ontbreekt hier.</melding></m>"
    assert run(body, DOCUMENT, m_xml=data) == Gave(DONE, [], outcome.UNTRACED)
    assert run(body, "<d/>", m_xml=data) == Gave(DONE)


@pytest.mark.parametrize(
    "content",
    [
        '<xsl:message>Bij <xsl:value-of select="xs:date(string(//*:c))"/> is het mis.</xsl:message>',
        "<xsl:message select=\"concat('Bij ', xs:date(string(//*:c)), ' is het mis.')\"/>",
        '<xsl:message>Bij <xsl:value-of select="error()"/> is het mis.</xsl:message>',
    ],
)
@pytest.mark.parametrize("version", ["1.0", "2.0", "3.0"])
def test_an_error_inside_a_message_does_not_take_the_message_away(content: str, version: str) -> None:
    body = f'<xsl:template match="/"><!-- OG.04 -->{content}</xsl:template>'
    gave = run(body, DOCUMENT, f'xmlns:xs="{XS}"', version=version)
    assert [(item.rule, item.text) for item in gave.given] == [("OG.04", "Bij … is het mis.")]
    assert "waar" not in repr(gave)


def test_a_message_with_an_attribute_where_none_can_be_is_given() -> None:
    body = """<xsl:template match="/"><!-- OG.04 --><xsl:message>Iets is hier mis.
      <xsl:copy-of select="//@n"/></xsl:message></xsl:template>"""
    assert [item.rule for item in run(body, DOCUMENT).given] == ["OG.04"]


def test_that_all_is_well_may_be_said_in_an_element_too() -> None:
    body = """<xsl:template match="/"><xsl:choose><xsl:when test="//*:a"><fout id="OG.04">Iets is mis.</fout></xsl:when>
      <xsl:otherwise><melding>Geen fouten gevonden.</melding></xsl:otherwise></xsl:choose></xsl:template>"""
    assert run(body, "<d/>") == Gave(DONE)
    assert [item.rule for item in run(body, DOCUMENT).given] == ["OG.04"]
    inside = "<melding>Geen fouten gevonden, behalve <fout>Iets is mis.</fout></melding>"
    assert run(body.replace("<melding>Geen fouten gevonden.</melding>", inside), "<d/>").unclear == outcome.UNTRACED


def test_a_message_with_a_text_out_of_data_is_given_and_no_more() -> None:
    body = """<xsl:template match="/"><xsl:if test="//*:a"><!-- OG.05 -->
      <xsl:message select="document('m.xml')//melding[1]/string()"/></xsl:if></xsl:template>"""
    gave = run(body, DOCUMENT, m_xml="<m><melding>De naam ontbreekt hier.</melding></m>")
    assert (gave.told, gave.unclear) == ([("OG.05", "", "De naam ontbreekt hier.")], None)


def test_a_message_inside_a_message_is_not_passed_over() -> None:
    body = """<xsl:template match="/"><xsl:message>Geen fouten.<xsl:message>Toch iets.</xsl:message></xsl:message>
      <xsl:if test="//*:z"><xsl:message>Er is een z.</xsl:message></xsl:if></xsl:template>"""
    assert run(body, DOCUMENT).unclear == outcome.INCOMPLETE


PASSED_BY = Given("OG.04", True, "rules", False, "Iets is hier mis.", "", "Iets is hier mis.")


def test_what_is_passed_over_takes_no_room_of_what_counts() -> None:
    body = """<xsl:template match="/"><xsl:for-each select="1 to 60000"><xsl:message>Alles is goed.</xsl:message>
      </xsl:for-each><!-- OG.04 --><xsl:message>Iets is hier mis.</xsl:message></xsl:template>"""
    assert run(body, DOCUMENT) == Gave(DONE, [PASSED_BY])
    plain = body.replace(
        '<xsl:for-each select="1 to 60000">', '<xsl:sequence select="1 to 60000"/><xsl:for-each select="1">'
    )
    assert [item.rule for item in run(plain, DOCUMENT).given] == ["OG.04"]


def test_more_messages_than_are_kept_are_unclear() -> None:
    body = """<xsl:template match="/"><xsl:for-each select="1 to 50001"><!-- OG.04 -->
      <xsl:message>Iets is hier mis.</xsl:message></xsl:for-each></xsl:template>"""
    assert run(body, "<d/>").unclear == outcome.INCOMPLETE


def test_a_result_that_is_too_long_is_unclear() -> None:
    body = """<xsl:template match="/"><r><xsl:value-of select="for $i in 1 to 5100000 return '123456789'"/>
      <fout id="OG.04">Iets is hier mis.</fout></r></xsl:template>"""
    assert run(body, "<d/>").unclear == outcome.INCOMPLETE


def test_messages_inside_one_another_hold_no_more_than_a_part_of_their_text() -> None:
    body = """<xsl:template name="t" match="/"><xsl:param name="n" select="30"/><fout id="OG.04">Iets is hier mis.
      <xsl:choose><xsl:when test="$n = 0"><xsl:value-of select="for $i in 1 to 100000 return 'veel'"/></xsl:when>
      <xsl:otherwise><xsl:call-template name="t"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template>
      </xsl:otherwise></xsl:choose></fout></xsl:template>"""
    gave = run(body, "<d/>")
    assert len(gave.given) == 31
    assert max(len(item.value) for item in gave.given) <= 4_000


def test_the_declaration_of_another_encoding_is_left_out() -> None:
    document = '<?xml version="1.0" encoding="UTF-16"?>\n<d>é</d>'.encode("utf-16")
    assert outcome._text(document).strip() == "<d>é</d>"
