"""The endpoint as a WSGI application: answers in pieces, and its WSDL at ``?wsdl``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from wsgiref.util import request_uri

from oso_bridge.exchange import soap, wsgi
from oso_bridge.exchange.uwlr import wsdl
from oso_bridge.exchange.uwlr.endpoint import Endpoint
from oso_bridge.exchange.wsgi import Environ, Start
from oso_bridge.parcels import Parcel
from oso_bridge.xml.limits import DEFAULT


class Application(wsgi.Application):
    """A WSGI application around an endpoint of UWLR; may be called by several threads at once.

    Every operation is answered at every path.  ``?wsdl`` gives the WSDL of the pupil data, and that of the results
    where the path or the query names them (``/leerresultaten?wsdl``, ``?wsdl=leerresultaten``).

    Args:
        endpoint: Answers requests.
        oin: Gives the OIN of the sender out of the WSGI environment; see :class:`oso_bridge.exchange.Application`.
        max_bytes: The largest message that is taken.
        seconds: How long a message may take to come, all in all.
        url: The address in the WSDL; that of the request when left out, which is wrong behind another server.
        path: The only path that is served; every path when it is empty.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        oin: Callable[[Environ], str] = wsgi.no_oin,
        max_bytes: int = DEFAULT.max_bytes,
        seconds: float = 60.0,
        url: str = "",
        path: str = "",
    ) -> None:
        super().__init__(endpoint, oin=oin, max_bytes=max_bytes, seconds=seconds, path=path)
        self._uwlr = endpoint
        self._url = url

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        """Answer a request.

        Args:
            environ: The WSGI environment.
            start_response: Takes the status and the headers.
        """
        name, _, value = str(environ.get("QUERY_STRING", "")).partition("=")
        here = self._path in ("", environ.get("PATH_INFO"))
        if environ.get("REQUEST_METHOD") == "GET" and name.lower() == "wsdl" and here:
            return self._wsdl(environ, value, start_response)
        return super().__call__(environ, start_response)

    def _wsdl(self, environ: Environ, named: str, start: Start) -> Iterable[bytes]:
        asked = named or str(environ.get("PATH_INFO", "")).rpartition("/")[2]
        chosen = wsdl.RESULTS if asked.lower() == wsdl.RESULTS else wsdl.PUPILS
        try:
            found = wsdl.served(chosen, self._url or request_uri(environ, include_query=False))
        except ValueError:  # an address that XML cannot hold
            return wsgi.respond(start, HTTPStatus.BAD_REQUEST, [], [])
        return wsgi.respond(start, HTTPStatus.OK, [found], [("Content-Type", soap.MEDIA_TYPE)])

    def answered(self, parcel: Parcel, start_response: Start) -> Iterable[bytes]:
        """Have a request answered in pieces.

        Args:
            parcel: The request.
            start_response: Takes the status and the headers.
        """
        found = self._uwlr.answer(parcel)
        media_type = [("Content-Type", soap.MEDIA_TYPE)]
        if isinstance(found, bytes):
            return wsgi.respond(start_response, HTTPStatus.INTERNAL_SERVER_ERROR, [found], media_type)
        return wsgi.respond(start_response, HTTPStatus.OK, found, media_type, found.size)
