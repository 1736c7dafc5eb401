"""Fake keys for tests: the recipe of the real zoeksleutel is not public."""

from __future__ import annotations

import base64
import hashlib

# oso_bridge.exchange.keys.FAKE, which is not imported: the simulator uses these and shares nothing with the exchange
_FAKE = "oso_bridge_nep"


def nep_zoeksleutel(pgn: str) -> str:
    """A fake zoeksleutel: 128 bytes in base64, as large as the real one, and in no other way like it.

    Args:
        pgn: The number of a fictional pupil.
    """
    return base64.b64encode(hashlib.shake_256(b"nep" + pgn.encode()).digest(128)).decode("ascii")


def nep_pgnfrag(pgn: str) -> str:
    """A fake fragment of a number: four digits that have nothing to do with it.

    Args:
        pgn: The number of a fictional pupil.
    """
    return f"{int.from_bytes(hashlib.sha256(b'nepfrag' + pgn.encode()).digest()[:4]) % 10_000:04}"


setattr(nep_zoeksleutel, _FAKE, True)
setattr(nep_pgnfrag, _FAKE, True)
