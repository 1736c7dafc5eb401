"""The named limits within which a document is read; each is an argument with a safe default."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may ask for before it is refused.

    A dossier with scans may be large, so text has no limit of its own below ``max_bytes``.

    Attributes:
        max_bytes: Size of the source in bytes, before and after a change of encoding.
        max_elements: Number of elements.
        max_attributes: Number of attributes and namespace declarations in the whole document.
        max_depth: Elements inside one another.
        max_children: Elements directly inside one; libxml2 takes quadratic time to say where each of them is wrong.
        max_same_key: Elements with one and the same key, where a schema has keys; quadratic time again.
        max_stream_bytes: Size of a source that is read piece by piece, see :mod:`oso_bridge.streaming`; the others then
            hold for what is in memory at once.
    """

    max_bytes: int = 64 * 1024 * 1024
    max_elements: int = 200_000
    max_attributes: int = 50_000
    max_depth: int = 64
    max_children: int = 20_000
    max_same_key: int = 5_000
    max_stream_bytes: int = 2 * 1024 * 1024 * 1024


DEFAULT = Limits()
