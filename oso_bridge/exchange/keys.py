"""Keys that are computed from the number of a pupil, by functions of the user: their recipe is not public.

The zoeksleutel lets the Traffic Center compare requests without knowing the number.  How it is computed is told by
Kennisnet to suppliers; this package holds no guess.  :func:`oso_bridge.testing.nep_zoeksleutel` is a fake for tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from oso_bridge.exchange.wire import Wire

Sleutelfunctie = Callable[[str], str]
"""Computes a key from the number of a pupil: the same for every supplier, and without chance."""


@dataclass(frozen=True, slots=True)
class Sleutels:
    """The functions of the user.

    Attributes:
        zoeksleutel: Gives the zoeksleutel in base64.
        pgnfrag: Gives the fragment of the number, from namespace 20200910 on; None for an older wire.
    """

    zoeksleutel: Sleutelfunctie = field(repr=False)
    pgnfrag: Sleutelfunctie | None = field(default=None, repr=False)

    def of(self, pgn: str, wire: Wire) -> dict[str, str]:
        """The fields of a message that stand for a pupil on a wire.

        Args:
            pgn: The number of the pupil.
            wire: The wire; one without pgnfrag goes without it.
        """
        found = {"zoeksleutel": self.zoeksleutel(pgn)}
        if self.pgnfrag is not None and "pgnfrag" in wire.layouts["sessiecontroleRequest"].fields:
            found["pgnfrag"] = self.pgnfrag(pgn)
        return found


FAKE = "oso_bridge_nep"
"""The attribute that marks a function as fake."""


def is_fake(sleutels: Sleutels) -> bool:
    """Whether one of the functions is a fake for tests."""
    return any(getattr(function, FAKE, False) for function in (sleutels.zoeksleutel, sleutels.pgnfrag))
