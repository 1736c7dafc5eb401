"""What ``serve las``, ``fetch`` and ``delivery-points`` make out of the same settings: wire, school, line, keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso_bridge.cli import serving
from oso_bridge.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso_bridge.exchange import Adres, Sleutels, Wire
    from oso_bridge.parcels import Transport


def wire(row: dict[str, Any]) -> Wire:
    """The wire that is spoken.

    Args:
        row: The table ``draad``.

    Raises:
        UsageError: There is no such wire, or no such choice.
    """
    from oso_bridge.exchange import load

    return load(str(row["versie"])).using(**{table: part for table, part in row.items() if table != "versie"})


def points(rows: list[dict[str, Any]]) -> list[Adres]:
    """Our delivery points.

    Args:
        rows: The tables ``aanleverpunt``.

    Raises:
        DataError: One names a school that is no BRIN.
    """
    from oso_bridge.exchange import Adres

    for row in rows:
        check_brin(str(row["brin"]), "aanleverpunt")
    return [Adres(str(row["brin"]), str(row.get("kenmerk", ""))) for row in rows]


def check_brin(name: str, table: str) -> None:
    """Refuse what is no BRIN: with a slip of the pen nobody would ever get in, without a word.

    Args:
        name: What stands there.
        table: The table that it stands in.

    Raises:
        DataError: It is none.
    """
    from oso_bridge import identifiers

    if not identifiers.brin.is_valid(name):
        raise DataError(f"In the settings, {table} names a school that is no BRIN.", remedy='Such as "00YY".')


def line(settings: dict[str, Any]) -> Callable[[str], Transport]:
    """What opens a transport to an address: of the user, or HTTPS with the certificate of ``client``.

    Args:
        settings: The settings, with ``verkeerscentrum`` and perhaps ``client``.

    Raises:
        DataError: The function of the user cannot be loaded.
        IdentityError: The certificate cannot be used.
        UsageError: There is neither.
    """
    centre = settings["verkeerscentrum"]
    if "lijn" in centre:
        found: Callable[[str], Transport] = serving.load(centre["lijn"])
        return found
    return serving.https(settings.get("client"), centre.get("seconden", 20))


def keys(row: dict[str, Any]) -> Sleutels:
    """The functions of the user that compute keys; the fake ones only when a test is said to be one.

    Args:
        row: The table ``sleutels``.

    Raises:
        DataError: One of them cannot be loaded.
        UsageError: They are the fake ones, and nothing says that this is a test.
    """
    from oso_bridge.exchange.keys import Sleutels, is_fake

    made = Sleutels(serving.load(row["zoeksleutel"]), serving.load(row["pgnfrag"]) if "pgnfrag" in row else None)
    if is_fake(made) and row.get("proef") is not True:
        raise UsageError("The zoeksleutel is the fake one for tests.", remedy="Name your own, or say proef = true.")
    return made
