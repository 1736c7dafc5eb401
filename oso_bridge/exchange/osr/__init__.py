"""The OSR (Onderwijs Serviceregister): which supplier acts for a school, and at which address.

A school gives a supplier a mandate for a service; the supplier then registers an endpoint for each school.

    with Osr("https://osr-sb.kennisnet.nl", identity=identity, api_key=key) as osr:
        mandaat = osr.mandates(supplier_oin, school_oin, namespace)
        for eindpunt in osr.endpoints(namespace, school_oin=school_oin):
            print(eindpunt.routing_id, eindpunt.url)

Provisional: made from public pages, and never tried against the OSR itself.  ``schemas/osr.toml`` holds the calls of
each version, and how well each is known.  What an answer says besides is kept in ``wire``.

Nothing secret is shown: neither the API key nor the token of a mandate stands in a ``repr``, a log or an error.
"""

from __future__ import annotations

from oso_bridge.exchange.osr.answers import (
    Dienst,
    Dienstversie,
    Eindpunt,
    Lijst,
    Mandaat,
    Moment,
    OsrError,
    School,
    Schoolmandaat,
    shown,
)
from oso_bridge.exchange.osr.client import API_KEY_HEADER, Osr

__all__ = [
    "API_KEY_HEADER",
    "Dienst",
    "Dienstversie",
    "Eindpunt",
    "Lijst",
    "Mandaat",
    "Moment",
    "Osr",
    "OsrError",
    "School",
    "Schoolmandaat",
    "shown",
]
