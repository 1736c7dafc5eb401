"""``oso-bridge osr``: mandates, endpoints and schools in the OSR."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import lines, options, output
from oso_bridge.errors import TransportError, UsageError

if TYPE_CHECKING:
    from oso_bridge.exchange.osr import Osr

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)

_Namespace = Annotated[str, typer.Option("--namespace", help="The namespace of the version of the service.")]
_Day = Annotated[
    datetime | None, typer.Option("--date", formats=["%Y-%m-%d"], help="The day that is asked about; by default today.")
]
_ApiKey = Annotated[
    str | None, typer.Option("--api-key-env", metavar="NAME", help="The environment variable with the API key.")
]
_ApiKeyHeader = Annotated[
    str | None, typer.Option("--api-key-header", metavar="NAME", help="The header that the API key goes in.")
]
_ShowToken = Annotated[bool, typer.Option("--show-token", help="Show the token of the mandate; it is a secret.")]
_WORDS = {
    "nl": {"none": "Niets gevonden.", "around": "Om de lijst heen staat ook {names}: er kan meer zijn dan dit."},
    "en": {"none": "Nothing was found.", "around": "Round the list stands {names} as well: there may be more."},
}


@app.callback()
def _root(
    ctx: typer.Context,
    url: Annotated[
        str | None, typer.Option("--url", help="The host of the OSR, such as https://osr-sb.kennisnet.nl.")
    ] = None,
    identity: lines.IdentityFile = None,
    identity_key: lines.IdentityKey = None,
    identity_password: lines.IdentityPassword = None,
    roots: lines.Roots = None,
    crls: lines.Crls = None,
    api_key: _ApiKey = None,
    api_key_header: _ApiKeyHeader = None,
    version: Annotated[str, typer.Option("--osr-version", help="The version of the OSR: V2 or V3.")] = "V2",
    deadline: lines.Deadline = 60.0,
) -> None:
    """Ask the OSR for mandates, endpoints and schools.

    Provisional: never tried against the OSR itself. The options of the connection stand before the question. Names and
    values are those of the OSR. Exit code 1 when it refuses, does not answer, or has no such thing.
    """

    def connect() -> Osr:
        from oso_bridge.exchange.osr import API_KEY_HEADER, Osr

        if url is None or identity is None:
            raise UsageError("Give --url and --identity, before the question.")
        return Osr(
            url,
            identity=lines.identity(identity, identity_key, identity_password, roots, crls),
            api_key=None if api_key is None else lines.variable(api_key),
            api_key_header=api_key_header or API_KEY_HEADER,
            version=version,
            deadline=deadline,
        )

    ctx.obj = connect


@app.command()
def endpoints(
    ctx: typer.Context,
    namespace: _Namespace,
    school_oin: Annotated[str | None, typer.Option("--school-oin", help="The OIN of the school.")] = None,
    routing_id: Annotated[str | None, typer.Option("--routing-id", help="Or the routeringskenmerk.")] = None,
    attributes: Annotated[
        list[str] | None, typer.Option("--attribute", help="Only those with this, such as LAS; may be repeated.")
    ] = None,
    day: _Day = None,
    future: Annotated[bool, typer.Option("--future", help="Those that begin later as well.")] = False,
    as_json: options.Json = False,
    lang: options.Language = "nl",
) -> None:
    """The addresses of a school, or of a routeringskenmerk."""
    _answer(
        ctx.obj,
        lambda osr: osr.endpoints(
            namespace,
            school_oin=school_oin,
            routing_id=routing_id,
            attributes=attributes or (),
            reference_date=day,
            include_future=future,
        ),
        as_json,
        lang,
    )


@app.command()
def mandates(
    ctx: typer.Context,
    namespace: _Namespace,
    supplier_oin: Annotated[str, typer.Option("--supplier-oin", help="The OIN of the supplier.")],
    school_oin: Annotated[str, typer.Option("--school-oin", help="The OIN of the school.")],
    day: _Day = None,
    show_token: _ShowToken = False,
    as_json: options.Json = False,
    lang: options.Language = "nl",
) -> None:
    """The mandate of a school for a supplier; needs --api-key-env."""
    _answer(
        ctx.obj,
        lambda osr: [osr.mandates(supplier_oin, school_oin, namespace, day)],
        as_json,
        lang,
        show_token,
    )


@app.command("school-mandates")
def school_mandates(
    ctx: typer.Context,
    service_code: Annotated[str, typer.Option("--service-code", help="The code of the service.")],
    as_json: options.Json = False,
    lang: options.Language = "nl",
) -> None:
    """The mandates that schools gave for a service."""
    _answer(ctx.obj, lambda osr: osr.school_mandates(service_code), as_json, lang)


@app.command()
def schools(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Option("--name", help="The name.")] = None,
    oin: Annotated[str | None, typer.Option("--oin", help="The OIN.")] = None,
    brin: Annotated[str | None, typer.Option("--brin", help="The BRIN, four positions.")] = None,
    oa_id: Annotated[str | None, typer.Option("--oa-id", help="The id of the onderwijsaanbieder.")] = None,
    as_json: options.Json = False,
    lang: options.Language = "nl",
) -> None:
    """Schools by name, OIN, BRIN or the id of their onderwijsaanbieder."""
    _answer(ctx.obj, lambda osr: osr.schools(name, oin, brin, oa_id), as_json, lang)


@app.command()
def services(ctx: typer.Context, as_json: options.Json = False, lang: options.Language = "nl") -> None:
    """The services that schools can give mandates for."""
    _answer(ctx.obj, lambda osr: osr.services(), as_json, lang)


@app.command("service-versions")
def service_versions(ctx: typer.Context, as_json: options.Json = False, lang: options.Language = "nl") -> None:
    """The versions of services, with their namespaces."""
    _answer(ctx.obj, lambda osr: osr.service_versions(), as_json, lang)


def _answer(
    connect: Callable[[], Osr],
    ask: Callable[[Osr], Sequence[Any]],
    as_json: bool,
    lang: str,
    show_token: bool = False,
) -> None:
    """Ask, and write what was found as the OSR said it."""
    from oso_bridge.exchange.osr import OsrError, shown
    from oso_bridge.render import json
    from oso_bridge.render.words import check_language

    check_language(lang)
    try:
        with connect() as osr:
            found = ask(osr)
    except (OsrError, TransportError) as error:
        output.note(str(error))
        raise typer.Exit(1) from None
    rows = [shown(item.wire, token=show_token) for item in found]
    if around := getattr(found, "around", None):
        output.note(_WORDS[lang]["around"].format(names=", ".join(around)))
    if not rows:
        output.note(_WORDS[lang]["none"])
    output.write(json.dump(rows) if as_json else "\n".join("".join(_lines(row)) for row in rows))


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    """One thing as text; what is no text stands as JSON."""
    import json

    from oso_bridge.render.words import one_line

    for name, value in row.items():
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield f"{one_line(name)}: {one_line(told)}\n"
