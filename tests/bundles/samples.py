"""A bundle that a test makes itself: the structure of 2019.1 under another year, with changes, and stylesheets."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
YEAR, ID = "2031", "oso/2031.1"
NAMESPACE = f"http://www.edustandaard.nl/oso_gegevensset/{YEAR}/dossier"
XSL = "http://www.w3.org/1999/XSL/Transform"

# two new places, one of them with an attribute, and one that is gone
_CHANGES = (
    (
        '<xs:element name="vanpeuterspeelzaal" type="xs:boolean" minOccurs="0"/>',
        """<xs:element name="voorkeursnaam" type="d:nonEmptyStringType" minOccurs="0"/>
        <xs:element name="brugklastype" minOccurs="0"><xs:complexType><xs:simpleContent>
          <xs:extension base="d:nonEmptyStringType"><xs:attribute name="duur" type="xs:int"/></xs:extension>
        </xs:simpleContent></xs:complexType></xs:element>
        <xs:element name="vanpeuterspeelzaal" type="xs:boolean" minOccurs="0"/>""",
    ),
    ('<xs:element name="aandachtspunten" type="d:aandachtspuntenType" minOccurs="0"/>', ""),
)


def dated(text: str) -> str:
    """A text of 2019.1 as one of the year of the bundle."""
    return (
        text.replace("oso_gegevensset/2019/", f"oso_gegevensset/{YEAR}/")
        .replace(">2019.1<", f">{YEAR}.1<")
        .replace(">2019.1.1<", f">{YEAR}.1.1<")
    )


def xsd() -> str:
    text = dated((CHECKOUT / "schemas/oso/2019.1/dossier.xsd").read_text("utf-8"))
    for old, new in _CHANGES:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def document(*edits: tuple[str, str], name: str = "povo.xml") -> bytes:
    """An example as a dossier of the bundle, in which the first occurrence of each text is replaced."""
    text = dated((CHECKOUT / "examples" / name).read_text("utf-8"))
    start, end = text.find("<aandachtspunten>"), text.find("</aandachtspunten>")
    if start >= 0:
        text = text[:start].rstrip() + text[end + len("</aandachtspunten>") :]
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text.encode()


NEW = '<voorkeursnaam>Jilletje</voorkeursnaam><brugklastype duur="2">dakpan</brugklastype>'


def with_new(*edits: tuple[str, str]) -> bytes:
    """A dossier with the two new elements, the second with its attribute."""
    return document(("</overstapadvies>", "</overstapadvies>" + NEW), *edits)


HEAD = f'<xsl:stylesheet xmlns:xsl="{XSL}" xmlns:d="{NAMESPACE}" version="2.0" xpath-default-namespace="{NAMESPACE}"'

OV = f"""<?xml version="1.0" encoding="UTF-8"?>
{HEAD}>
  <xsl:include href="common/lijsten.xsl"/>
  <xsl:output method="xml"/>
  <xsl:template match="/">
    <uitslag><xsl:apply-templates select="//metadata | //leerling"/><xsl:call-template name="lijsten"/></uitslag>
  </xsl:template>
  <xsl:template match="metadata">
    <xsl:if test="standaardversie != '{YEAR}.1'">
      <!-- OG.02 -->
      <xsl:message>De standaardversie is niet {YEAR}.1 maar <xsl:value-of select="standaardversie"/>.</xsl:message>
    </xsl:if>
  </xsl:template>
  <xsl:template match="leerling">
    <!-- OVa.LL77: nieuw -->
    <xsl:if test="brugklastype and not(brugklastype/@duur)">
      <xsl:message>Bij het brugklastype van <xsl:value-of select="roepnaam"/> ontbreekt de duur.</xsl:message>
    </xsl:if>
    <xsl:if test="roepnaam = 'Zonder'">
      <xsl:message select="concat('De roepnaam ', roepnaam, ' mag niet worden gebruikt.')"/>
    </xsl:if>
  </xsl:template>
