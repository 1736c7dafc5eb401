"""The endpoint of UWLR: what it answers, in which order it refuses, and that it tells nothing of anybody."""

from __future__ import annotations

import logging
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge import fieldsets
from oso_bridge.exchange import soap, uwlr
from oso_bridge.exchange.uwlr import answers, faults
from oso_bridge.model.administratie import Groep, Groepstaak, Leerkracht, Schooladministratie
from oso_bridge.parcels import Parcel

from .scene import (
    ACCESS_TEXT,
    BASIS,
    HEADER,
    PUPILS,
    YEAR,
    Gemaakt,
    Scene,
    clients,
    code,
    envelope,
    from_file,
    question,
    results,
    whole,
)

GROUPS = f'{BASIS}<groepen><groep key="G-0"/></groepen>'
"""A request for the persons of one group."""
