"""With what the kit calls an endpoint: the identity and roots that the user gave."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

from oso_bridge.errors import UsageError
from oso_bridge.identity import Identity
from oso_bridge.identity import files as identity_files
from oso_bridge.identity.certificates import is_self_signed
from oso_bridge.pki import pem
from oso_bridge.testing.kit.calling import HttpCaller
from oso_bridge.testing.kit.stage import Options

LOCAL = ("localhost", "127.0.0.1", "::1")
_ROOT = "root.pem"


def caller(options: Options, *, seconds: float) -> HttpCaller:
    """What calls the endpoint.

    Args:
        options: What the user asked for.
        seconds: How long a call may take.

    Raises:
        UsageError: The address is not one of https, and not of this machine either; or there is no identity for it.
        IdentityError: The identity cannot be used.
    """
    parts = urlsplit(options.endpoint)
    if parts.scheme == "http" and parts.hostname not in LOCAL:
        raise UsageError("Without TLS only an endpoint on this machine is tested.", remedy="Use https://.")
    return HttpCaller(options.endpoint, context=context(options), seconds=seconds)


def context(options: Options) -> ssl.SSLContext | None:
    """TLS with the identity of the kit; None when it has none, or calls an address without TLS."""
    secured = options.identity is not None and urlsplit(options.endpoint).scheme == "https"
    return identity(options.identity, options).client_context() if secured and options.identity else None


def identity(path: Path, options: Options) -> Identity:
    """An identity to call with; one that the endpoint has to refuse will do as well.

    Args:
        path: PEM or PKCS#12, opened with the password in the environment variable ``[client] wachtwoord_env``.
        options: What the user asked for.
    """
    variable = options.settings.get("client", {}).get("wachtwoord_env")
    return Identity(path, roots=roots(options), password_env=variable, check="warn")


def roots(options: Options) -> bytes:
    """The roots that the endpoint is judged by.

    Those that were given; or else the CA certificates of the identity; or else ``root.pem`` beside it, where
    ``oso-bridge pki new`` puts the root of a test authority.

    Raises:
        UsageError: There are none.
    """
    if options.roots is not None:
        return options.roots.read_bytes()
    held = identity_files.load(options.identity).certificates if options.identity is not None else []
    found = [one for one in held if is_self_signed(one)]
    if found:
        return pem(*found)
    beside = options.identity.with_name(_ROOT) if options.identity is not None else None
    if beside is not None and beside.is_file():
        return beside.read_bytes()
    raise UsageError("It is not known by which roots the endpoint is judged.", remedy="Give --oso-roots.")
