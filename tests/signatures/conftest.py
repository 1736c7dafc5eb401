"""One set of parties for all tests of a session: keys are made once."""

from __future__ import annotations

import pytest

from oso_bridge.pki import Authority

from .samples import Party


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def party(authority: Authority) -> Party:
    """Who signs with an elliptic curve."""
    return Party(authority)


@pytest.fixture(scope="session")
def rsa_party() -> Party:
    """Who signs with RSA, as PKIoverheid does."""
    return Party(Authority(kind="rsa"))


@pytest.fixture(scope="session")
def stranger() -> Party:
    """Someone under another authority that calls itself the same."""
    return Party(Authority())
