"""The faults of UWLR, the same type for who sends one and who gets one; their codes are data (``fouten.toml``)."""

from __future__ import annotations

from typing import Any

from lxml import etree

from oso_bridge import data
from oso_bridge.errors import OsoBridgeError, UsageError, choose
from oso_bridge.exchange import soap

UNKNOWN = "Onbekend"
"""The code of a fault whose own code is none of UWLR; that one is not kept, for it may be anything."""
INTERNAL = "Server.InterneFout"
UNAVAILABLE = "Server.TijdelijkNietBeschikbaar"
MESSAGE = "Client.OngeldigBericht"
CLIENT = "Client.OngeldigeKlantIdentificatie"
ACCESS = "Client.AutorisatieOngeldig"
TERM = "Client.VocabulaireTermOngeldig"
VERSION = "Client.XsdVersieOngeldig"
PUPIL = "Client.LeerlingOngeldig"


class UwlrFault(OsoBridgeError):
    """A request that UWLR answers with a fault.

    A client gets it from a call; an administration raises it to refuse something, and its code goes to the other side.

    Args:
        code: One of ``fouten.toml``, such as ``Client.LeerlingOngeldig``, or :data:`UNKNOWN`.
        why: What is wrong, in one sentence of our own without values; the usual text of the code when left out.

    Attributes:
        code: See above.
        side: ``Client`` when the one who asks has to mend something, ``Server`` when not, else empty.

    Raises:
        UsageError: There is no such code.
    """

    def __init__(self, code: str, why: str = "", *, side: str = "") -> None:
        if code != UNKNOWN and code not in codes():
            raise UsageError("There is no such fault in UWLR.", remedy=choose(code, codes(), "See fouten.toml."))
        self.code = code
        self.side = side or (code.partition(".")[0] if code != UNKNOWN else "")
        self._why = why
        super().__init__(f"{code}: {self.text('en')}")

    def text(self, language: str = "nl") -> str:
        """What is wrong, for a user; in ``nl`` or ``en`` unless a sentence was given."""
        return self._why or str(_row(self.code).get("text", _STRANGE)[language])

    def advice(self, language: str = "nl") -> str:
        """What the one who asked can do about it, in ``nl`` or ``en``."""
        return str(_row(self.code).get("doe", _ASK)[language])

    @property
    def retryable(self) -> bool:
        """Whether the same message may be taken later."""
        return bool(_row(self.code).get("later"))


_STRANGE = {
    "nl": "De andere kant weigerde, met een code die UWLR niet kent.",
    "en": "The other side refused, with a code that UWLR does not have.",
}

_ASK = {
    "nl": "Vraag de andere kant waarom.",
    "en": "Ask the other side why.",
}


def codes() -> tuple[str, ...]:
    """The codes of UWLR."""
    return tuple(row["code"] for row in _rows())


def _rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = data.toml("schemas", "uwlr", "fouten.toml")["fout"]
    return found


def _row(code: str) -> dict[str, Any]:
    return next((row for row in _rows() if row["code"] == code), {})


def read(payload: etree._Element) -> UwlrFault:
    """The fault in the body of an answer, however its parts are qualified.

    Args:
        payload: The fault.
    """
    fault = soap.read_fault(payload)
    known = {code.partition(".")[2]: code for code in codes()}
    found = next((known[word] for word in fault.words if word in known), UNKNOWN)
    return UwlrFault(found, side="" if found != UNKNOWN else _side(fault.code))


def _side(code: str) -> str:
    """Whose fault a code of SOAP 1.1 says it is."""
    return "Client" if code in ("VersionMismatch", "MustUnderstand") else code


def write(fault: UwlrFault, element: str = "", language: str = "nl") -> bytes:
    """An envelope with a fault.

    Args:
        fault: The fault.
        element: The tag of the fault element of the operation, such as ``{...}StructuurFault``; empty when it has none.
        language: That of the text.
    """
    code, text = INTERNAL if fault.code == UNKNOWN else fault.code, fault.text(language)
    if _row(code).get("kop"):
        return soap.fault_envelope(code, text)
    return soap.fault_envelope(code, text, [_detail(element, code, text)] if element else [])


def _detail(element: str, code: str, text: str) -> etree._Element:
    """The fault element of an operation: of the type of a SOAP fault, so with children in no namespace."""
    made = etree.Element(element, nsmap={"lg": etree.QName(element).namespace or ""})
    etree.SubElement(made, "faultcode").text = code
    etree.SubElement(made, "faultstring").text = text
    return made
