"""What is refused on reading, in whatever way it is written; and what is not."""

from __future__ import annotations

import pytest
from lxml import etree

from oso_bridge.errors import BundleRefused
from oso_bridge.stylesheets.screening import screen
from oso_bridge.xml import parser

from .sheets import sheet

FN = "http://www.w3.org/2005/xpath-functions"


def read(text: str) -> etree._Element:
    return parser.parse(text.encode(), comments=True)


def escaped(expression: str) -> str:
    return expression.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def said(expression: str) -> str:
    return f'<xsl:template match="/"><xsl:value-of select="{escaped(expression)}"/></xsl:template>'


CALLS = [
    "environment-variable('PATH')",
    "available-environment-variables()",
    "unparsed-text('x.txt')",
    "unparsed-text-lines('x.txt')",
    "unparsed-text-available ( 'x.txt' )",
    "collection()",
    "uri-collection('.')",
    "json-doc('x.json')",
    "transform(map{})",
    "load-xquery-module('x')",
    "function-lookup(xs:QName('doc'), 1)",
    "parse-xml('<!DOCTYPE x>')",
    "doc(//naam)",
    "doc(concat('a', 'b'))",
    "document((:x:)$naam)",
    "document('a', //b)",
    "doc-available(.)",
    "doc#1",
    "for-each(('a', 'b'), doc#1)",
    "'x' => doc()",
    "'x' => unparsed-text()",
    f"Q{{{FN}}}unparsed-text('x')",
    f"Q{{ {FN} }}doc(.)",
    "fn:doc(.)",
    "f:doc(.)",
    "f:environment-variable('x')",
    "environment-variable(: let op (: genest :) :)('x')",
    "java:java.lang.System.exit(1)",
    "s:evaluate('1')",
    "onbekend:functie()",
    "concat('rustig', \"doc('x')\", doc(.))",
]


@pytest.mark.parametrize("expression", CALLS)
def test_a_function_that_reaches_outside(expression: str) -> None:
    declared = f'xmlns:f="{FN}" xmlns:s="http://saxon.sf.net/" xmlns:java="java:java.lang.System"'
    with pytest.raises(BundleRefused, match="is refused"):
        screen(read(sheet(said(expression), declared)), "a.xsl")


@pytest.mark.parametrize("expression", CALLS)
@pytest.mark.parametrize(
    "body",
    [
        '<xsl:template match="/"><a b="x{{y}}{%s}"/></xsl:template>',
        '<xsl:template match="a[%s]"/>',
        '<xsl:variable name="x" use-when="%s" select="1"/>',
        '<xsl:template match="/"><xsl:attribute name="{%s}">x</xsl:attribute></xsl:template>',
        '<xsl:template match="/" expand-text="yes">tekst {%s}</xsl:template>',
        '<xsl:template match="/"><b xsl:use-when="%s"/></xsl:template>',
        """<xsl:template match="/"><xsl:value-of select="1" separator="' {%s} '"/></xsl:template>""",
        """<xsl:template match="/"><xsl:value-of select="1" separator="(: {%s}"/></xsl:template>""",
    ],
)
def test_wherever_an_expression_may_stand(expression: str, body: str) -> None:
    declared = f'xmlns:f="{FN}" xmlns:s="http://saxon.sf.net/" xmlns:java="java:java.lang.System"'
    with pytest.raises(BundleRefused, match="is refused"):
        screen(read(sheet(body % escaped(expression), declared)), "a.xsl")


@pytest.mark.parametrize(
    "expression",
    [
        "concat(naam, ' doc(.)')",
        "count(//document-node())",
        "xs:date('2031-01-01') lt current-date()",
        "my:lengte(naam)",
        "doc('lijsten.xml')//code",
        'document("lijsten.xml", /)/lijst',
        "fn:document( 'lijsten.xml' )",
        "document('')/*/lijst",
        "if (doc-available('lijsten.xml')) then 1 else 2",
        "document/bestandsnaam",
        "(: doc(.) :) 1",
        "some $x in //code satisfies matches($x, '^[A-Z](\\d)$')",
        "map:get($x, 'a')",
    ],
)
def test_what_a_check_needs_is_not_refused(expression: str) -> None:
    declared = (
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:my="urn:mijn" xmlns:saxon="http://saxon.sf.net/"'
        f' xmlns:map="{FN}/map" xmlns:svrl="http://purl.oclc.org/dsdl/svrl"'
    )
    screen(read(sheet(said(expression), declared)), "a.xsl")


@pytest.mark.parametrize(
    ("body", "attributes"),
    [
        ('<xsl:template match="/"><xsl:result-document href="x"/></xsl:template>', ""),
        ('<xsl:template match="/"><xsl:evaluate xpath="\'1\'"/></xsl:template>', ""),
        ('<xsl:template match="/"><xsl:source-document href="x"/></xsl:template>', ""),
        ('<xsl:import-schema schema-location="x.xsd"/>', ""),
        ('<xsl:use-package name="urn:x"/>', ""),
        ('<xsl:template match="/"><s:assign name="x" xmlns:s="http://saxon.sf.net/"/></xsl:template>', ""),
        ('<xsl:template match="/"><x xmlns:s="http://saxon.sf.net/" s:explain="yes"/></xsl:template>', ""),
        ('<xsl:template match="/"><x xmlns:s="urn:oso-bridge:stylesheet" s:n="0"/></xsl:template>', ""),
        ('<xsl:template match="/"><xsl:attribute name="n" namespace="urn:oso-bridge:stylesheet"/></xsl:template>', ""),
        (
            '<xsl:template match="/"><xsl:element name="m" namespace="urn:oso-bridge:stylesheet"/></xsl:template>',
            "",
        ),
        (
            '<xsl:template match="/"><xsl:namespace name="a">urn:oso-bridge:stylesheet</xsl:namespace></xsl:template>',
            "",
        ),
        ('<xsl:template match="/"/>', 'xmlns:s="urn:oso-bridge:stylesheet"'),
        ('<xsl:template match="/" xml:base="file:///etc/"/>', ""),
        ('<xsl:include _href="{1}"/>', ""),
        ('<xsl:template match="/"/>', 'extension-element-prefixes="s" xmlns:s="urn:s"'),
        ('<xsl:template match="/"/>', 'default-collation="http://saxon.sf.net/collation?class=x"'),
        ('<xsl:template match="/"><xsl:merge-source for-each-source="\'x\'"/></xsl:template>', ""),
    ],
)
def test_an_element_or_attribute_that_reaches_outside(body: str, attributes: str) -> None:
    with pytest.raises(BundleRefused, match="is refused") as refusal:
        screen(read(sheet(body, attributes)), "a.xsl")
    assert (refusal.value.where, refusal.value.line) == ("a.xsl", 1)


def test_what_is_no_stylesheet() -> None:
    with pytest.raises(BundleRefused, match="does not begin with xsl:stylesheet"):
        screen(read('<html xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xsl:version="2.0"/>'), "a.xsl")
