"""What tests of the OSR share: who we are, and a client of a host that does not exist."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import oso_bridge as oso
from oso_bridge.exchange.osr import Osr
from oso_bridge.pki import Authority

HOST = "https://osr.invalid"
API_KEY = "KANARIE-sleutel"


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def identity(authority: Authority) -> oso.Identity:
    return authority.identity("client", name="las")


@pytest.fixture
def osr(identity: oso.Identity) -> Callable[..., Osr]:
    def make(**options: Any) -> Osr:
        settings = {"identity": identity, "api_key": API_KEY, "retry": oso.Retry(attempts=1), "deadline": 10}
        return Osr(HOST, **{**settings, **options})

    return make
