"""A part of the model: something with fields, and with what a document said of it and no field could hold."""

from __future__ import annotations

from collections.abc import Iterator

from oso_bridge.model.basis import Basis, Maand, faults, lijst, veld
from oso_bridge.model.extra import Extra

__all__ = ["Basis", "Deel", "Extra", "Geheel", "Maand", "faults", "lijst", "veld"]


class Deel(Basis):
    """A part of a dossier, such as an address or a test.

    What its element in a document held and no field could hold is in ``extra``.  It stays with the part when the
    part moves, and goes when the part goes.
    """

    extra: list[Extra] = lijst("Iets uit een document waarvoor dit onderdeel geen veld heeft.")


class Geheel(Deel):
    """What a whole document becomes: a dossier, the administration of a school, or results."""

    def bewaard(self) -> Iterator[tuple[str, Extra]]:
        """All that was kept of a document because no field could hold it.

        Yields:
            The place in the model of the part that holds it, empty for the whole itself, and what was kept.
        """
        for path, part in self.onderdelen():
            for item in part.extra:
                yield path, item

    def onderdelen(self) -> Iterator[tuple[str, Deel]]:
        """Every part of it, itself first, with its place in the model.

        Yields:
            A path such as ``leerling.adressen[2]``, empty for the whole itself, and the part.
        """
        yield from parts(self, "")


def parts(part: Deel, path: str) -> Iterator[tuple[str, Deel]]:
    """A part and every part in it, with its place in the model.

    Args:
        part: The part.
        path: Where it stands itself, such as ``leerlingen[12]``.
    """
    yield path, part
    for name, value in part.__dict__.items():
        step = f"{path}.{name}" if path else name
        for number, item in enumerate(value if isinstance(value, list) else (value,), start=1):
            if isinstance(item, Deel):
                yield from parts(item, step if number == 1 else f"{step}[{number}]")
