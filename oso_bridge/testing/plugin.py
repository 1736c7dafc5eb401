"""The pytest plug-in: ``oso_check``, ``oso_simulator`` and the kit; loaded by the entry point group ``pytest11``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_bridge.testing.checker import Checker
    from oso_bridge.testing.simulator import Simulator


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the kit."""
    group = parser.getgroup("oso-bridge", "oso-bridge: the kit for endpoints of OSO and UWLR")
    add, path = group.addoption, {"type": Path, "metavar": "FILE", "default": None}
    add("--oso-endpoint", metavar="URL", help="Test the endpoint at this address; without paths nothing else is run.")
    add("--oso-identity", help="PEM or PKCS#12 with the certificate and key that the kit calls with.", **path)
    add("--oso-roots", help="The roots of the endpoint's certificate; default: those in the identity.", **path)
    add("--oso-wsdl", action="append", help="An official WSDL or XSD; may be repeated.", **{**path, "default": []})
    add("--oso-kind", choices=("oso", "uwlr"), help="What the endpoint speaks; default: found out.")
    add("--oso-kit", help="kit.toml, the settings: oso-bridge kit prepare writes one.", **path)
    add("--oso-report", help="Write kit.html, kit.json, junit.xml and a transcript.", **{**path, "metavar": "FOLDER"})
    add("--oso-scenarios", action="append", default=[], metavar="IDS", help="Only these: ids, or what they begin with.")
    add(
        "--oso-strict",
        action="store_true",
        help="Unclear or not run counts as failed, unless kit.toml leaves it out.",
    )
    add("--oso-show-values", action="store_true", help="Keep numbers, keys and dossiers in the transcript.")
    add("--oso-lang", choices=("nl", "en"), default="nl", help="The language of the kit (default: nl).")


def pytest_configure(config: pytest.Config) -> None:
    """Begin the kit, when an endpoint is given."""
    if config.getoption("--oso-endpoint"):
        # pytest loads every plug-in at its start: the kit is loaded when it is asked for
        from oso_bridge.testing.kit.collect import Kit

        config.pluginmanager.register(Kit(config), "oso-bridge-kit")


@pytest.fixture
def oso_check() -> Checker:
    """Checks a document, and fails the test with the findings when it is not as expected."""
    # pytest loads every plug-in at its start: the package itself is loaded when a test asks for it
    from oso_bridge.testing.checker import Checker

    return Checker()


@pytest.fixture
def oso_simulator() -> Iterator[Simulator]:
    """A simulator that listens at ``oso_simulator.url`` on this machine, without TLS; needs ``oso-bridge[serve]``."""
    from oso_bridge.testing.listening import listening
    from oso_bridge.testing.simulator import Simulator
    from oso_bridge.transports import transport

    with listening(Simulator(lijn=lambda url: transport("http", url=url, insecure=True, deadline=10))) as simulator:
        yield simulator
