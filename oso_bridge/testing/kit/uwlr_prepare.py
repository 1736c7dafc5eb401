"""What a vendor needs before the kit can ask an endpoint of UWLR: the settings, and a school to load."""

from __future__ import annotations

import shutil
from pathlib import Path

from oso_bridge.testing.kit import uwlr_settings

SCHOOL = Path(__file__).with_name("uwlr_school.xml")
_FILES = {"kit.toml": uwlr_settings.FILE, "school.xml": SCHOOL}


def prepare(folder: Path) -> list[Path]:
    """Write ``kit.toml``, with every key and what it means, and ``school.xml``: a fictional school as EDEXML.

    Args:
        folder: An empty folder.

    Returns:
        The files.

    Raises:
        OSError: They cannot be written.
    """
    return [Path(shutil.copyfile(source, folder / name)) for name, source in _FILES.items()]
