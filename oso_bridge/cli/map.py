"""``oso-bridge map``: dossiers into tables by a mapping, or tables into dossiers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from oso_bridge.cli import dossiers, inputs, options, output, progress
from oso_bridge.errors import UsageError, WouldLose

if TYPE_CHECKING:
    from oso_bridge.mappings import Mapping, MappingLoss, Preview, Reading, TableWriter
    from oso_bridge.mappings.export import Losses

_Writer = TypeVar("_Writer", bound="TableWriter")

_SAID = {
    "nl": {
        "to": "{count} geschreven naar {target}",
        "read": "{count} gelezen",
        "dry": "Er is niets geschreven.",
        "rows": "{sheet}: {count} rijen",
        "column": "  {column} ({type}) <-> {model}: {count}",
        "none": "Er is niets geschreven: de mapping noemt deze verliezen niet.",
        "groups": "Groepen die leerlingen noemen en de tabel niet beschrijft: {count}. --make-groups maakt ze.",
        "made": "Groepen gemaakt van wat leerlingen noemen, met de sleutel als naam: {count}.",
    },
    "en": {
        "to": "{count} written to {target}",
        "read": "{count} read",
        "dry": "Nothing was written.",
        "rows": "{sheet}: {count} rows",
        "column": "  {column} ({type}) <-> {model}: {count}",
        "none": "Nothing was written: the mapping does not name these losses.",
        "groups": "Groups that pupils name and the table does not describe: {count}. --make-groups makes them.",
        "made": "Groups made of what pupils name, with the key as name: {count}.",
    },
}
MOST_LOSSES = 50
"""More losses than this are counted, not listed."""


def _names(incomplete: str) -> list[str]:
    from oso_bridge.mappings import available

    return [name for name in available() if name.startswith(incomplete)]


def command(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A mapping, or the folder it is in.", autocompletion=_names)
    ],
    source: Annotated[str, typer.Argument(metavar="IN", help="Dossiers, or with --reverse a table.")],
    target: Annotated[
        Path | None, typer.Argument(metavar="OUT", help="The table to write. Reversed: a folder, or a .json file.")
    ] = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="From tables to dossiers.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what goes where, without values; write nothing.")
    ] = False,
    release: Annotated[
        str | None,
        typer.Option("--release", help="Reversed: write XML of this release instead of JSON, such as oso/2019.1."),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", help="Reversed: the encoding of text files; by default what the bytes say."),
    ] = None,
    date_form: Annotated[
        str | None,
        typer.Option("--date-form", help="Reversed: how days are written, such as dd-mm-yyyy; by the mapping."),
    ] = None,
    make_groups: Annotated[
        bool, typer.Option("--make-groups", help="Reversed: make the groups that pupils name and no row describes.")
    ] = False,
    sensitive: Annotated[
        bool, typer.Option("--sensitive", help="Take along what is sensitive: bsn, ethnicity, nationality, weight.")
    ] = False,
    allow_losses: Annotated[
        bool, typer.Option("--allow-losses", help="Write what has a place, and say what has none.")
    ] = False,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Reversed: put the values concerned into the findings.")
    ] = False,
    lang: options.Language = "nl",
) -> None:
    """Turn dossiers into tables by a mapping, or with --reverse tables into dossiers.

    For some mappings it is a pupil administration or results in the place of a dossier: edex2000,
    administratie-csv, leerresultaten-csv. A large file of those is read pupil by pupil, in little memory.

    Tables and dossiers hold personal data; what is said on standard error holds none, unless --show-values asks
    for it. Exit code 1 when something was wrong: a row, a loss that the mapping does not name, a dossier that was
    refused.
    For the mappings there are, a first one of your own and its trial: oso-bridge mapping.
    """
    from oso_bridge.mappings import mapping
    from oso_bridge.render.words import check_language

    check_language(lang)
    chosen = mapping(name)
    if target is None and not dry_run:
        raise UsageError("Name where to write, or give --dry-run.")
    if reverse:
        output.refuse_overwriting([] if target is None else [target], [source, *map(str, chosen.files(source))])
        reading = chosen.stream(source, encoding=encoding, date_form=date_form, show_values=show_values)
        wholes = _with_groups(reading, make_groups, lang)
        code = _reversed(chosen, reading, wholes, None if dry_run else target, release, allow_losses, lang)
    else:
        _refuse_for_tables(release, encoding, date_form, make_groups or None)
        code = _mapped(chosen, source, None if dry_run else target, allow_losses, sensitive, lang)
    if dry_run:
        output.note(_SAID[lang]["dry"])
    raise typer.Exit(code)


def _refuse_for_tables(*given: object) -> None:
    if any(option is not None for option in given):
        raise UsageError(
            "--release, --encoding, --date-form and --make-groups go with --reverse.",
            remedy="The mapping says how tables are written.",
        )


# --- dossiers to tables ---------------------------------------------------------------------------------------------


def _mapped(chosen: Mapping, source: str, target: Path | None, allow_losses: bool, sensitive: bool, lang: str) -> int:
    read = _Models(chosen, source, lang)
    if target is None:
        losses = _told_places(chosen, read, sensitive, lang)
    else:
        output.refuse_overwriting(chosen.files(target), read.files)
        how: Losses = "allow" if allow_losses else "refuse"
        try:
            losses = read.into(lambda: chosen.writer(target, losses=how, sensitive=sensitive)).losses
        except WouldLose as error:
            _tell(error.losses, lang)
            output.note(_SAID[lang]["none"])
            return 1
        output.note(_SAID[lang]["to"].format(count=read.count, target=target))
    _tell(losses, lang)
    return 1 if read.faults or (any(not loss.declared for loss in losses) and not allow_losses) else 0


class _Again(Exception):
    """The rows of a large document have to be taken back: all is written once more, with what is known of it by now."""


class _Models:
    """The dossiers or the like behind an argument, XML or JSON, one after another; what cannot be read is told."""

    def __init__(self, chosen: Mapping, source: str, lang: str) -> None:
        self.chosen, self.model, self.lang = chosen, chosen.model, lang
        self.files = _expanded(source)
        self.faults: list[str] = []
        self.count = 0
        self._whole = set[str]()  # large, and still to be read as a whole
        self._broken = set[str]()  # large, and found broken while its rows were written

    def into(self, target: Callable[[], _Writer]) -> _Writer:
        """Write them all.

        Args:
            target: Makes what they are written into; once more when a document that is read pupil by pupil has to be
                taken back.
        """
        while True:
            self.faults, self.count = sorted(self._broken), 0
            try:
                with target() as table:
                    for file in self.files:
                        self._write(file, table)
                return table
            except _Again:
                continue

    def _write(self, file: Any, table: TableWriter) -> None:
        if file in self._broken:
            return
        if self._is_by_pupil(file):
            self._by_pupil(file, table)
            return
        for model in self._of(file):
            self.count += 1
            table.root(model)

    def _is_by_pupil(self, file: Any) -> bool:
        """Whether a document is large, and can be written pupil by pupil; what is wrong with it is told elsewhere."""
        import oso_bridge as oso
        from oso_bridge import document, sources, streaming
        from oso_bridge.errors import DocumentError

        if self.chosen.layout.main is None or not isinstance(file, str) or file in self._whole:
            return False
        if not sources.is_large(file, document.LARGE) or not streaming.can_stream(file):
            return False
        try:
            return isinstance(next(oso.stream(file)).model(), self.model)
        except (DocumentError, UsageError):
            return False

    def _by_pupil(self, file: str, table: TableWriter) -> None:
        import oso_bridge as oso
        from oso_bridge import sources, streaming
        from oso_bridge.errors import DocumentError
        from oso_bridge.xml.limits import DEFAULT

        try:
            with progress.of_bytes("Mapping") as told:
                streaming.into_table(oso.stream(file, progress=told), table)
        except (DocumentError, UsageError) as error:
            if isinstance(error, UsageError) and not sources.is_large(file, DEFAULT.max_bytes):
                self._whole.add(file)  # its head may not have said all; if that was not it, the whole says so too
            elif isinstance(error, (DocumentError, streaming.HeadChanged)):
                output.note(f"{file}: {error}")
                self._broken.add(file)
            else:
                raise
            raise _Again from None
        self.count += 1

    def _of(self, file: Any) -> list[Any]:
        import oso_bridge as oso
        from oso_bridge import sources
        from oso_bridge.errors import DocumentError
        from oso_bridge.xml.limits import DEFAULT

        name = sources.name_of(file)
        try:
            data = sources.load(file, DEFAULT.max_bytes).data
            read = dossiers.is_xml(data)
            found: list[Any] = (
                dossiers.of_model(oso.read(data), self.model)
                if read
                else dossiers.parse_model(name, data, self.lang, self.model)
            )
        except (DocumentError, UsageError) as error:
            output.note(f"{name}: {error}")
            found = [None]
        self.faults += [name for dossier in found if dossier is None]
        return [dossier for dossier in found if dossier is not None]


def _expanded(source: str) -> list[Any]:
    folder = Path(source)
    if source and folder.is_dir():
        found = sorted(str(path) for path in folder.iterdir() if path.suffix.lower() in (".xml", ".json"))
        if found:
            return found
    return list(inputs.expand([source]))


def _told_places(chosen: Mapping, read: _Models, sensitive: bool, lang: str) -> list[MappingLoss]:
    """Say on standard output how many cells of each column would be filled."""
    found = read.into(lambda: chosen.counter(sensitive=sensitive)).preview
    output.write("".join(_place_lines(chosen, found, lang)))
    return found.losses


def _place_lines(chosen: Mapping, found: Preview, lang: str) -> Iterator[str]:
    said, last = _SAID[lang], None
    for place in chosen.places():
        count = found.cells.get((place.sheet, place.column), 0)
        if not count:
            continue
        if place.sheet != last:
            last = place.sheet
            yield said["rows"].format(sheet=last, count=found.rows[last]) + "\n"
        yield said["column"].format(**place._asdict(), count=count) + "\n"


def _tell(losses: list[MappingLoss], lang: str) -> None:
    for loss in losses[:MOST_LOSSES]:
        output.note(f"{loss.number}: {loss.text(lang)}")
    if len(losses) > MOST_LOSSES:
        output.note(f"+ {len(losses) - MOST_LOSSES}")


# --- tables to dossiers ---------------------------------------------------------------------------------------------


def _with_groups(reading: Reading, make: bool, lang: str) -> Iterator[Any]:
    """What was read, with the groups that only pupils name when they are to be made; else those are told."""
    from oso_bridge.model import Schooladministratie

    for whole in reading:
        missing = whole.ontbrekende_groepen() if isinstance(whole, Schooladministratie) else []
        if missing and make:
            whole.groepen.extend(missing)
        if missing:
            output.note(_SAID[lang]["made" if make else "groups"].format(count=len(missing)))
        yield whole


def _reversed(
    chosen: Mapping,
    reading: Reading,
    wholes: Iterator[Any],
    target: Path | None,
    release: str | None,
    allow_losses: bool,
    lang: str,
) -> int:
    from oso_bridge.render import text

    if release is not None:
        from oso_bridge.releases import release as installed

        installed(release)
    writer = _Files(target, release, allow_losses, lang)
    with chosen.counter(sensitive=True) as counter:
        for dossier in wholes:
            writer.add(dossier)
            if target is None:
                counter.root(dossier)
    writer.close()
    output.write("".join(_place_lines(chosen, counter.preview, lang)))
    report = reading.report
    if report.findings:
        output.complain(text.render([report.to_dict()], lang))
    output.note(_SAID[lang]["to" if target else "read"].format(count=writer.count, target=target))
    return 1 if writer.refused else report.exit_code


def _no_folder(target: Path | None) -> UsageError:
    return UsageError("A file for each goes into a folder.", where=str(target), remedy="Name a folder; it is made.")


class _Files:
    """Writes dossiers: each in a file of a folder, or all in one list of JSON."""

    def __init__(self, target: Path | None, release: str | None, allow_losses: bool, lang: str) -> None:
        self.target, self.release, self.allow_losses, self.lang = target, release, allow_losses, lang
        self.count = self.refused = 0
        self.listed: list[Any] | None = [] if target is not None and target.suffix.lower() == ".json" else None
        if self.listed is not None and release is not None:
            raise _no_folder(target)
        if target is not None and target.suffix.lower() == ".xml":
            raise _no_folder(target)
        if target is not None and self.listed is None:
            target.mkdir(parents=True, exist_ok=True)

    def add(self, dossier: Any) -> None:
        """Write a dossier, under a number and not under the name of a child."""
        number = self.count + self.refused + 1
        text = self._text(dossier, number)
        if text is None:
            self.refused += 1
            return
        self.count += 1
        if self.target is not None and self.listed is None:
            suffix = "xml" if self.release else "json"
            with (self.target / f"{number:04}.{suffix}").open("x", encoding="utf-8", newline="\n") as file:
                file.write(text)

    def _text(self, dossier: Any, number: int) -> str | None:
        from oso_bridge.cli.write import xml_of
        from oso_bridge.render import json as rendered

        if self.release:
            xml = xml_of(dossier, self.release, str(number), self.lang, allow_losses=self.allow_losses)
            return None if xml is None else xml.decode("utf-8")
        if self.listed is not None:
            self.listed.append(dossiers.dump(dossier))
            return ""
        return rendered.dump(dossiers.dump(dossier))

    def close(self) -> None:
        """Write the list, when there is one."""
        if self.listed is not None and self.target is not None:
            self.target.write_text(json.dumps(self.listed, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
