"""Opens the stage of OSO: with what the endpoint is called, and the Traffic Center of the kit that listens."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from oso_bridge.errors import DataError, UsageError
from oso_bridge.exchange.server import oin_of
from oso_bridge.identity import Identity, Trust
from oso_bridge.identity import tls as identity_tls
from oso_bridge.parcels import Transport
from oso_bridge.pki import Authority
from oso_bridge.testing.kit import tls
from oso_bridge.testing.kit.calling import Caller, HttpCaller
from oso_bridge.testing.kit.oso_layout import Layout
from oso_bridge.testing.kit.oso_plan import Centre, Keys, Plan, read
from oso_bridge.testing.kit.oso_stage import OsoStage, Tls
from oso_bridge.testing.kit.stage import Options
from oso_bridge.testing.listening import listening
from oso_bridge.testing.simulator import Punt, Simulator
from oso_bridge.transports import transport

_SECONDS = 20.0


def open_stage(options: Options) -> OsoStage:
    """Open the stage, and let the Traffic Center listen.

    Args:
        options: What the user asked for.

    Raises:
        OsoBridgeError: Something in the options or in ``kit.toml`` cannot be used.
        OSError: A file cannot be read, or the port of the Traffic Center is taken.
    """
    plan, centre = read(options.settings)
    with ExitStack() as held:
        simulator = make_simulator(plan, line=_line(options), show_values=options.show_values)
        held.callback(simulator.close)
        context = _served(centre, options)
        _listen(held, simulator, centre, context, chosen="poort" in options.settings.get("verkeerscentrum", {}))
        know(simulator, plan, options.endpoint)
        layout, secured = Layout(options.wsdl), _tls(plan, options, held)
        callers = _callers(plan, options)
        prepared = bool({"oso", "verkeerscentrum"} & set(options.settings))
        close = held.pop_all().close
        return OsoStage(plan, callers, simulator, layout=layout, tls=secured, prepared=prepared, close=close)


def _listen(
    held: ExitStack, simulator: Simulator, centre: Centre, context: ssl.SSLContext | None, *, chosen: bool
) -> None:
    """Let the Traffic Center listen until the stage is closed; at any port when its own is taken and not chosen."""
    try:
        held.enter_context(listening(simulator, centre.adres, centre.poort, context=context, path=centre.pad))
    except OSError:
        if not chosen and centre.poort:
            return _listen(held, simulator, centre.model_copy(update={"poort": 0}), context, chosen=chosen)
        raise UsageError(
            f"The Traffic Center of the kit cannot listen at {centre.adres} port {centre.poort}.",
            remedy="Choose another poort under verkeerscentrum in kit.toml, and tell your system.",
        ) from None


def make_simulator(
    plan: Plan, *, line: Callable[[str], Transport] | None = None, show_values: bool = False
) -> Simulator:
    """The Traffic Center of the kit, with the school and the samenwerkingsverband that are its own.

    Args:
        plan: The table ``oso`` of ``kit.toml``.
        line: Opens a transport to the endpoint, for the samenwerkingsverband that fetches what it is notified of.
        show_values: Keep values in the transcript.
    """
    swv = Punt(plan.swv.brin, plan.swv.kenmerk, doel="SWV", sector="SWV")
    compute = keys(plan.sleutels)
    return Simulator(
        swv=swv,
        zoeksleutel=compute[0],
        pgnfrag=compute[1],
        oin=oin_of,
        show_values=show_values,
        lijn=line,
    )


def _line(options: Options) -> Callable[[str], Transport]:
    """What the samenwerkingsverband of the kit calls with: the identity of the kit, when there is one."""
    if options.identity is None:
        return lambda url: transport("http", url=url, insecure=True, deadline=_SECONDS)
    own = tls.identity(options.identity, options)
    return lambda url: transport("http", url=url, identity=own, deadline=_SECONDS)


def know(simulator: Simulator, plan: Plan, endpoint: str) -> None:
    """Tell the Traffic Center of the delivery points in ``kit.toml``, and of the koppelsleutel.

    Args:
        simulator: The Traffic Center; it knows where it listens.
        plan: The table ``oso`` of ``kit.toml``.
        endpoint: The address of the endpoint.
    """
    ours = [plan.vrager, plan.tweede, plan.ander, plan.buur]
    points = [one.at(simulator.url) for one in ours] + [one.at(endpoint) for one in (plan.bron, plan.doel, plan.elders)]
    simulator.verkeer.points |= {(one.brin, one.adres): one for one in points}
    if plan.koppelsleutel:
        simulator.verkeer.link(plan.koppelsleutel, plan.bron.at(endpoint), plan.swv.at(simulator.url))


def keys(told: Keys) -> tuple[Callable[[str], str], Callable[[str], str]]:
    """What computes the zoeksleutel and pgnfrag of a pupil.

    Args:
        told: The table ``sleutels``.

    Raises:
        DataError: A function is not there.
    """
    if told.tabel:
        return (lambda pgn: told.tabel.get(pgn, ("", ""))[0]), (lambda pgn: told.tabel.get(pgn, ("", ""))[1])
    return _function(told.zoeksleutel), _function(told.pgnfrag)


def _function(name: str) -> Callable[[str], str]:
    from importlib import import_module

    module, _, attribute = name.partition(":")
    try:
        found: Callable[[str], str] = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise DataError(f"{name} cannot be loaded: {type(error).__name__}.", remedy="Name it as module:name.") from None
    return found


def _served(centre: Centre, options: Options) -> ssl.SSLContext | None:
    """With what the Traffic Center listens: mutual TLS, or nothing on this machine only."""
    if not centre.certificaat:
        if centre.adres not in tls.LOCAL:
            raise UsageError(
                "Without TLS the Traffic Center of the kit listens on this machine only.",
                remedy="Give certificaat under verkeerscentrum in kit.toml.",
            )
        return None
    roots = options.file(centre.wortels).read_bytes() if centre.wortels else tls.roots(options)
    crls = options.file(centre.crls) if centre.crls else None
    allowed = list(centre.toegang) or (lambda oin: True)
    trust = Trust(roots=roots, crls=crls, allowed_oins=allowed, test=True)
    certificate = options.file(centre.certificaat)
    return Identity(certificate, roots=roots, purpose="server", trust=trust, check="warn").server_context()


def _callers(plan: Plan, options: Options) -> dict[str, Caller]:
    """What calls the endpoint, by who the caller is."""
    found: dict[str, Caller] = {"kit": tls.caller(options, seconds=plan.seconden)}
    if plan.ander_certificaat and options.endpoint.startswith("https:"):
        other = tls.identity(options.file(plan.ander_certificaat), options).client_context()
        found["ander"] = HttpCaller(options.endpoint, context=other, seconds=plan.seconden)
    return found


def _tls(plan: Plan, options: Options, held: ExitStack) -> Tls | None:
    """What scenarios of TLS need; a stranger is made for the occasion."""
    if urlsplit(options.endpoint).scheme != "https" or options.identity is None:
        return None
    foreign = Path(held.enter_context(tempfile.TemporaryDirectory())) / "vreemd.pem"
    foreign.write_bytes(Authority().issue("client", name="vreemd").pem())
    expired = options.file(plan.verlopen_certificaat) if plan.verlopen_certificaat else None

    def context(path: Path | None) -> ssl.SSLContext:
        if path is None:
            return identity_tls.client_context(Trust(roots=tls.roots(options), crls=None, test=True))
        return tls.identity(path, options).client_context()

    return Tls(options.endpoint, context, options.identity, foreign, expired)
