"""Opens the stage for UWLR."""

from __future__ import annotations

from dataclasses import replace

from oso_bridge.errors import UsageError
from oso_bridge.testing.kit import tls
from oso_bridge.testing.kit.stage import Options
from oso_bridge.testing.kit.uwlr_settings import settings
from oso_bridge.testing.kit.uwlr_stage import UwlrStage

SERVICES = ("leerlinggegevens", "getrapt", "resultaten")


def open_stage(options: Options) -> UwlrStage:
    """The stage for an endpoint.

    Args:
        options: What the user asked for.

    Raises:
        UsageError: An address or a setting cannot be used, or a WSDL is not there.
        IdentityError: The identity cannot be used.
    """
    chosen = settings(options.settings)
    for path in options.wsdl:
        if not path.is_file():
            raise UsageError("There is no such WSDL.", where=str(path))
    callers = {
        service: tls.caller(
            replace(options, endpoint=chosen.address(options.endpoint, service)), seconds=chosen.seconds
        )
        for service in SERVICES
    }
    return UwlrStage(chosen, callers, wsdl=options.wsdl, show_values=options.show_values)
