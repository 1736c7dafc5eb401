"""Keeps what an example made, in the file that its user names."""

from __future__ import annotations

import sys
from pathlib import Path


def bewaar(xml: bytes) -> None:
    """Write a dossier to the file named on the command line, if there is one; a file that cannot be made ends it."""
    for naam in sys.argv[1:2]:
        try:
            Path(naam).write_bytes(xml)
        except OSError as error:
            sys.exit(f"{naam}: {error.strerror}. Noem een bestand om in te schrijven, in een map die bestaat.")
