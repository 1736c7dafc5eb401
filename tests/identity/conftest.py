"""One test authority for all tests of a session: keys are made once."""

from __future__ import annotations

import pytest

from oso_bridge.pki import Authority


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def other() -> Authority:
    """An authority that nobody here trusts; it calls itself the same."""
    return Authority()


@pytest.fixture(scope="session")
def rsa_authority() -> Authority:
    """An authority with RSA keys."""
    return Authority(kind="rsa")
