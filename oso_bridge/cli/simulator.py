"""``oso-bridge serve simulator``: the other side of the exchange, see :mod:`oso_bridge.testing.simulator`."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oso_bridge.cli import serving
from oso_bridge.cli.output import note

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso_bridge.parcels import Transport
    from oso_bridge.testing.simulator import Punt, Simulator
    from oso_bridge.testing.simulator.faults import Faults

_LOCAL: dict[str, Any] = {"server": {"zonder_tls": True}}
_PORT = 8444


def serve(config: Path | None, port: int | None, transcript: Path | None, show_values: bool) -> None:
    """Serve the simulator until it is interrupted.

    Args:
        config: The settings; without them it listens on this machine only, without TLS.
        port: The port, in the place of that of the settings; 0 for any.
        transcript: The folder that the transcript is written to at the end.
        show_values: Keep values in the transcript.
    """
    from oso_bridge.exchange.server import make_server

    settings = _read(config) if config else _LOCAL
    context = serving.context(settings)
    simulator, server = _simulator(settings, context is not None, show_values), settings["server"]
    chosen = port if port is not None else server.get("poort", _PORT)
    options = {"threads": server.get("draden", 20), "seconds": server.get("seconden", 120)}
    made = make_server(simulator, server.get("adres", "127.0.0.1"), chosen, context=context, **options)
    host, bound = serving.listen(made)
    simulator.listens(f"{'https' if context else 'http'}://{host}:{bound}{server.get('pad', '')}")
    foreign = _foreign(settings, simulator) if "vreemd" in settings else None
    try:
        serving.run(made)
    finally:
        if foreign is not None:
            foreign.stop()
        simulator.close()
        if transcript is not None:
            simulator.transcript.save(transcript)
            note(f"The transcript is in {transcript}.")


def _read(config: Path) -> dict[str, Any]:
    from oso_bridge.cli.settings import Simulator, read

    return read(config, Simulator, "docs/simulator.md")


def _simulator(settings: dict[str, Any], tls: bool, show_values: bool) -> Simulator:
    from oso_bridge.exchange.server import oin_of
    from oso_bridge.testing.simulator import Simulator
    from oso_bridge.testing.simulator.application import SCHOOL, SWV

    answers, keys = settings.get("antwoorden", {}), settings.get("sleutels", {})
    return Simulator(
        [_point(row) for row in settings.get("aanleverpunt", [])],
        lijn=_line(settings, tls),
        school=_point(settings["school"]) if "school" in settings else SCHOOL,
        swv=_point({"doel": "SWV", "sector": "SWV", **settings["swv"]}) if "swv" in settings else SWV,
        embedding=answers.get("inbedding", "xml"),
        seconds=answers.get("sessie_seconden", 3600),
        faults=_faults(settings),
        show_values=show_values,
        oin=oin_of,
        **{name: serving.load(value) for name, value in keys.items()},
    )


def _point(row: dict[str, Any]) -> Punt:
    from oso_bridge.testing.simulator import Punt

    named = {("adres" if name == "kenmerk" else name): str(value) for name, value in row.items()}
    return Punt(**named)


def _line(settings: dict[str, Any], tls: bool) -> Callable[[str], Transport] | None:
    """What calls others: with a certificate when there is one, without TLS when we have none ourselves."""
    from oso_bridge.transports import transport

    if "client" in settings:
        return serving.https(settings["client"], 20)
    return None if tls else lambda url: transport("http", url=url, insecure=True, deadline=20)


def _faults(settings: dict[str, Any]) -> Faults:
    from oso_bridge.testing.simulator import faults

    row = settings.get("fouten", {})
    made = faults.Faults(
        chance=row.get("kans", 0.0),
        seed=row.get("zaad", 0),
        kinds=row.get("soorten", ()),
        messages=row.get("berichten", ()),
        seconds=row.get("seconden", 30.0),
    )
    return faults.of_rows(settings.get("fout", []), made)


def _foreign(settings: dict[str, Any], simulator: Simulator) -> Any:
    """A second server with a certificate that the others do not trust, for the fault ``certificaat``."""
    from oso_bridge.exchange.server import make_server

    files = {name: value for name, value in settings["vreemd"].items() if name != "poort"}
    context = serving.identity(files, settings.get("toegang", {})).server_context()
    made = make_server(simulator, "127.0.0.1", settings["vreemd"].get("poort", 0), context=context)
    _, bound = serving.listen(made)
    simulator.foreign = f"https://127.0.0.1:{bound}"
    threading.Thread(target=made.serve, daemon=True).start()
    return made
