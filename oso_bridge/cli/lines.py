"""How the program makes a transport, and our identity, out of what stands on the command line."""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import output, wording
from oso_bridge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso_bridge.identity import Identity
    from oso_bridge.identity.files import Password
    from oso_bridge.parcels import Transport


def _names(incomplete: str) -> list[str]:
    from oso_bridge.transports import available

    return [name for name in available() if name.startswith(incomplete)]


Via = Annotated[
    str,
    typer.Option(
        "--via", help="file:FOLDER, https://..., sftp://..., mail:ADDRESS, or NAME:ADDRESS.", autocompletion=_names
    ),
]
Settings = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="An option of the transport; may be repeated.")
]
Secrets = Annotated[
    list[str] | None,
    typer.Option(
        "--secret", metavar="NAME=VARIABLE", help="An option whose value stands in this environment variable."
    ),
]
Deadline = Annotated[float, typer.Option("--deadline", help="Seconds that it may take.")]

IdentityFile = Annotated[
    Path | None, typer.Option("--identity", metavar="FILE", help="Our certificate and its key: PEM, DER or PKCS#12.")
]
IdentityKey = Annotated[
    Path | None, typer.Option("--identity-key", metavar="FILE", help="The key, when it stands in a file of its own.")
]
IdentityPassword = Annotated[
    str | None,
    typer.Option("--identity-password-env", metavar="NAME", help="The environment variable with its password."),
]
Roots = Annotated[
    list[Path] | None,
    typer.Option("--roots", metavar="FILE", help="Roots to trust, those of our own certificate as well; repeatable."),
]
Crls = Annotated[
    list[Path] | None,
    typer.Option("--crls", metavar="FILE", help="CRLs of every level; without them revocation is not checked."),
]

_SCHEMES = {"https": "http"}
_WORDS = {"true": True, "false": False}


def line(
    via: str,
    settings: list[str] | None,
    secrets: list[str] | None,
    deadline: float,
    more: dict[str, object] | None = None,
) -> Transport:
    """The transport that is asked for.

    Args:
        via: Its name, a colon and an address; an address with a scheme will do by itself.
        settings: Its options, as ``name=value``.
        secrets: Options whose values stand in environment variables, as ``name=VARIABLE``.
        deadline: Seconds that a call may take.
        more: Options that are no texts; see :func:`trust`.

    Raises:
        UsageError: There is no such transport, option or variable, or a value is of another kind.
    """
    from oso_bridge.transports.registry import maker, transport

    name, make, options = _named(via, maker)
    parameters = inspect.signature(make).parameters
    for given in settings or []:
        key, value = _pair(given)
        options[key] = _typed(value, str(parameters[key].annotation) if key in parameters else "", key)
    for given in secrets or []:
        key, name_of = _pair(given)
        options[key] = variable(name_of)
    if "hand_over" in parameters and not options.get("archive_password"):
        options["hand_over"] = _tell_password
    with wording.telling(wording.OPTIONS):
        return transport(name, deadline=deadline, **{**options, **(more or {})})


def trust(
    file: Path | None,
    key: Path | None = None,
    password_env: str | None = None,
    roots: list[Path] | None = None,
    crls: list[Path] | None = None,
) -> dict[str, object]:
    """Who we are and whom we trust, as the options of a transport: ``identity``, or ``roots``, or neither.

    Raises:
        IdentityError: The certificate, its key or its password is not good.
        UsageError: Something goes with --identity only, or several roots are given without it.
    """
    if file is not None:
        with wording.telling(wording.OPTIONS):
            return {"identity": identity(file, key, password_env, roots, crls)}
    if key or password_env or crls:
        raise UsageError("A key, its password and CRLs go with a certificate.", remedy="Give --identity FILE.")
    if roots and len(roots) > 1:
        raise UsageError("Without --identity one file with roots is taken.", remedy="Put the roots in one file.")
    return {"roots": roots[0]} if roots else {}


def identity(
    file: Path, key: Path | None, password_env: str | None, roots: list[Path] | None, crls: list[Path] | None
) -> Identity:
    """Our identity as a client.

    Args:
        file: The certificate, with the key unless that stands apart.
        key: The key.
        password_env: The environment variable with its password; else it is asked for at a terminal.
        roots: The roots, ours and those of the other side.
        crls: The CRLs; None does not check revocation.

    Raises:
        IdentityError: A file cannot be used, the key does not fit, or the certificate is not good.
    """
    from oso_bridge.identity import Identity

    return Identity(
        file,
        key,
        password=None if password_env else _prompt(),
        password_env=password_env,
        roots=list(roots or ()),
        crls=None if crls is None else list(crls),
    )


def password(variable: str | None) -> Password:
    """The password in a variable; else asked for at a terminal, when it turns out to be needed.

    Args:
        variable: The name of the environment variable.
    """
    from oso_bridge.identity.files import Password

    return Password(None if variable else _prompt(), variable)


def _prompt() -> Callable[[], str] | None:
    """What asks for a password at a terminal, once it is needed; None where there is no terminal."""
    import getpass

    return getpass.getpass if sys.stdin.isatty() else None


def _named(via: str, maker: Callable[[str], Any]) -> tuple[str, Any, dict[str, Any]]:
    """The name of a transport, what makes it, and the option that its address stands for."""
    scheme, colon, rest = via.partition(":")
    name = _SCHEMES.get(scheme, scheme)
    make = maker(name)
    address = via if rest.startswith("//") else rest
    option = getattr(make, "address", "")
    if address and not option:
        raise UsageError(f"The transport {name} takes no address.", remedy="Give its options with --set.")
    return name, make, {option: address} if colon and address else {}


def _pair(given: str) -> tuple[str, str]:
    key, equals, value = given.partition("=")
    if not equals or not key:
        raise UsageError("An option is NAME=VALUE.", remedy="For example: --set roots=roots.pem.")
    return key, value


def _typed(value: str, annotation: str, key: str) -> object:
    """A value as the kind that the option takes."""
    try:
        if annotation.startswith("bool"):
            return _WORDS[value.lower()]
        for kind in (int, float):
            if annotation.startswith(kind.__name__):
                return kind(value)
    except (KeyError, ValueError):
        raise UsageError(f"The option {key} takes another kind of value: {annotation}.") from None
    return value


def variable(name: str) -> str:
    """What stands in an environment variable.

    Args:
        name: Its name.

    Raises:
        UsageError: There is none of that name.
    """
    if name not in os.environ:
        raise UsageError(f"There is no environment variable {name!r}.")
    return os.environ[name]


def _tell_password(parcel_id: str, password: str) -> None:
    output.note(f"Password of the ZIP for {parcel_id}: {password}. Give it by another way than mail.")
