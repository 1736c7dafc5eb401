"""What a stylesheet gives becomes messages and places."""

from __future__ import annotations

import pytest

from oso_bridge.stylesheets import outcome, running

from .sheets import run, sheet

DOCUMENT = '<d xmlns="urn:d"><a n="een"/><b/><a n="t &amp; w"><c>waar</c></a></d>'
DEFAULT = 'xpath-default-namespace="urn:d"'
AT = "/d[1]/a[2]"


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


def test_an_answer_that_is_no_xml_is_nothing() -> None:
    answer = running.Answer(running.DONE, ("urn:oso-bridge:stylesheet <", ""), ("<urn:oso-bridge:stylesheet",))
    assert list(outcome._given(answer, {"messages": [], "texts": []})) == []


def test_the_declaration_of_another_encoding_is_left_out() -> None:
    document = '<?xml version="1.0" encoding="UTF-16"?>\n<d>é</d>'.encode("utf-16")
    assert outcome._text(document).strip() == "<d>é</d>"
