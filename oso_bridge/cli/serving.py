"""What the servers of ``oso-bridge serve`` share: mutual TLS, and running until they are stopped."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from oso_bridge.cli import wording
from oso_bridge.cli.output import note
from oso_bridge.errors import DataError, UsageError, choose

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    from oso_bridge.identity import Identity
    from oso_bridge.parcels import Transport

_TOLD_ELSEWHERE = ("crls_unchecked", "is_test")


def run(server: Any) -> None:
    """Serve until it is interrupted.

    Args:
        server: What ``make_server`` gave, prepared.
    """
    from oso_bridge.exchange.server import run as serve

    log()
    serve(server, note)


def log() -> None:
    """Have the log of the exchange on standard error: who asked or ordered what, and what came of it."""
    import logging

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)


def listen(server: Any) -> tuple[str, int]:
    """Start to listen.

    Args:
        server: What ``make_server`` gave.

    Returns:
        The address and the port.

    Raises:
        UsageError: The port is taken, or the address is not one of this machine.
    """
    host, port = server.bind_addr[:2]
    try:
        server.prepare()
    except OSError:
        remedy = "Something else may listen there already, or the address is not of this machine: choose another."
        raise UsageError(f"Cannot listen at {host} port {port}.", remedy=remedy) from None
    bound: tuple[str, int] = server.bind_addr[:2]
    return bound


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
    own: dict[str, Any] = {"key": files.get("sleutel"), "password_env": files.get("wachtwoord_env")}
    with wording.telling(wording.SETTINGS):
        trust = Trust(**known, allowed_oins=_oins(allowed, files.get("proef", False)), test=files.get("proef", False))
        found = Identity(files["certificaat"], **own, **known, purpose="server", trust=trust)
    _warn("tls", found)
    return found


def _oins(allowed: dict[str, Any], test: bool) -> list[str]:
    """The OINs that may call; told is what keeps them out all the same.

    Raises:
        DataError: One of them is none.
    """
    from oso_bridge import identifiers
    from oso_bridge.identity.certificates import TEST_REGISTER

    for name in allowed:
        if not identifiers.oin.is_valid(name):
            raise DataError(f"In the settings, {name} is no OIN.", remedy="An OIN has twenty figures.")
    if not allowed:
        note("Nobody can call: no OIN may. Name those that may under toegang, or for serve uwlr as oin of a klant.")
    if not test and any(name.startswith(TEST_REGISTER) for name in allowed):
        note("Test OINs are listed, and are refused all the same: say proef = true under tls when this is a test.")
    return list(allowed)


def _warn(table: str, own: Identity) -> None:
    """Tell what is the matter with our certificate; whether it is for a test and the CRLs is told elsewhere."""
    notices = [notice for notice in own.warnings() if notice.code not in _TOLD_ELSEWHERE]
    for told in dict.fromkeys(f"{table}: {notice.text()} {notice.remedy()}" for notice in notices):
        note(wording.retold(told, wording.SETTINGS))


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
    with wording.telling(wording.SETTINGS):
        own_identity = Identity(files["certificaat"], **own, **known)
    _warn("client", own_identity)
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
        found = import_module(module)
    except (ImportError, ValueError) as error:
        raise DataError(
            f"{name} cannot be loaded: {type(error).__name__}.", remedy=_missing(module, attribute, error)
        ) from None
    if not attribute or not hasattr(found, attribute):
        known = [one for one in vars(found) if not one.startswith("_")]
        remedy = choose(attribute, known, "Name it as module:name.")
        raise DataError(f"{name} cannot be loaded: the module has no such name.", remedy=remedy)
    return getattr(found, attribute)


def _missing(module: str, attribute: str, error: Exception) -> str:
    """What to do about a module that cannot be imported."""
    needed = getattr(error, "name", None) or module
    if not module or not attribute:
        return "Name it as module:name."
    if module == needed or module.startswith(f"{needed}."):
        return f"Python finds no module {needed}: name its folder in PYTHONPATH, or install it."
    return f"The module needs {needed}: install that where oso-bridge is installed."


def made(name: str, protocol: Any) -> Any:
    """What a class or function of the user gives, which has to have the methods that are called here.

    Args:
        name: The class, as ``package.module:name``.
        protocol: What it has to be, such as ``Dossierdoel``.

    Raises:
        DataError: There is no such thing, it takes arguments, or it lacks methods.
    """
    import inspect

    make = load(name)
    try:
        inspect.signature(make).bind()
    except (TypeError, ValueError):
        remedy = "Name a class, or a function that makes one, that takes no arguments."
        raise DataError(f"{name} cannot be called without arguments.", remedy=remedy) from None
    found = make()
    methods = [one for one in dir(protocol) if not one.startswith("_")]
    lacking = [one for one in methods if not callable(getattr(found, one, None))]
    if lacking:
        raise DataError(f"{name} is no {protocol.__name__}: it lacks {', '.join(lacking)}.")
    return found
