"""A pigeon: a transport in three methods, of a distribution that is not ours; no base class of ours is needed."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from oso_bridge import Delivery, Parcel, Receipt, TransportError


class Duif:
    """Carries parcels to a loft, a folder with a letter for each."""

    address = "loft"

    def __init__(self, loft: str) -> None:
        self._loft = Path(loft)
        self._held: dict[Path, Path] = {}

    def send(self, parcel: Parcel) -> Receipt:
        """Fly; a letter gets its name when it is whole."""
        letter = {
            "content": base64.b64encode(parcel.content).decode(),
            "words": [parcel.media_type, parcel.id, parcel.operation, dict(parcel.routing)],
        }
        name = f"{time.time_ns():020}-{uuid.uuid4().hex}"
        try:
            (self._loft / name).write_text(json.dumps(letter))
            (self._loft / name).rename(self._loft / f"{name}.brief")
        except OSError:
            raise TransportError("There is no loft.", retryable=False, sent="no") from None
        return Receipt("accepted", parcel.digest)

    def receive(self) -> Iterator[Delivery]:
        """What landed, the first one first; taking a letter renames it, so that nobody else gets it."""
        for letter in sorted(self._loft.glob("*.brief")):
            taken = letter.with_suffix(".gepakt")
            try:
                letter.rename(taken)
            except FileNotFoundError:
                continue
            self._held[taken] = letter
            found = json.loads(taken.read_text())
            yield Delivery(
                Parcel(base64.b64decode(found["content"]), *found["words"]),
                lambda taken=taken: self._burn(taken),
                lambda reason, taken=taken: self._burn(taken),
            )

    def close(self) -> None:
        """Put back what nobody wanted to keep."""
        while self._held:
            taken, letter = self._held.popitem()
            taken.rename(letter)

    def _burn(self, taken: Path) -> None:
        del self._held[taken]
        taken.unlink()
