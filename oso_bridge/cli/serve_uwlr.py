"""``oso-bridge serve uwlr``: answer as the administration of a school, until it is interrupted."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import las_settings, serving
from oso_bridge.cli.output import note
from oso_bridge.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oso_bridge.exchange.uwlr import EdexBron, Klanten, Schoolgegevens, Schoolid

_TEST = "proef"


def command(
    edex: Annotated[
        Path | None, typer.Argument(help="The administration: a file of EDEXML.", show_default=False)
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="The settings, see docs/uwlr-services.md; without it for a test here."),
    ] = None,
    results: Annotated[
        Path | None, typer.Option("--results", help="The folder for results; without it none are taken.")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="The port; 0 for any.")] = None,
    key_env: Annotated[
        str | None, typer.Option("--key-env", help="Without --config: the environment variable with the key.")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Look whether the settings are good, and stop.")] = False,
) -> None:
    """Answer requests for pupil data out of a file of EDEXML, and take results.

    Without --config one application is let in, on this machine only: klantcode and klantnaam are proef, and the key is
    shown at the start.
    """
    settings = _read(config) if config else _for_a_test(key_env)
    if port is not None:
        settings["server"]["poort"] = port
    server = _server(settings, _administration(settings, edex, results))
    if check:
        note("The settings are good.")
        return
    serving.listen(server)
    serving.run(server)


def _read(config: Path) -> dict[str, Any]:
    from oso_bridge.cli.settings import Uwlr, read

    return read(config, Uwlr, "docs/uwlr-services.md")


def _for_a_test(key_env: str | None) -> dict[str, Any]:
    """Settings for one application on this machine."""
    klant: dict[str, Any] = {"code": _TEST, "naam": _TEST, "veldsets": ["smalle-set", "lvs-set"]}
    if key_env:
        klant["sleutel"] = [{"env": key_env}]
    return {"server": {"zonder_tls": True}, "klant": [klant]}


def _administration(settings: dict[str, Any], edex: Path | None, results: Path | None) -> Schoolgegevens:
    """The administration: the file, or what the settings name.

    Raises:
        UsageError: Neither or both are given.
    """
    named = settings.get("administratie", {}).get("bron")
    if (edex is None) == (named is None):
        raise UsageError("Name one administration: a file of EDEXML, or bron in the settings.")
    if edex is None:
        from oso_bridge.exchange.uwlr import Schoolgegevens

        if results is not None:
            raise UsageError("--results goes with a file of EDEXML.", remedy="Results go to ontvang of your own bron.")
        made: Schoolgegevens = serving.made(named, Schoolgegevens)
        return made
    return _file(edex, results)


def _file(edex: Path, results: Path | None) -> EdexBron:
    from oso_bridge.exchange.uwlr import EdexBron, Resultatenmap

    bron = EdexBron(edex, resultaten=Resultatenmap(results) if results else None)
    for loss in bron.verliezen:
        note(f"UWLR has no place for {loss.path}; it stays behind.")
    if results is None:
        note("Results are refused: name a folder for them with --results.")
    return bron


def _server(settings: dict[str, Any], bron: Schoolgegevens) -> Any:
    from oso_bridge.exchange.server import make_server, oin_of
    from oso_bridge.exchange.uwlr import Application, Endpoint
    from oso_bridge.xml.limits import DEFAULT

    server = settings["server"]
    clients = _clients(settings["klant"], bron)
    allowed = {row["oin"]: ["*"] for row in settings["klant"] if "oin" in row}
    context = serving.context({**settings, "toegang": allowed})
    if context is None and allowed:
        raise UsageError("Without TLS nobody shows an oin.", remedy="Leave oin out of klant, or give a table tls.")
    versions = settings.get("administratie", {}).get("versies", ["uwlr/2.2"])
    application = Application(
        Endpoint(bron, clients, versies=versions), oin=oin_of, url=server.get("url", ""), path=server.get("pad", "")
    )
    return make_server(
        application,
        server.get("adres", "127.0.0.1"),
        server.get("poort", 8080 if context is None else 8443),
        context=context,
        threads=server.get("draden", 20),
        seconds=server.get("seconden", 60),
        max_bytes=DEFAULT.max_bytes,
    )


def _clients(rows: list[dict[str, Any]], bron: Schoolgegevens) -> Klanten:
    from oso_bridge.exchange.uwlr import Klant, Klanten

    made = []
    for row in rows:
        sets = tuple(row.get("veldsets", ["smalle-set"]))
        made.append((Klant(row["code"], row["naam"], sets, row.get("oin", "")), _keys(row, bron)))
    return Klanten(made)


def _keys(row: dict[str, Any], bron: Schoolgegevens) -> Mapping[str, list[Schoolid]]:
    """The keys of an application, out of the environment, with the schools that they open."""
    found: dict[str, list[Schoolid]] = {}
    for key in row.get("sleutel", [{}]):
        found.setdefault(_key(key.get("env")), []).append(_school(key, bron))
    return found


def _key(name: str | None) -> str:
    """A key; for a test one that is made up and shown.

    Raises:
        UsageError: The variable is not there.
    """
    if name is None:
        import secrets

        made = secrets.token_urlsafe(24)
        note(f"For this run: klantcode {_TEST}, klantnaam {_TEST}, autorisatiesleutel {made}")
        return made
    key = os.environ.get(name, "")
    if not key:
        raise UsageError(f"The environment variable {name} holds no key.")
    return key


def _school(row: dict[str, Any], bron: Schoolgegevens) -> Schoolid:
    """The school that a key opens; that of the file when none is named.

    Raises:
        DataError: None is named and there is no file, or it is no brincode: the key would open nothing.
    """
    from oso_bridge.exchange.uwlr import EdexBron, Schoolid

    found = Schoolid(*(str(row.get(name, "")) for name in ("brincode", "dependancecode", "schoolkey")))
    if found == Schoolid() and isinstance(bron, EdexBron):
        return bron.school
    if found.brincode:
        las_settings.check_brin(found.brincode, "klant.sleutel")
    elif not found.schoolkey:
        raise DataError("In the settings, klant.sleutel names no school.", remedy="Give brincode or schoolkey.")
    return found
