"""What other distributions bring: entry points listed without importing, loaded when used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso_bridge.errors import DataError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def listed(group: str) -> dict[str, EntryPoint]:
    """The entry points of a group by name, in order, without importing any of them.

    Args:
        group: Such as ``oso_bridge.renderers``.
    """
    from importlib.metadata import entry_points

    return {point.name: point for point in sorted(entry_points(group=group), key=lambda point: point.name)}


def maker(point: EntryPoint) -> str:
    """The distribution that an entry point comes from."""
    return point.dist.name if point.dist else point.value


def load(point: EntryPoint, kind: str) -> Any:
    """What an entry point names.

    Args:
        point: One of :func:`listed`.
        kind: What it is called in the text of an error, such as ``renderer``.

    Raises:
        DataError: It cannot be loaded; the text names the distribution and the cause.
    """
    try:
        return point.load()
    except Exception as error:
        raise broken(point, kind, error) from error


def broken(point: EntryPoint, kind: str, error: Exception) -> DataError:
    """The error that says which distribution is at fault, and how."""
    return DataError(
        f"The {kind} {point.name} of {maker(point)} cannot be loaded: {type(error).__name__}.",
        where=point.value,
        remedy="Repair or uninstall that distribution.",
    )