</xsl:stylesheet>
"""

PAO = f"""{HEAD} xmlns:svrl="http://purl.oclc.org/dsdl/svrl">
  <xsl:template match="/">
    <svrl:schematron-output><xsl:apply-templates select="//leerling"/></svrl:schematron-output>
  </xsl:template>
  <xsl:template match="leerling">
    <xsl:choose>
      <xsl:when test="not(bsn)"/>
      <xsl:otherwise>
        <svrl:failed-assert id="PaO.LL01" test="not(bsn)" location="x">
          <svrl:text>Het bsn <xsl:value-of select="bsn"/> is niet toegestaan.</svrl:text>
        </svrl:failed-assert>
      </xsl:otherwise>
    </xsl:choose>
  </xsl:template>
</xsl:stylesheet>
"""

LIJSTEN = f"""{HEAD}>
  <xsl:variable name="lijsten" select="document('lijsten.xml')"/>
  <xsl:template name="lijsten">
    <xsl:for-each select="//soortadres">
      <xsl:if test="not(. = $lijsten/*:lijsten/*:lijst[@nummer = '19']/*:code)">
        <!-- CL.19.soortadres -->
        <xsl:message>Waarde <xsl:value-of select="."/> staat niet in codelijst 19.</xsl:message>
      </xsl:if>
    </xsl:for-each>
  </xsl:template>
</xsl:stylesheet>
"""

CODES = ("bezoek", "post", "gba", "campus")
LIJSTEN_XML = f"<lijsten><lijst nummer='19'>{''.join(f'<code>{code}</code>' for code in CODES)}</lijst></lijsten>"


def files() -> dict[str, bytes]:
    """What is in the bundle, by name."""
    return {
        f"OSO {YEAR}.1/common/OSO_dossier.xsd": xsd().encode(),
        f"OSO {YEAR}.1/common/lijsten.xsl": LIJSTEN.encode(),
        f"OSO {YEAR}.1/common/lijsten.xml": LIJSTEN_XML.encode(),
        f"OSO {YEAR}.1/OV/controle.xsl": OV.encode(),
        f"OSO {YEAR}.1/PaO/controle.xsl": PAO.encode(),
        f"OSO {YEAR}.1/OV/voorbeelden/povo.xml": document(),
        f"OSO {YEAR}.1/PaO/voorbeelden/poswv.xml": document(name="poswv.xml"),
        f"OSO {YEAR}.1/leesmij.pdf": b"%PDF-1.4 niets",
    }


LINKS = {f"OSO {YEAR}.1/OV/common": "../common", f"OSO {YEAR}.1/PaO/common": "../common"}


def zipped(
    content: dict[str, bytes] | None = None, links: dict[str, str] | None = None, *, as_text: bool = False
) -> bytes:
    """A ZIP of it, with its links; as small files that hold a path when ``as_text``."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (files() if content is None else content).items():
            archive.writestr(name, data)
        for name, target in (LINKS if links is None else links).items():
            member = zipfile.ZipInfo(name)
            if not as_text:
                member.create_system = 3
                member.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(member, target)
    return buffer.getvalue()


def folder_of(folder: Path, content: dict[str, bytes] | None = None, links: dict[str, str] | None = None) -> Path:
    """The bundle as a folder on disk, with its links."""
    for name, data in (files() if content is None else content).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    for name, target in (LINKS if links is None else links).items():
        (folder / name).symlink_to(target)
    return folder


def with_stylesheet(body: str, *, attributes: str = "", version: str = "2.0") -> dict[str, bytes]:
    """The files of a bundle whose only stylesheet holds this."""
    content = {name: data for name, data in files().items() if not name.endswith((".xsl", ".xml"))}
    sheet = f'<xsl:stylesheet xmlns:xsl="{XSL}" version="{version}" {attributes}>{body}</xsl:stylesheet>'
    return {**content, f"OSO {YEAR}.1/controle.xsl": sheet.encode()}
