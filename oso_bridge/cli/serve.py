"""``oso-bridge serve``: answer other systems, until it is interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import las_settings, serve_uwlr, serving
from oso_bridge.cli.output import note

if TYPE_CHECKING:
    from oso_bridge.exchange import Adres, Bron, Doel, Endpoint, Voorwaarden, Wire
    from oso_bridge.exchange.endpoint import Toegang

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.callback()
def _root() -> None:
    """Answer other systems, over the OSO exchange or by UWLR."""


@app.command("las", help="Answer as the system of a school: requests for dossiers, notifications and feedback.")
def las(
    config: Annotated[Path, typer.Option("--config", help="The settings, see docs/exchange.md.", show_default=False)],
    check: Annotated[bool, typer.Option("--check", help="Look whether the settings are good, and stop.")] = False,
) -> None:
    """Serve the endpoint of a school."""
    from oso_bridge.cli import settings

    server = _server(settings.read(config))
    if check:
        note("The settings are good.")
        return
    serving.listen(server)
    serving.run(server)


@app.command("simulator", help="Answer as a Traffic Center, a test school and a samenwerkingsverband, for tests.")
def simulator(
    config: Annotated[
        Path | None, typer.Option("--config", help="The settings, see docs/simulator.md.", show_default=False)
    ] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="The port; 0 for any.")] = None,
    transcript: Annotated[
        Path | None, typer.Option("--transcript", metavar="FOLDER", help="Where the transcript goes at the end.")
    ] = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Keep numbers, keys and dossiers in the transcript.")
    ] = False,
) -> None:
    """Serve the simulator; without settings on this machine only, without TLS."""
    from oso_bridge.cli.simulator import serve

    serve(config, port, transcript, show_values)


app.command("uwlr", help="Answer as the administration of a school: requests for pupil data, and results.")(
    serve_uwlr.command
)


def _server(settings: dict[str, Any]) -> Any:
    from oso_bridge.exchange.server import make_server, oin_of
    from oso_bridge.exchange.wsgi import Application

    server = settings["server"]
    context = serving.context(settings)
    application = Application(_endpoint(settings, context is not None), oin=oin_of, path=server.get("pad", ""))
    return make_server(
        application,
        server.get("adres", "127.0.0.1"),
        server.get("poort", 8443),
        context=context,
        threads=server.get("draden", 20),
        seconds=server.get("seconden", 60),
    )


def _endpoint(settings: dict[str, Any], tls: bool) -> Endpoint:
    from oso_bridge.exchange import Endpoint

    points = las_settings.points(settings["aanleverpunt"])
    wire = las_settings.wire(settings["draad"])
    bron, doel = _administration(settings["administratie"])
    return Endpoint(
        bron=_bron(settings, wire, points, bron) if bron is not None else None,
        doel=_doel(wire, points, doel) if doel is not None else None,
        toegang=_access(settings, tls),
    )


def _administration(row: dict[str, Any]) -> tuple[Any, Any]:
    """The two sides of the administration: those that are named, or else a file with both."""
    from oso_bridge.exchange import Dossierdoel, Dossierlevering, SqliteBron, SqliteDoel
    from oso_bridge.transports.vault import Vault

    bron = serving.made(row["bron"], Dossierlevering) if "bron" in row else None
    doel = serving.made(row["doel"], Dossierdoel) if "doel" in row else None
    if "bestand" not in row:
        return bron, doel

    vault = Vault.find(row.get("kluis"))
    return bron or SqliteBron(row["bestand"], vault), doel or SqliteDoel(row["bestand"], vault)


def _access(settings: dict[str, Any], tls: bool) -> Toegang:
    """Who may ask: those in the table; without TLS nobody can be told apart, so anyone on this machine."""
    from oso_bridge.exchange.conversation import KENMERK
    from oso_bridge.exchange.endpoint import by_oin, everyone

    allowed: dict[str, list[str]] = settings.get("toegang", {})
    for names in allowed.values():
        for name in names:
            # a delivery point by itself has its school in it
            if name != "*" and not KENMERK.fullmatch(name):
                las_settings.check_brin(name.partition("/")[0], "toegang")
    return by_oin(allowed) if tls else everyone


def _bron(settings: dict[str, Any], wire: Wire, points: list[Adres], administration: Any) -> Bron:
    from oso_bridge.exchange import Bron, Bronsysteem

    line, keys = las_settings.line(settings), las_settings.keys(settings["sleutels"])
    system = Bronsysteem(
        wire, points[0], verkeerscentrum=line(settings["verkeerscentrum"]["url"]), lijn=line, sleutels=keys
    )
    return Bron(system, administration, aanleverpunten=points, voorwaarden=_conditions(settings.get("voorwaarden", {})))


def _doel(wire: Wire, points: list[Adres], administration: Any) -> Doel:
    from oso_bridge.exchange import Doel

    return Doel(wire, administration, aanleverpunten=points)


def _conditions(row: dict[str, Any]) -> Voorwaarden:
    from oso_bridge.exchange import Voorwaarden

    return Voorwaarden(**row)
