"""The operations of UWLR: what is asked by which element, and answered by which."""

from __future__ import annotations

from dataclasses import dataclass

PUPILS = "http://www.edustandaard.nl/leerresultaten/2/leerlinggegevens"
RESULTS = "http://www.edustandaard.nl/leerresultaten/2/leerresultaten"
ACCESS = "http://www.edustandaard.nl/leerresultaten/2/autorisatie"
HEADER = f"{{{ACCESS}}}autorisatie"
"""The tag of the header that every request has."""
NO_CHANGES = "geenwijzigingen"
NO_DATA = "geengegevens"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes:
        name: Its name in the WSDL.
        namespace: The namespace of its messages.
        request: The element that asks.
        answer: The element that answers.
        data: The element in the answer that holds the data; empty when it never has any.
        fault: The element in the detail of its faults; empty when it has none.
        action: The SOAPAction that clients send.
    """

    name: str
    namespace: str
    request: str
    answer: str
    data: str = ""
    fault: str = ""
    action: str = ""

    def tag(self, element: str) -> str:
        """An element with the namespace of the operation."""
        return f"{{{self.namespace}}}{element}"


def _staged(name: str, part: str) -> Operation:
    data, fault = f"leerlinggegevens-{part}", f"{part.capitalize()}Fault"
    request = f"{part}_verzoek"
    return Operation(name, PUPILS, request, f"{part}_antwoord", data, fault, f"{PUPILS}/{request}")


ALL = Operation(
    "HaalLeerlinggegevens",
    PUPILS,
    "leerlinggegevens_verzoek",
    "leerlinggegevens_antwoord",
    "leerlinggegevens",
    action="HaalLeerlinggegevens",
)
STRUCTURE = _staged("HaalStructuur", "structuur")
BY_GROUP = _staged("HaalLeerlingen", "leerlingen")
TEACHERS = _staged("HaalLeerkrachten", "leerkrachten")
BRING = Operation(
    "BrengLeerresultaten",
    RESULTS,
    "leerresultaten_verzoek",
    "leerresultaten_bevestiging",
    action="BrengLeerresultaten",
)
OPERATIONS = (ALL, STRUCTURE, BY_GROUP, TEACHERS, BRING)
BY_TAG = {operation.tag(operation.request): operation for operation in OPERATIONS}
"""The operation of a request, by the tag of the element in the body; SOAPAction does not count."""
