"""How the program makes a transport out of what stands on the command line."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import output
from oso_bridge.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

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

_SCHEMES = {"https": "http"}
_WORDS = {"true": True, "false": False}


def line(via: str, settings: list[str] | None, secrets: list[str] | None, deadline: float) -> Transport:
    """The transport that is asked for.

    Args:
        via: Its name, a colon and an address; an address with a scheme will do by itself.
        settings: Its options, as ``name=value``.
        secrets: Options whose values stand in environment variables, as ``name=VARIABLE``.
        deadline: Seconds that a call may take.

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
        key, variable = _pair(given)
        options[key] = _variable(variable)
    if "hand_over" in parameters and not options.get("archive_password"):
        options["hand_over"] = _tell_password
    return transport(name, deadline=deadline, **options)


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


def _variable(name: str) -> str:
    if name not in os.environ:
        raise UsageError(f"There is no environment variable {name!r}.")
    return os.environ[name]


def _tell_password(parcel_id: str, password: str) -> None:
    output.note(f"Password of the ZIP for {parcel_id}: {password}. Give it by another way than mail.")
