"""A part of the model: something with fields, and with what a document said of it and no field could hold."""

from __future__ import annotations

from oso_bridge.model.basis import Basis, Maand, faults, lijst, veld
from oso_bridge.model.extra import Extra

__all__ = ["Basis", "Deel", "Extra", "Maand", "faults", "lijst", "veld"]


class Deel(Basis):
    """A part of a dossier, such as an address or a test.

    What its element in a document held and no field could hold is in ``extra``.  It stays with the part when the
    part moves, and goes when the part goes.
    """

    extra: list[Extra] = lijst("Iets uit een document waarvoor dit onderdeel geen veld heeft.")
