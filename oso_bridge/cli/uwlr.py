"""``oso-bridge uwlr``: ask a school administration for pupil data, or bring it results."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from oso_bridge.cli import dossiers, inputs, lines, options, output, wording
from oso_bridge.errors import DocumentError, TransportError, UsageError, choose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_bridge.document import Document
    from oso_bridge.exchange.uwlr import Antwoord, Client, Schoolid
    from oso_bridge.model.base import Geheel

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)

_Url = Annotated[str, typer.Option("--url", help="The address of the other side, https://...", show_default=False)]
_Code = Annotated[str, typer.Option("--client-code", help="Our klantcode there.", show_default=False)]
_Name = Annotated[str, typer.Option("--client-name", help="Our klantnaam there.", show_default=False)]
_KeyFile = Annotated[
    Path | None,
    typer.Option("--key-file", metavar="FILE", help="The key of the school stands in this file; else on stdin."),
]
_Insecure = Annotated[
    bool, typer.Option("--insecure", help="Take http:// as well, to this very machine only; for tests.")
]
_Release = Annotated[str, typer.Option("--release", help="The release that is spoken.")]

_FORMATS = ("xml", "json")
_OPTIONS = {**wording.OPTIONS, "insecure=True": "--insecure", "url=": "--url "}
_SCHOOL = re.compile(r"([0-9A-Z]{4})/?([0-9]{2})?", re.ASCII)
_YEAR = re.compile(r"[0-9]{4}-[0-9]{4}", re.ASCII)
_WORDS = {
    "nl": {
        "gegevens": "Er kwamen leerlinggegevens.",
        "geenwijzigingen": "Sinds dat moment is er niets gewijzigd; er is niets geschreven.",
        "geengegevens": "Voor deze school en dit schooljaar zijn er geen gegevens; er is niets geschreven.",
        "accepted": "De resultaten zijn aangenomen.",
        "refused": "De andere kant weigert.",
        "failed": "Er kwam geen antwoord dat te gebruiken is.",
    },
    "en": {
        "gegevens": "Pupil data came.",
        "geenwijzigingen": "Nothing changed since that moment; nothing was written.",
        "geengegevens": "There are no data for this school and school year; nothing was written.",
        "accepted": "The results were accepted.",
        "refused": "The other side refuses.",
        "failed": "There was no answer that can be used.",
    },
}


@app.callback()
def _root() -> None:
    """Ask a school administration for pupil data, or bring it results, by UWLR."""


@app.command()
def fetch(
    url: _Url,
    client_code: _Code,
    client_name: _Name,
    year: Annotated[str, typer.Option("--year", help="The school year, such as 2024-2025.", show_default=False)],
    target: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where the data go; .json gets JSON.")],
    school: Annotated[str, typer.Option("--school", help="The brincode, such as 00AA or 00AA/01.")] = "",
    school_key: Annotated[str, typer.Option("--school-key", help="Or what the parties call the school.")] = "",
    field_set: Annotated[str, typer.Option("--set", help="The field set, as agreed upon, such as smalle-set.")] = "",
    since: Annotated[
        str | None, typer.Option("--since", metavar="MOMENT", help="The moment of the data that are here already.")
    ] = None,
    staged: Annotated[bool, typer.Option("--staged", help="Ask in steps: groups, pupils, staff.")] = False,
    form: Annotated[str | None, typer.Option("--format", "-f", help="xml, or json of the model.")] = None,
    key_file: _KeyFile = None,
    identity: lines.IdentityFile = None,
    identity_key: lines.IdentityKey = None,
    identity_password: lines.IdentityPassword = None,
    roots: lines.Roots = None,
    crls: lines.Crls = None,
    insecure: _Insecure = False,
    release: _Release = "uwlr/2.2",
    deadline: lines.Deadline = 60.0,
    as_json: options.Json = False,
    lang: options.Language = "nl",
) -> None:
    """Fetch the pupil data of a school.

    The key of the school comes from standard input or --key-file. The data go to a file that only its owner reads;
    standard error tells of their check, standard output what came of it. Exit code 1 when the other side refuses, has
    no data, or the data have errors; they are then written all the same.
    """
    from oso_bridge.exchange.uwlr import Verzoek

    words, form, release = _words(lang), _form(form, target), _release_of(release)
    sinds = options.moment(since, "--since", zone=False)
    question = Verzoek(_school(school, school_key), _year(year), field_set, sinds)
    more = lines.trust(identity, identity_key, identity_password, roots, crls)

    def ask(client: Client) -> dict[str, Any]:
        answer = client.getrapt(question) if staged else client.leerlinggegevens(question)
        return _answered(answer, target, form, lang)

    with _client(url, (client_code, client_name), key_file, release, deadline, insecure, more) as client:
        told = _asked(client, ask)
    _leave(told, words, as_json, lang)


@app.command()
def bring(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Results as XML, or as JSON of the model; - for standard input.")
    ],
    url: _Url,
    client_code: _Code,
    client_name: _Name,
    key_file: _KeyFile = None,
    identity: lines.IdentityFile = None,
    identity_key: lines.IdentityKey = None,
    identity_password: lines.IdentityPassword = None,
    roots: lines.Roots = None,
    crls: lines.Crls = None,
    insecure: _Insecure = False,
    release: _Release = "uwlr/2.2",
    deadline: lines.Deadline = 60.0,
    as_json: options.Json = False,
    lang: options.Language = "nl",
) -> None:
    """Bring results to a school administration.

    They are checked first, and do not leave when that finds errors. The key of the school comes from standard input or
    --key-file. Exit code 1 when they did not leave, or the other side does not take them.
    """
    if file == inputs.STDIN and key_file is None:
        raise UsageError("Standard input can be read once only.", remedy="Give the key with --key-file.")
    words, release = _words(lang), _release_of(release)
    results = _results(file, release, lang)
    more = lines.trust(identity, identity_key, identity_password, roots, crls)

    def take(client: Client) -> dict[str, Any]:
        client.breng(results)
        return {"result": "accepted", "exit_code": 0}

    with _client(url, (client_code, client_name), key_file, release, deadline, insecure, more) as client:
        told = _asked(client, take)
    _leave(told, words, as_json, lang)


@contextmanager
def _client(
    url: str,
    names: tuple[str, str],
    key_file: Path | None,
    release: str,
    deadline: float,
    insecure: bool,
    more: dict[str, Any],
) -> Iterator[Client]:
    """A client of the other side, under our klantcode and klantnaam."""
    from oso_bridge.exchange.uwlr import HERHALEN, Autorisatie, Client
    from oso_bridge.transports.registry import transport

    with wording.telling(_OPTIONS):
        line = transport("http", url=url, insecure=insecure, deadline=deadline, retry=HERHALEN, **more)
    with line:
        key = inputs.secret(key_file, "autorisatiesleutel", "--key-file")
        yield Client(line, Autorisatie(*names, key), release=release)


def _asked(client: Client, ask: Callable[[Client], dict[str, Any]]) -> dict[str, Any]:
    """What came of a question, also when it is a refusal or nothing at all."""
    from oso_bridge.exchange.uwlr import UwlrFault

    try:
        return ask(client)
    except UwlrFault as fault:
        texts = {lang: fault.text(lang) for lang in _WORDS}
        remedies = {lang: fault.advice(lang) for lang in _WORDS}
        told = {"code": fault.code, "text": texts, "remedy": remedies, "retryable": fault.retryable}
        return {"result": "refused", "fault": told, "exit_code": 1}
    except TransportError as error:
        why = wording.retold(str(error), _OPTIONS)
        return {"result": "failed", "reason": why, "sent": error.sent, "exit_code": 1}
    except DocumentError as error:
        return {"result": "failed", "reason": str(error), "sent": "yes", "exit_code": 1}


def _answered(answer: Antwoord, target: Path, form: str, lang: str) -> dict[str, Any]:
    """Write the data, tell of their check, and give the account."""
    from oso_bridge.render import json, text

    if answer.soort != "gegevens":
        return {"result": answer.soort, "exit_code": 0 if answer.soort == "geenwijzigingen" else 1}
    content = json.dump(dossiers.dump(answer.administratie)).encode() if form == "json" else answer.xml
    output.save(target, content)
    report = {**answer.rapport.to_dict(), "source": str(target)}
    output.complain(text.render([report], lang))
    moment = answer.moment.isoformat() if answer.moment else None
    told = {"file": str(target), "format": form, "moment": moment, "ok": report["ok"]}
    return {"result": answer.soort, **told, "exit_code": report["exit_code"]}


def _results(file: str, release: str, lang: str) -> Document:
    """The results in a file, as the message that leaves.

    Raises:
        typer.Exit: They are not good; why stands on standard error.
        UsageError: It holds something else.
    """
    import oso_bridge as oso
    from oso_bridge.cli import write
    from oso_bridge.model import Leerresultaten

    content = dossiers.load(file)
    whole = _in_xml(file, content) if dossiers.is_xml(content) else dossiers.parse_whole(file, content, lang)
    if whole is not None and not isinstance(whole, Leerresultaten):
        raise UsageError("This file holds no Leerresultaten.", where=file)
    xml = write.xml_of(whole, release, file, lang) if whole is not None else None
    if xml is None:
        raise typer.Exit(1)
    return oso.read(xml, release=release)


def _in_xml(file: str, content: bytes) -> Geheel:
    """What XML holds; only that of results is looked at.

    Raises:
        UsageError: Its root is that of something else.
    """
    import oso_bridge as oso
    from oso_bridge.binding import model_of
    from oso_bridge.model import Leerresultaten

    with inputs.told_of(file):
        document = oso.read(content)
    if model_of(document.release, document.root) is not Leerresultaten:
        raise UsageError("This file holds no Leerresultaten.", where=file)
    return document.leerresultaten()


def _leave(told: dict[str, Any], words: dict[str, str], as_json: bool, lang: str) -> None:
    """Write the account, and leave with its exit code."""
    from oso_bridge.render import json

    texts = {one: _WORDS[one][told["result"]] for one in _WORDS}
    fault = told.get("fault")
    rows = [f"{told['result']}: {words[told['result']]}"]
    if fault:
        rows.append(f"{fault['code']}: {fault['text'][lang]} {fault['remedy'][lang]}")
    rows += [f"{name}: {told[name]}" for name in ("reason", "sent", "file", "moment") if told.get(name)]
    account = {"result": told["result"], "text": texts, **told}
    output.write(json.dump(account) if as_json else "".join(f"{row}\n" for row in rows))
    raise typer.Exit(told["exit_code"])


def _words(lang: str) -> dict[str, str]:
    from oso_bridge.render.words import check_language

    check_language(lang)
    return _WORDS[lang]


def _release_of(given: str) -> str:
    """The release that is spoken.

    Raises:
        UsageError: It is not installed, or not one of UWLR.
    """
    from oso_bridge.releases import release

    found = release(given)
    if found.format != "uwlr":
        raise UsageError(f"{found.id} is not a release of UWLR.", remedy="Such as uwlr/2.2.")
    return found.id


def _form(given: str | None, target: Path) -> str:
    """What the data are written as; the suffix says it when the user does not.

    Raises:
        UsageError: There is no such form, or no such folder.
    """
    if target.is_dir() or not target.absolute().parent.is_dir():
        # said before anything is asked for
        raise UsageError("--output takes a file, in a folder that is there.", where=str(target))
    form = given or ("json" if target.suffix.lower() == ".json" else "xml")
    if form not in _FORMATS:
        raise UsageError("--format is xml or json.", remedy=choose(form, _FORMATS))
    return form


def _school(school: str, key: str) -> Schoolid:
    """The school that is asked about.

    Raises:
        UsageError: Not exactly one way to name it is used, or it is no brincode.
    """
    from oso_bridge import identifiers
    from oso_bridge.exchange.uwlr import Schoolid

    if bool(school) == bool(key):
        raise UsageError("Name the school with --school or with --school-key.")
    if key:
        return Schoolid(schoolkey=key)
    found = _SCHOOL.fullmatch(school)
    if found is None or not identifiers.brin.is_valid(found[1]):
        raise UsageError("--school takes a brincode, such as 00AA, or with its dependancecode 00AA/01.")
    return Schoolid(found[1], found[2] or "")


def _year(given: str) -> str:
    """The school year.

    Raises:
        UsageError: It is none.
    """
    if not _YEAR.fullmatch(given) or int(given[5:]) != int(given[:4]) + 1:
        raise UsageError("--year takes a school year, such as 2024-2025.")
    return given
