"""zeep, as far as it is trusted: it reads a WSDL from disk and makes requests by it; nothing else goes through it.

No session of its own and no network; what it makes is sent by one of our transports, and the answer never reaches it:
faults would lose their codes, and its errors quote whole messages.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml import etree

from oso_bridge.errors import DataError, DocumentError, UsageError
from oso_bridge.exchange import soap
from oso_bridge.exchange.uwlr.operations import HEADER, OPERATIONS, Operation
from oso_bridge.xml import parser

_SUFFIXES = (".wsdl", ".xsd", ".xml")


@dataclass(frozen=True, slots=True)
class Made:
    """A request that is ready to be sent.

    Attributes:
        content: The envelope.
        action: The SOAPAction of its operation, without quotes.
    """

    content: bytes
    action: str


class _Disk:
    """What zeep takes for a transport: it loads files, and hands over what it would have sent."""

    def load(self, url: Any) -> bytes:
        """A WSDL or schema from disk.

        Raises:
            DataError: It is not on this disk, or is none, or asks for something that is refused.
        """
        path = _local(str(url))
        try:
            content = path.read_bytes()
            parser.parse(content)
        except (OSError, DocumentError) as error:
            raise DataError(f"The WSDL cannot be loaded: {type(error).__name__}.", where=path.name) from None
        return content

    def post_xml(self, address: object, envelope: etree._Element, headers: dict[str, str]) -> Made:
        """What zeep would send."""
        del address
        content = etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
        return Made(content, headers.get("SOAPAction", "").strip('"'))


def _local(url: str) -> Path:
    """The path of a file on this disk.

    Raises:
        DataError: It is somewhere else.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in ("", "localhost"):
        url = unquote(parts.path)
    elif len(parts.scheme) > 1 or url.startswith(("//", "\\\\")):  # one letter is a drive
        raise DataError("A WSDL and its schemas are read from this disk only.", remedy="Save them beside each other.")
    if not url.lower().endswith(_SUFFIXES):
        raise DataError("A WSDL refers to a file that is no schema.")
    return Path(url)


class SoapClient:
    """Makes the requests of UWLR by one or more WSDLs; may be used by several threads at once.

    Args:
        wsdls: The files; each operation is made by the first that has it.

    Raises:
        DataError: A file is no WSDL, or refers to something that is not on this disk.
    """

    def __init__(self, *wsdls: str | os.PathLike[str]) -> None:
        self._services: dict[str, tuple[Any, str]] = {}
        self._lock = threading.Lock()
        for file in wsdls:
            self._load(os.fspath(file))

    def _load(self, file: str) -> None:
        client = _client(file)
        wanted = {operation.tag(operation.request): operation for operation in OPERATIONS}
        for service in client.wsdl.services.values():
            for port in service.ports.values():
                for name, found in port.binding.all().items():
                    body = getattr(found.input, "body", None)
                    operation = wanted.get(str(getattr(body, "qname", "")))
                    if operation is not None and port.binding.nsmap.get("soap-env") == soap.NAMESPACE:
                        self._services.setdefault(operation.name, (client.bind(service.name, port.name), name))

    def make(self, operation: Operation, header: dict[str, str], values: dict[str, Any]) -> Made:
        """A request out of values.

        Args:
            operation: What is asked.
            header: The texts of autorisatie.
            values: The values of the message, as zeep takes them.

        Raises:
            UsageError: The WSDL has no such operation, or cannot say this.
        """
        service, name = self._of(operation)
        fault = ""
        try:
            with self._lock:
                made: Made = service[name](**values, _soapheaders=[_header(header)])
        except Exception as error:  # noqa: BLE001 - whatever zeep raises may quote what it was given
            fault = type(error).__name__
        if fault:
            raise UsageError(f"The WSDL cannot say this request ({fault}).", remedy="Compare it with that of UWLR 2.2.")
        return made

    def put(self, operation: Operation, header: dict[str, str], message: bytes) -> Made:
        """A request out of a message that was written already.

        Args:
            operation: What is asked.
            header: The texts of autorisatie.
            message: The message.
        """
        from zeep import xsd

        service, name = self._of(operation)
        elements = service._binding.get(name).input.body.type.elements
        made = self.make(operation, header, {child: xsd.SkipValue for child, _ in elements})
        envelope = parser.parse(made.content)
        body: Any = envelope[-1]
        body[:] = [parser.parse(message)]
        return Made(etree.tostring(envelope, encoding="UTF-8", xml_declaration=True), made.action)

    def _of(self, operation: Operation) -> tuple[Any, str]:
        found = self._services.get(operation.name)
        if found is None:
            raise UsageError(f"The WSDL has no operation that takes {operation.request}.")
        return found


def _client(file: str) -> Any:
    import zeep

    settings = zeep.Settings(
        strict=True, raw_response=True, forbid_dtd=True, forbid_entities=True, forbid_external=True
    )
    fault = ""
    try:
        made: Any = zeep.Client
        return made(str(Path(file).absolute()), transport=_Disk(), settings=settings)
    except DataError:
        raise
    except Exception as error:  # noqa: BLE001 - what zeep raises may quote the file
        fault = type(error).__name__
    raise DataError(f"The WSDL is not one that can be used ({fault}).", where=Path(file).name)


def _header(texts: dict[str, str]) -> etree._Element:
    made = etree.Element(HEADER, nsmap={"aut": etree.QName(HEADER).namespace or ""})
    for name, text in texts.items():
        etree.SubElement(made, etree.QName(etree.QName(HEADER).namespace, name)).text = text
    return made
