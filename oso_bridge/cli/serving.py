"""What the servers of ``oso-bridge serve`` share: mutual TLS, and running until they are stopped."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from oso_bridge.cli.output import note
from oso_bridge.errors import DataError, UsageError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from oso_bridge.identity import Identity
    from oso_bridge.parcels import Transport


def run(server: Any) -> None:
    """Serve until it is interrupted.

    Args:
        server: What ``make_server`` gave, prepared.
    """
    import logging

    from oso_bridge.exchange.server import run as serve

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    serve(server, note)


def context(settings: dict[str, Any]) -> ssl.SSLContext | None:
    """TLS that asks for a certificate of the caller; without it only on this machine, and only when that is said.

    Args:
        settings: The settings, with ``tls``, ``server`` and ``toegang``.

    Raises:
        UsageError: There is no ``tls``, and not all that lets it be left out.
    """
    if "tls" not in settings:
        server = settings["server"]
        if server.get("zonder_tls") is True and server.get("adres", "127.0.0.1") in ("127.0.0.1", "::1", "localhost"):
            return None
        raise UsageError("The settings have no table tls.", remedy="For a test here: zonder_tls = true, on 127.0.0.1.")
    return identity(settings["tls"], settings.get("toegang", {})).server_context()


def identity(files: dict[str, Any], allowed: dict[str, Any]) -> Identity:
    """What we show, and whom we let in: those OINs that have access, judged by these roots and lists.

    Args:
        files: The table ``tls``.
        allowed: The table ``toegang``.
    """
    from oso_bridge.identity import Identity, Trust

    if "crls" not in files:
        note("Whether certificates were revoked is not checked: name crls under tls.")
    known: dict[str, Any] = {"roots": files["wortels"], "crls": files.get("crls"), "chain": files.get("keten", ())}
    trust = Trust(**known, allowed_oins=list(allowed), test=files.get("proef", False))
    own: dict[str, Any] = {"key": files.get("sleutel"), "password_env": files.get("wachtwoord_env")}
    return Identity(files["certificaat"], **own, **known, purpose="server", trust=trust)


def https(files: dict[str, Any] | None, seconds: float) -> Callable[[str], Transport]:
    """What opens HTTPS with our certificate for calling others.

    Args:
        files: The table ``client``.
        seconds: How long a call may take.

    Raises:
        UsageError: There is no such table.
    """
    from oso_bridge.identity import Identity
    from oso_bridge.transports import transport

    if files is None:
        raise UsageError("The settings have no table client: the certificate with which the Traffic Center is called.")
    own: dict[str, Any] = {"key": files.get("sleutel"), "password_env": files.get("wachtwoord_env")}
    known: dict[str, Any] = {"roots": files["wortels"], "crls": files.get("crls"), "chain": files.get("keten", ())}
    own_identity = Identity(files["certificaat"], **own, **known)
    return lambda url: transport("http", url=url, identity=own_identity, deadline=seconds)


def load(name: str) -> Any:
    """What ``package.module:name`` names.

    Args:
        name: The name.

    Raises:
        DataError: There is no such thing.
    """
    from importlib import import_module

    module, _, attribute = str(name).partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise DataError(f"{name} cannot be loaded: {type(error).__name__}.", remedy="Name it as module:name.") from None
