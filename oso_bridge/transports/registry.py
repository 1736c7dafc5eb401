"""Which transports there are: our own, and those of other distributions (entry point group ``oso_bridge.transports``).

The value of an entry point is a class with the three methods of a transport, or a function that makes one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from oso_bridge import plugins
from oso_bridge.errors import UsageError, choose
from oso_bridge.parcels import Transport
from oso_bridge.transports.calls import DEADLINE, MAX_BYTES
from oso_bridge.transports.guarded import Guarded, Retry

ENTRY_POINTS = "oso_bridge.transports"
BUILT_IN = {
    "file": "FileLine",
    "http": "HttpLine",
    "loopback": "LoopbackLine",
    "mail": "MailLine",
    "sftp": "SftpLine",
}


def available() -> list[str]:
    """The names of the transports that are installed; none of them is imported."""
    return [*BUILT_IN, *(name for name in plugins.listed(ENTRY_POINTS) if name not in BUILT_IN)]


def transport(
    name: str,
    *,
    deadline: float = DEADLINE,
    max_bytes: int = MAX_BYTES,
    retry: Retry | Mapping[str, Retry] | None = None,
    **options: Any,
) -> Transport:
    """A transport by its name, to be used with ``with``.

    Args:
        name: Such as ``file``, ``http``, ``sftp``, ``mail``, or that of a plug-in.
        deadline: Seconds that a ``send`` may take, all attempts together; also each step of ``receive``.
        max_bytes: The largest content that is sent or comes in.
        retry: How often is tried, for every operation or by operation.
        options: Those of the transport itself, such as ``path`` or ``url``.

    Raises:
        DataError: A plug-in cannot be loaded; the text names its distribution.
        UsageError: There is no such transport or option, or an option is missing or wrong.
    """
    make = maker(name)
    _fitting(name, make, options)
    return Guarded(make(**options), name=name, deadline=deadline, max_bytes=max_bytes, retry=retry)


def maker(name: str) -> Callable[..., Transport]:
    """What makes a transport of that name out of its options.

    Raises:
        DataError: A plug-in cannot be loaded.
        UsageError: There is no such transport.
    """
    if name in BUILT_IN:
        return _built_in(name)
    known = plugins.listed(ENTRY_POINTS)
    if name not in known:
        raise UsageError(f"There is no transport {name!r}.", remedy=choose(name, available()))
    loaded: Callable[..., Transport] = plugins.load(known[name], "transport")
    return loaded


def _built_in(name: str) -> Callable[..., Transport]:
    """One of ours; those that need an extra say so."""
    try:
        found: Callable[..., Transport] = getattr(import_module(f"oso_bridge.transports.{name}"), BUILT_IN[name])
    except ModuleNotFoundError as error:
        raise UsageError(
            f"The transport {name} needs {error.name}, which is not installed.",
            remedy=f"Install it: pip install 'oso-bridge[{name}]'.",
        ) from error
    return found


def _fitting(name: str, make: Callable[..., Transport], options: Mapping[str, object]) -> None:
    """Say which option does not exist or is missing, before anything is made."""
    signature = inspect.signature(make)
    try:
        signature.bind(**options)
    except TypeError as error:
        known = ", ".join(signature.parameters)
        raise UsageError(f"The transport {name}: {error}.", remedy=f"Its options are: {known}.") from None
