"""Documents: reading and checking, the two ends of the inbound road.

:func:`read` makes a :class:`Document` or raises; :func:`check` makes a Report for any content.  Both parse
once; the schema is asked while the tree exists, and the tree is dropped after reading.
"""

from __future__ import annotations

import glob
import os
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from lxml import etree

from oso_bridge import catalog, plan, releases
from oso_bridge import workers as crew
from oso_bridge.errors import (
    DocumentError,
    IllTyped,
    NotADossier,
    OsoBridgeError,
    UnknownRelease,
    UnsafeDocument,
    UsageError,
    choose,
)
from oso_bridge.findings import Finding, Layer, Message, Severity, State, fill
from oso_bridge.overrides import Overrides, as_overrides
from oso_bridge.plan import Tree
from oso_bridge.records import Record
from oso_bridge.releases import Guess, Release
from oso_bridge.report import Report, Reports, digest_of
from oso_bridge.rules import bundled, engine, integrity
from oso_bridge.rules.engine import Hit, Outcome
from oso_bridge.rules.rows import Row
from oso_bridge.sources import Loaded, Source, is_large, load, name_of
from oso_bridge.xml import parser, reader, schema
from oso_bridge.xml.limits import DEFAULT, Limits
from oso_bridge.xml.places import DOCUMENT, Locator, Place
from oso_bridge.xml.reader import Reading

if TYPE_CHECKING:
    from oso_bridge.identity import Trust
    from oso_bridge.model import Dossier, Leerresultaten, Schooladministratie
    from oso_bridge.model.base import Geheel
    from oso_bridge.stylesheets.outcome import Given
    from oso_bridge.stylesheets.outcome import Outcome as Told

LAYERS = ("wellformed", "schema", "codes", "rules", "integrity")
SIGNATURE = "signature"
"""The layer that is there only when it is asked for, or when a document bears a signature."""
REQUIRED = frozenset(LAYERS[:-1])
LARGE = 4 * 1024 * 1024
"""Bytes from which on a document is read piece by piece, when its format says how."""
Progress = Callable[[int, int | None], None]
"""Told how many bytes were read, of how many."""
MAX_FINDINGS = 2000
"""More findings than this in one layer are counted, not listed."""

# an attribute with a prefix: xsi:type may give an element another structure than the plan's
_PREFIXED = etree.XPath("boolean(//*/@*[contains(name(),':')])")


@dataclass(frozen=True, slots=True)
class SchemaFault:
    """One reason why a document is not schema-valid, with its place."""

    rule: str
    kind: str
    args: dict[str, str]
    place: Place
    value: str | None = field(default=None, repr=False)


@dataclass(eq=False)
class Document:
    """What was read.

    Attributes:
        source: The name of the source.
        release: The release whose structure was followed.
        guess: The release that the document says it is, when that one is not installed.
        root: The local name of the root element.
        schema_faults: Why the document is not schema-valid; empty when it is, None when the schema was not asked.
        more_faults: The number of schema errors beyond those that are explained.
    """

    source: str
    release: Release
    guess: Guess | None
    root: str
    schema_faults: tuple[SchemaFault, ...] | None
    more_faults: int
    reading: Reading = field(repr=False)
    _data: bytes = field(repr=False)
    _limits: Limits = field(repr=False, default=DEFAULT)
    _locator: Locator | None = field(repr=False, default=None)

    @property
    def record(self) -> Record:
        """What the document said, see :mod:`oso_bridge.records`."""
        return self.reading.record

    @property
    def schema_ok(self) -> bool | None:
        """Whether the schema accepts the document; None when it was not asked."""
        return None if self.schema_faults is None else not self.schema_faults

    @property
    def digest(self) -> str:
        """SHA-256 of the source, as ``sha256:...``."""
        return digest_of(self._data)

    @property
    def release_id(self) -> str:
        """The id of the release that the document says it is."""
        return self.guess.id if self.guess else self.release.id

    @property
    def locator(self) -> Locator:
        """Finds places; makes the tree again from the source, once, when a place is asked for."""
        if self._locator is None:
            tree: list[etree._Element] = []

            def root() -> etree._Element:
                if not tree:
                    tree.append(parser.parse(self._data, self._limits))
                return tree[0]

            self._locator = Locator(self.reading, root)
        return self._locator

    def dossier(self, *, strict: bool = False) -> Dossier:
        """The dossier, as the model of no release.

        Args:
            strict: Refuse values that their fields cannot hold, instead of keeping them in ``extra``.

        Returns:
            The dossier; what has no field travels in ``extra`` of its parts, see :meth:`Dossier.bewaard`.

        Raises:
            IllTyped: With ``strict``, and there are such values.
            UsageError: The document holds several dossiers, or none; see :meth:`dossiers`. Or it holds something
                else, such as an administration; the text says how to get that.
            DataError: The release has no table.
        """
        found = self.dossiers(strict=strict)
        if len(found) != 1:
            raise UsageError(f"The document holds {len(found)} dossiers.", remedy="Use document.dossiers().")
        return found[0]

    def dossiers(self, *, strict: bool = False) -> list[Dossier]:
        """The dossiers in the document, one for each; see :meth:`dossier`."""
        return self._wholes("Dossier", strict)

    def administratie(self, *, strict: bool = False) -> Schooladministratie:
        """The pupil administration that a document of EDEXML or UWLR holds, as the model of no release.

        Args:
            strict: Refuse values that their fields cannot hold, instead of keeping them in ``extra``.

        Raises:
            IllTyped: With ``strict``, and there are such values.
            UsageError: The document holds something else; the text says what.
        """
        found: list[Schooladministratie] = self._wholes("Schooladministratie", strict)
        return found[0]

    def leerresultaten(self, *, strict: bool = False) -> Leerresultaten:
        """The results, or the definitions of tests, that a document of UWLR holds; see :meth:`administratie`."""
        found: list[Leerresultaten] = self._wholes("Leerresultaten", strict)
        return found[0]

    def geheel(self, *, strict: bool = False) -> Geheel:
        """The dossier, the administration or the results: whichever the document holds.

        Raises:
            IllTyped: With ``strict``, and there are values that their fields cannot hold.
            UsageError: The document holds several dossiers, or nothing that the model has.
        """
        from oso_bridge import binding

        model = binding.model_of(self.release, self.root)
        if model in (None, binding.MODELS["Dossier"]):
            return self.dossier(strict=strict)
        found: list[Geheel] = self._wholes(str(getattr(model, "__name__", "")), strict)
        return found[0]

    def _wholes(self, name: str, strict: bool) -> list[Any]:
        """What the document holds, as models of that name."""
        from oso_bridge import binding

        binding.refuse_other(self.release, self.root, self.record, binding.MODELS[name])
        trusted = self.reading.elements is None
        records = binding.records(self.record, self.release, self.root)
        found = [binding.to_model(record, self.release, self.root, trusted) for record in records]
        if strict:
            wrong = [finding for item in found for finding in binding.ill_typed(item)]
            if wrong:
                raise IllTyped(wrong)
        return found

    def attachments(self) -> Iterator[tuple[str, str, str, str]]:
        """The attachments: path, file name, description and the content in base64, in document order."""
        for branch in self.reading.tree.branches:
            if {"bestandsnaam", "bestandsinhoud"} <= branch.leaves.keys():
                for entry, record in enumerate(self.reading.index.get(branch.number, ())):
                    path = self.locator.place(branch, entry).path
                    yield (
                        path,
                        record.get("bestandsnaam", ""),
                        record.get("omschrijving", ""),
                        record.get("bestandsinhoud", ""),
                    )


@dataclass(frozen=True, slots=True)
class Identity:
    """What the root element says a document is."""

    release: Release
    guess: Guess | None
    root: str
    namespace: str

    @property
    def is_dossier(self) -> bool:
        """Whether the root stands by itself."""
        return self.root in self.release.roots


def identify(root: etree._Element, named: str | None) -> Identity:
    """Which release a document follows.

    Raises:
        UnknownRelease: The root belongs to no format that is installed.
        UsageError: The named release is not installed.
    """
    name = etree.QName(root)
    namespace = name.namespace or ""
    if named is not None:
        return Identity(releases.release(named), None, name.localname, namespace)
    found = releases.by_root(namespace, name.localname, lambda: _version(root))
    guess = None if found else releases.guess(namespace)
    if guess is not None and name.localname in guess.nearest.roots:
        return Identity(guess.nearest, guess, name.localname, namespace)
    if found is None:
        raise _unknown(name.localname, namespace, parser.line_of(root))
    return Identity(found, None, name.localname, namespace)


_SOAP = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")


def _unknown(name: str, namespace: str, line: int | None) -> UnknownRelease:
    """The error for a root of no format that is installed."""
    kind = "soap" if name == "Envelope" and namespace in _SOAP else "onbekende-release"
    args = {"releases": ", ".join(item.id for item in releases.installed())} if kind != "soap" else {}
    said = catalog.message("DOC", kind)
    remedy = fill(said.remedy["en"], args, "en")
    return UnknownRelease(said.text["en"], rule=f"DOC.{kind}", args=args, line=line, remedy=remedy)


_VERSION_AT = ("xsdversie", "school/xsdversie", "*/school/xsdversie")


def _version(root: etree._Element) -> str | None:
    """What a document says of its version, where it is not in its namespace."""
    for path in _VERSION_AT:
        for text in root.iterfind("/".join(step if step == "*" else f"{{*}}{step}" for step in path.split("/"))):
            return (text.text or "").strip()
    return None


def _root_args(identity: Identity) -> dict[str, str]:
    """The arguments of the texts about a root that is no dossier."""
    return {
        "element": schema.shown(identity.root) or "-",
        "release": identity.release.id,
        "wortels": ", ".join(identity.release.roots),
    }


def read(source: Source, *, release: str | None = None, limits: Limits | None = None) -> Document:
    """Read a document.

    Args:
        source: A path, bytes or an open file; a str is always a path.
        release: The release to follow, such as ``oso/2019.1``, when not the one that the root names.
        limits: What the document may ask for.

    Returns:
        The document; also one that breaks the schema, see :attr:`Document.schema_ok`.

    Raises:
        OSError: The source cannot be read.
        NotXml: It is not well-formed XML.
        UnsafeDocument: It has a DOCTYPE, or exceeds a limit.
        UnknownRelease: Its root belongs to no format that is installed.
        NotADossier: Its root is an element of a known release that does not stand by itself.
        UsageError: The named release is not installed.
    """
    limits = limits or DEFAULT
    loaded = load(source, limits.max_bytes)
    root = parser.parse(loaded.data, limits)
    identity = identify(root, release)
    if not identity.is_dossier:
        args = _root_args(identity)
        raise NotADossier(
            "The root element is no dossier by itself.", rule="DOC.wortel", args=args, line=parser.line_of(root)
        )
    return _document(loaded, root, identity, limits)


def _document(
    loaded: Loaded, root: etree._Element, identity: Identity, limits: Limits, ask_schema: bool = True
) -> Document:
    tree = plan.load(identity.release).tree(identity.root, identity.namespace)
    errors = _validate(root, identity, limits) if ask_schema else None
    # what passed its schema is not deep, so it is asked of the rest, and of all when the limit is lower than usual
    if not ask_schema or limits.max_depth < DEFAULT.max_depth:
        parser.refuse_shape(root, limits)
    valid = errors is None and ask_schema and identity.guess is None
    strict = valid and not tree.open and not _PREFIXED(root)
    reading = reader.read_strict(root, tree) if strict else reader.read_lenient(root, tree)
    faults = None if not ask_schema or identity.guess else _faults(errors or [], root, identity, tree)
    return Document(
        source=loaded.name,
        release=identity.release,
        guess=identity.guess,
        root=identity.root,
        schema_faults=faults,
        more_faults=max(len(errors or ()) - schema.MAX_ERRORS, 0),
        reading=reading,
        _data=loaded.data,
        _limits=limits,
    )


def _validate(root: etree._Element, identity: Identity, limits: Limits) -> list[Any] | None:
    """libxml2's errors, None when the schema accepts the document; nothing is asked of an absent release."""
    if identity.guess is not None:
        parser.refuse_shape(root, limits)
        return None
    if identity.release.info.get("keys"):
        schema.refuse_same_keys(root, identity.release, limits)
    errors = schema.load(identity.release).validate(root)
    if errors is not None:
        parser.refuse_shape(root, limits)
    return errors


def _faults(errors: list[Any], root: etree._Element, identity: Identity, tree: Tree | None) -> tuple[SchemaFault, ...]:
    if not errors:
        return ()
    release = identity.release
    explained = schema.explain(errors, root, plan.load(release), tree, lambda: schema.load(release).constraints)
    any_tree = tree or plan.load(identity.release).tree(identity.release.roots[0])
    locator = Locator(Reading({}, {}, any_tree), lambda: root)
    return tuple(schema_fault(error, locator) for error in explained)


def schema_fault(error: schema.SchemaError, locator: Locator) -> SchemaFault:
    """What is kept of a schema error once the tree is gone."""
    return SchemaFault(
        error.rule,
        error.kind,
        dict(error.args),
        _place(locator, error.element_node),
        None if len(error.element_node) or error.kind.startswith("attribuut") else error.element_node.text,
    )


def _place(locator: Locator, element: etree._Element) -> Place:
    """The place of an element; one with a name that no release has is numbered, for a made-up name may be anything."""
    parent = element.getparent()
    if schema.shown(parser.local_name(element)):
        return locator.of(element)
    if parent is None:
        return Place("", DOCUMENT.xpath, parser.line_of(element))
    above, step = locator.of(parent), f"*[{locator.position(element)}]"
    return Place(f"{above.path}.{step}".lstrip("."), f"{above.xpath}/{step}", parser.line_of(element))


def check(
    source: Source | Document,
    *,
    release: str | None = None,
    layers: Iterable[str] | None = None,
    overrides: Overrides | str | os.PathLike[str] | None = None,
    limits: Limits | None = None,
    validator: str | None = None,
    show_values: bool = False,
    stream: bool | None = None,
    progress: Progress | None = None,
    trust: Trust | None = None,
) -> Report:
    """Check a document, whatever it holds.

    Args:
        source: A path, bytes, an open file or a Document; a str is always a path.
        release: The release to follow, when not the one that the root names.
        layers: The layers wanted, of ``schema``, ``codes``, ``rules``, ``integrity`` and ``signature``; all when left
            out, the last one only with ``trust``.
        overrides: Decisions about findings, or the path of a file with them.
        limits: What the document may ask for.
        validator: The official check to make (``OV`` or ``PaO``), when not the one for its overdrachtsoort.
        show_values: Put values of the document in the findings; left out, a report holds none.
        stream: Read a file of many pupils piece by piece, so that it need not fit in memory: True for one of any size,
            False never; when left out, from 4 MiB on and without ``limits``. See :mod:`oso_bridge.streaming`.
            A document that is asked for a signature is always read whole.
        progress: While a document is read piece by piece, told after each piece how many bytes were read, of how many;
            None when that is not known.
        trust: Whose signature is trusted. The document then has to be signed, and the other layers look at what was
            signed, without the signature.

    Returns:
        The report, also for a document that is broken.

    Raises:
        OSError: The source cannot be read.
        UsageError: An argument names something that does not exist, or ``stream`` is True with a signature asked for.
    """
    asked = _wanted(layers, trust)
    if isinstance(source, Document) and (release is not None or limits is not None):
        raise UsageError("A document was read already.", remedy="Give release and limits to oso.read.")
    if isinstance(source, Document) and SIGNATURE in asked:
        raise UsageError("A signature is looked at before a document is read.", remedy="Give the source to check.")
    if validator is not None:
        engine.require_check(validator)
    run = Run(asked, as_overrides(overrides), limits or DEFAULT, validator, show_values, trust)
    if isinstance(source, Document):
        return run.document(source)
    if _may_stream(asked, limits, stream) and (stream or is_large(source, LARGE)):
        # hardly any document is large
        from oso_bridge import streaming

        return streaming.check(run, source, release, LARGE if stream is None else 0, progress)
    return run.source(source, release)


def _may_stream(asked: frozenset[str], limits: Limits | None, stream: bool | None) -> bool:
    """Whether a document may be read piece by piece; what a signature is over is known only of the whole."""
    if SIGNATURE in asked and stream:
        raise UsageError(
            "A document that is asked for a signature is read whole, not piece by piece.",
            remedy="Leave stream out, or check without trust and without the layer signature.",
        )
    return bool(stream) or (stream is None and limits is None and SIGNATURE not in asked)


def wanted(layers: Iterable[str] | None, trust: Trust | None = None) -> tuple[str, ...]:
    """The layers that are asked for, by name, without the one that is never left out.

    Raises:
        UsageError: There is no such layer.
    """
    return tuple(sorted(_wanted(layers, trust) - {"wellformed"}))


def _wanted(layers: Iterable[str] | None, trust: Trust | None = None) -> frozenset[str]:
    """The layers that are asked for; who says whose signature is trusted asks for that layer."""
    names = frozenset(LAYERS if layers is None else [layers] if isinstance(layers, str) else layers)
    known = (*LAYERS, SIGNATURE)
    unknown = sorted(names - set(known))
    if unknown:
        raise UsageError(f"There is no layer {unknown[0]!r}.", remedy=choose(unknown[0], known))
    return names | {"wellformed"} | ({SIGNATURE} if trust is not None else set())


@dataclass(slots=True)
class Run:
    """One check: its settings and what it has found so far."""

    wanted: frozenset[str]
    overrides: Overrides | None
    limits: Limits
    validator: str | None
    show_values: bool
    trust: Trust | None = None
    layers: list[Layer] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    data: bytes | str | None = None
    """The document, or its digest."""

    def source(self, source: Source, release: str | None) -> Report:
        """Check a source that is not read yet."""
        start = perf_counter()
        name = name_of(source)
        try:
            loaded = load(source, self.limits.max_bytes)
            self.data = loaded.data
            root = parser.parse(loaded.data, self.limits)
            if SIGNATURE in self.wanted or parser.bears_signature(root):
                self.passed("wellformed", start)
                signed = self.signature_layer(loaded, root)
                if signed is None:
                    return self.unsigned(name)
                (loaded, root), start = signed, perf_counter()
            identity = identify(root, release)
            if not self.layers:
                self.passed("wellformed", start)
            start = perf_counter()
            if not identity.is_dossier:
                return self.not_a_dossier(loaded, root, identity, start)
            document = _document(loaded, root, identity, self.limits, "schema" in self.wanted)
        except UnknownRelease as error:
            return self.unknown(name, error, start)
        except DocumentError as error:
            return self.unreadable(name, error, start)
        document._locator = Locator(document.reading, lambda: root)
        return self.rest(document, start)

    def document(self, document: Document) -> Report:
        """Check a document that was read before."""
        start = perf_counter()
        self.data = document._data
        self.passed("wellformed", start)
        return self.rest(document, start)

    def signature_layer(self, loaded: Loaded, root: etree._Element) -> tuple[Loaded, etree._Element] | None:
        """The layer, and what the other layers look at: what was signed; None when that is not certain."""
        # hardly any document is signed, and what checks that takes long to import
        from oso_bridge.signatures import layers

        start, required = perf_counter(), SIGNATURE in self.wanted
        found = layers.check(loaded.data, root, self.trust, self.limits)
        if found.not_run:
            self.not_run(SIGNATURE, found.not_run)
            return loaded, root
        state = State.PASSED if found.finding is None else State.FAILED
        self.layers.append(Layer(SIGNATURE, state, required, perf_counter() - start))
        if found.finding is not None:
            self.findings.append(found.finding)
        return None if found.root is None else (Loaded(loaded.name, found.data), found.root)

    def unsigned(self, name: str) -> Report:
        """The report of a document with a signature that is not in order: nothing else is looked at."""
        for layer in LAYERS[1:]:
            self.not_run(layer, "handtekening" if layer in self.wanted else "niet-gevraagd")
        return self.report(name, None)

    def rest(self, document: Document, start: float) -> Report:
        """The layers behind the first, and the report."""
        self.schema_layer(document, start)
        outcome = self.rule_layers(document)
        self.integrity_layer(document)
        profile = self.profile(document, outcome)
        return self.report(document.source, document.release_id, profile)

    def report(self, name: str, release: str | None, profile: dict[str, str] | None = None) -> Report:
        """The report; a layer that was not come to did not run."""
        done = {layer.name for layer in self.layers}
        for layer in LAYERS:
            if layer not in done:
                self.not_run(layer, "niet-gevraagd" if layer not in self.wanted else "niet-gelezen")
        return Report(name, release, self.data, profile, tuple(self.layers), tuple(self.findings), self.overrides)

    def passed(self, name: str, start: float) -> None:
        """A layer that passed, begun at a moment."""
        self.add_layer(name, State.PASSED, perf_counter() - start)

    def add_layer(self, name: str, state: State, duration: float) -> None:
        """What became of a layer."""
        self.layers.append(Layer(name, state, name in REQUIRED, duration))

    def not_run(self, name: str, why: str, args: dict[str, str] | None = None) -> None:
        """A layer that did not run, and why."""
        reason = catalog.message("LAAG", why)
        required = name in REQUIRED | (self.wanted & {SIGNATURE})
        self.layers.append(Layer(name, State.NOT_RUN, required, None, reason, args or {}))

    def without(self, layer: str, release: Release) -> None:
        """A layer that the format has nothing for: it is not asked for either."""
        reason, args = catalog.message("LAAG", "zonder"), {"formaat": release.format.upper()}
        self.layers.append(Layer(layer, State.NOT_RUN, False, None, reason, args))

    def unknown(self, name: str, error: DocumentError, start: float) -> Report:
        """The report of XML that belongs to no format: readable, and right by no schema."""
        if not self.layers:
            self.passed("wellformed", start)
        self.findings.append(_refusal(error, "schema"))
        self.layers.append(Layer("schema", State.FAILED, True, perf_counter() - start))
        for layer in LAYERS[2:]:
            self.not_run(layer, "onbekend-formaat")
        return self.report(name, None)

    def unreadable(self, name: str, error: DocumentError, start: float) -> Report:
        """The report of what cannot be read; the layer is ``wellformed``, whatever was refused."""
        self.layers.clear()
        self.findings[:] = [_refusal(error, "wellformed")]
        self.layers.append(Layer("wellformed", State.FAILED, True, perf_counter() - start))
        for layer in (*LAYERS[1:], *({SIGNATURE} & self.wanted)):
            self.not_run(layer, "niet-gelezen")
        return self.report(name, None)

    def not_a_dossier(self, loaded: Loaded, root: etree._Element, identity: Identity, start: float) -> Report:
        """The schema takes any global element as root; the rest needs a dossier."""
        if "schema" in self.wanted:
            errors = _validate(root, identity, self.limits)
            self.add_schema(_faults(errors or [], root, identity, None), 0, start, identity.release)
        for layer in LAYERS[2:]:
            self.not_run(layer, "geen-dossier", _root_args(identity))
        return self.report(loaded.name, identity.release.id)

    def schema_layer(self, document: Document, start: float) -> None:
        """The layer schema, as reading the document found it."""
        if "schema" not in self.wanted:
            return
        if document.schema_faults is None:
            self.absent("schema", document)
        else:
            self.add_schema(document.schema_faults, document.more_faults, start, document.release)

    def add_schema(self, faults: tuple[SchemaFault, ...], more: int, start: float, release: Release) -> None:
        """The findings of the layer schema, and what became of it."""
        for fault in faults:
            self.findings.append(self.schema_finding(fault, release))
        if more:
            message = catalog.message("XSD", "meer")
            args = {"aantal": str(more)}
            self.findings.append(Finding("XSD.meer", "schema", Severity.ERROR, False, message, xpath="/[1]", args=args))
        self.layers.append(self.schema_state(faults, release, perf_counter() - start))

    def schema_state(self, faults: tuple[SchemaFault, ...], release: Release, duration: float) -> Layer:
        """The layer; unclear when there is no fault but that the schema could not be held against it to the end."""
        if faults and all(fault.kind == schema.ABORTED for fault in faults):
            return Layer("schema", State.UNCLEAR, True, duration, catalog.message("LAAG", "schema-afgebroken"))
        state = State.FAILED if faults else State.PASSED
        reason = catalog.message("LAAG", "voorlopig") if release.provisional else None
        return Layer("schema", state, True, duration, reason, {"release": release.id} if reason else {})

    def path(self, release: Release, place: Place) -> str | None:
        """A place in the words of the model; in those of the document where a release has no table."""
        return plan.model_path(release, place.runs or place.xpath) or place.path or None

    def schema_finding(self, fault: SchemaFault, release: Release) -> Finding:
        """The finding for a schema fault."""
        kind, args = fault.kind, dict(fault.args)
        if kind.startswith("libxml2-"):
            kind, args["code"] = "libxml2", kind.removeprefix("libxml2-")
        if "soort" in args:
            words = catalog.type_words(args.pop("soort"))
            args.update({f"soort.{language}": fill(text, args, language) for language, text in words.items()})
        if kind == "patroon":
            words = catalog.pattern_words(args.get("grens", ""))
            args.update({f"vorm.{language}": text for language, text in words.items()})
        return Finding(
            fault.rule,
            "schema",
            Severity.ERROR,
            True,
            catalog.message("XSD", kind),
            path=self.path(release, fault.place),
            xpath=fault.place.xpath,
            line=fault.place.line,
            args=args,
            value=fault.value if self.show_values else None,
        )

    def absent(self, layer: str, document: Document) -> None:
        """A layer that needs a release that is not installed, or a schema that was not asked."""
        if document.guess is None:
            self.not_run(layer, "niet-gevraagd")
        else:
            args = {"release": document.guess.id, "nabij": document.guess.nearest.id}
            self.not_run(layer, "release-ontbreekt", args)

    def rule_layers(self, document: Document) -> Outcome | None:
        """The layers codes and rules."""
        wanted: list[str] = [layer for layer in ("codes", "rules") if layer in self.wanted]
        if not wanted:
            return None
        if document.guess is not None:
            for layer in wanted:
                self.absent(layer, document)
            return None
        rules = engine.engine(document.release, document.root)
        if rules.without.issuperset(wanted):
            for layer in wanted:
                self.without(layer, document.release)
            return None
        if not rules.rows:
            self.stylesheet_layers(document, wanted)
            return None
        start = perf_counter()
        outcome = rules.run(document.reading.index, self.validator)
        duration = (perf_counter() - start) / 2
        for layer in wanted:
            if layer in rules.without:
                self.without(layer, document.release)
                continue
            hits = [hit for hit in outcome.hits if hit.row.layer == layer]
            self.add_rules(layer, hits, outcome, document, duration)
        return outcome

    def stylesheet_layers(self, document: Document, wanted: list[str]) -> None:
        """The layers of a release whose rules came in a bundle."""
        args = {"release": document.release.id}
        if not bundled.stylesheets(document.release):
            for layer in wanted:
                self.not_run(layer, "geen-regels", args)
            return
        # hardly any release came in a bundle, and starting processes takes long to import
        from oso_bridge.stylesheets import outcome as stylesheets

        start = perf_counter()
        name = self.validator or engine.engine(document.release, document.root).check_of(document.reading.index)
        found = stylesheets.check(document.release, name, document._data)
        duration = (perf_counter() - start) / len(wanted)
        for layer in wanted:
            reason = found.not_run or (None if layer in found.layers else "geen-meldingen")
            if reason:
                self.not_run(layer, reason, {**args, "controle": name})
            else:
                self.add_given(layer, found, document, duration)

    def add_given(self, layer: str, found: Told, document: Document, duration: float) -> None:
        """What the stylesheets gave for a layer."""
        given = [item for item in found.given if item.layer == layer]
        findings = [self.given_finding(item, document) for item in given[:MAX_FINDINGS]]
        self.add_all(layer, findings, len(given))
        state = State.FAILED if any(not item.warning for item in given) else State.PASSED
        if found.unclear:
            reason, args = catalog.message("LAAG", found.unclear), {"release": document.release.id}
            self.layers.append(Layer(layer, State.UNCLEAR, True, duration, reason, args))
        else:
            self.layers.append(Layer(layer, state, True, duration))

    def given_finding(self, item: Given, document: Document) -> Finding:
        """The finding for what a stylesheet gave."""
        element = document.locator.find(item.xpath) if item.xpath else None
        place = DOCUMENT if element is None else _place(document.locator, element)
        kind = "tekstloos" if not item.text else "melding" if item.named else "naamloos"
        return Finding(
            item.rule,
            item.layer,
            Severity.WARNING if item.warning else Severity.ERROR,
            True,
            catalog.message("XSL", kind),
            official_id=item.rule if item.named else None,
            path=self.path(document.release, place),
            xpath=place.xpath,
            line=place.line,
            args={"melding": item.text, "regel": item.rule, "release": document.release.id},
            value=(item.value or None) if self.show_values else None,
        )

    def add_rules(self, layer: str, hits: list[Hit], outcome: Outcome, document: Document, duration: float) -> None:
        """The findings of the layer codes or rules, and what became of it."""
        findings = [self.rule_finding(hit, outcome.kinds, document) for hit in hits[:MAX_FINDINGS]]
        self.add_all(layer, findings, len(hits))
        failed = any(hit.row.official for hit in hits)
        self.add_rule_layer(layer, failed, outcome.broke_off, document, duration)

    def add_rule_layer(
        self, layer: str, failed: bool, broke_off: Iterable[Row], document: Document, duration: float
    ) -> None:
        """What became of a layer whose findings are known."""
        state = State.FAILED if failed else State.PASSED
        broke = [row.id for row in broke_off if row.layer == layer]
        reason: Message | None = None
        args: dict[str, str] = {}
        if document.schema_faults:
            reason = catalog.message("LAAG", "gedeeltelijk" if document.reading.unread else "met-schemafouten")
            args = {"onbekend": str(document.reading.unread)} if document.reading.unread else {}
            # what was not recognised was not checked: nothing found is then no pass
            if document.reading.unread and state is State.PASSED:
                state = State.UNCLEAR
        if broke:
            state, reason = State.UNCLEAR, catalog.message("LAAG", "onduidelijk")
            args = {"regels": ", ".join(dict.fromkeys(broke))}
        self.layers.append(Layer(layer, state, True, duration, reason, args))

    def add_all(self, layer: str, findings: list[Finding], total: int) -> None:
        """Findings of a layer, of which there may be more than are listed."""
        self.findings.extend(findings)
        if total > len(findings):
            message, args = catalog.message("LAAG", "meer"), {"aantal": str(total - len(findings))}
            self.findings.append(Finding("LAAG.meer", layer, Severity.INFO, False, message, xpath="/[1]", args=args))

    def rule_finding(self, hit: Hit, kinds: frozenset[str], document: Document) -> Finding:
        """The finding for a rule that was broken."""
        row = hit.row
        place = DOCUMENT
        if hit.branch is not None:
            place = document.locator.place(hit.branch, hit.entry, hit.leaf, hit.occurrence)
        return Finding(
            row.id_for(kinds),
            row.layer,
            Severity.ERROR if row.official else Severity.WARNING,
            row.official,
            row.message,
            official_id=_official_id(row, row.id_for(kinds)),
            path=self.path(document.release, place),
            xpath=place.xpath,
            line=place.line,
            args=row.args,
            value=_value(hit, document) if self.show_values else None,
        )

    def integrity_layer(self, document: Document) -> None:
        """The layer integrity."""
        if "integrity" not in self.wanted:
            return
        start = perf_counter()
        issues = integrity.run(document.release, document.root, document.reading.index)
        findings = [self.integrity_finding(issue, document) for issue in issues[:MAX_FINDINGS]]
        self.add_all("integrity", findings, len(issues))
        self.add_layer("integrity", State.FAILED if issues else State.PASSED, perf_counter() - start)

    def integrity_finding(self, issue: integrity.Issue, document: Document) -> Finding:
        """The finding for an issue of the layer integrity."""
        place = document.locator.place(issue.branch, issue.entry, issue.leaf, issue.occurrence)
        return Finding(
            issue.rule,
            "integrity",
            Severity.WARNING,
            False,
            issue.message,
            path=self.path(document.release, place),
            xpath=place.xpath,
            line=place.line,
            args=issue.args,
            value=issue.value if self.show_values else None,
        )

    def profile(self, document: Document, outcome: Outcome | None) -> dict[str, str] | None:
        """What the document says it is for; only codes of the standard, never another text."""
        if outcome is None and document.guess is None and not self.wanted & {"codes", "rules"}:
            return None
        found = engine.engine(document.release, document.root).audience(document.reading.index)
        return found or None


def _refusal(error: DocumentError, layer: str) -> Finding:
    """The finding for a document that cannot be read any further."""
    return refused(error.rule, layer, error.args_, error.line)


def refused(
    rule: str, layer: str = "wellformed", args: Mapping[str, str] | None = None, line: int | None = None
) -> Finding:
    """The finding for a document that nothing more can be done with.

    Args:
        rule: An id that begins with ``DOC.``.
        layer: The layer that found it.
        args: The arguments of its text.
        line: The line, when it is known.

    Raises:
        DataError: There is no text for that id.
    """
    kind = rule.removeprefix("DOC.").replace("niet-geopend.", "niet-geopend-")
    kind = "limiet-parser" if kind == "limiet.parser" else "limiet" if kind.startswith("limiet.") else kind
    message = catalog.message("DOC", kind)
    return Finding(rule, layer, Severity.ERROR, False, message, xpath=DOCUMENT.xpath, line=line, args=dict(args or {}))


def _official_id(row: Any, shown: str) -> str | None:
    """What the official check prints; a second id of one check is printed for its own kind of transfer."""
    return shown if row.official_id == row.id else row.official_id


def _value(hit: Hit, document: Document) -> str | None:
    """The text that a hit is about."""
    if hit.branch is None or hit.leaf is None:
        return None
    value = document.reading.index[hit.branch.number][hit.entry].get(hit.leaf)
    value = value[hit.occurrence] if isinstance(value, list) else value
    return value.get("#text") if isinstance(value, dict) else value


def check_many(
    sources: str | os.PathLike[str] | Iterable[Source],
    *,
    workers: int = 1,
    release: str | None = None,
    layers: Iterable[str] | None = None,
    overrides: Overrides | str | os.PathLike[str] | None = None,
    limits: Limits | None = None,
    validator: str | None = None,
    show_values: bool = False,
    trust: Trust | None = None,
) -> Reports:
    """Check several documents; one that is broken never stops the rest.

    Args:
        sources: A pattern such as ``"map/*.xml"``, a folder (its ``*.xml``), or sources one by one.
        workers: Processes to use; 1 checks in this one. A script that asks for more keeps its own work under
            ``if __name__ == "__main__":``, as Python asks of any program that starts processes.
        release: See :func:`check`, as for the arguments below.
        layers: See :func:`check`.
        overrides: See :func:`check`.
        limits: See :func:`check`.
        validator: See :func:`check`.
        show_values: See :func:`check`.
        trust: See :func:`check`.

    Returns:
        A report for each source, in their order. A file that cannot be opened has one too. All are kept; for more
        documents than memory holds reports of, see :func:`check_each`.

    Raises:
        UsageError: Nothing goes with the pattern, or an argument names something that does not exist.
    """
    return Reports(
        check_each(
            sources,
            workers=workers,
            release=release,
            layers=layers,
            overrides=overrides,
            limits=limits,
            validator=validator,
            show_values=show_values,
            trust=trust,
        )
    )


def check_each(
    sources: str | os.PathLike[str] | Iterable[Source],
    *,
    workers: int = 1,
    release: str | None = None,
    layers: Iterable[str] | None = None,
    overrides: Overrides | str | os.PathLike[str] | None = None,
    limits: Limits | None = None,
    validator: str | None = None,
    show_values: bool = False,
    trust: Trust | None = None,
) -> Iterator[Report]:
    """Check several documents one after another, and keep nothing of those that are done.

    Args:
        sources: See :func:`check_many`. Sources from a generator are asked for when there is work to give out.
        workers: See :func:`check_many`.
        release: See :func:`check`, as for the arguments below.
        layers: See :func:`check`.
        overrides: See :func:`check`.
        limits: See :func:`check`.
        validator: See :func:`check`.
        show_values: See :func:`check`.
        trust: See :func:`check`.

    Returns:
        An iterator over the reports, in the order of the sources. A document whose process died has a report that
        says so. Closing the iterator stops the work.

    Raises:
        UsageError: Nothing goes with the pattern, or an argument names something that does not exist.
    """
    if workers < 1:
        raise UsageError("workers is a whole number from 1 on.")
    if validator is not None:
        engine.require_check(validator)
    if release is not None:
        releases.release(release)
    job = Job(release, wanted(layers, trust), as_overrides(overrides), limits, validator, show_values, trust)
    found, total = _counted(sources)
    if workers < 2 or total == 1:
        return map(job, found)
    items = (portable(item, limits or DEFAULT) for item in found)
    return crew.spread(job, items, workers=workers, lost=_lost, total=total)


def _counted(sources: str | os.PathLike[str] | Iterable[Source]) -> tuple[Iterable[Source], int | None]:
    """The sources, and how many there are when that is known without asking for them."""
    if isinstance(sources, Iterable) and not isinstance(sources, (str, os.PathLike, Sized)):
        return sources, None
    found = expand(sources)
    return found, len(found)


@dataclass(frozen=True, slots=True)
class Job:
    """The check of one of several sources, also in another process; the fields are arguments of :func:`check`."""

    release: str | None
    layers: tuple[str, ...]
    overrides: Overrides | None
    limits: Limits | None
    validator: str | None
    show_values: bool
    trust: Trust | None = None

    def __call__(self, source: Source) -> Report:
        """The report, whatever the source is; it does not hold on to the bytes.

        Raises:
            UsageError: An argument names something that does not exist, or this is no source.
        """
        try:
            report = check(
                source,
                release=self.release,
                layers=self.layers,
                overrides=self.overrides,
                limits=self.limits,
                validator=self.validator,
                show_values=self.show_values,
                trust=self.trust,
            )
            return report.settled()
        except OSError as error:
            return unopened(name_of(source), error)
        except OsoBridgeError:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours in one document does not stop the rest
            return _unfinished(name_of(source), unexpected(error))


def unexpected(error: Exception) -> Finding:
    """The finding for a fault of this package: the kind of error and the line of ours, never its text."""
    frames = traceback.extract_tb(error.__traceback__)
    at = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return refused("DOC.onverwacht", args={"fout": f"{type(error).__name__}{at}"})


def _lost(source: Source) -> Report:
    """The report of a document whose process died."""
    return _unfinished(name_of(source), refused("DOC.proces"))


def unopened(name: str, error: OSError) -> Report:
    """The report of a source that cannot be opened."""
    return _unfinished(name, refused(why_unopened(error)))


def why_unopened(error: OSError) -> str:
    """The id for a source that cannot be opened."""
    kind = "map" if isinstance(error, IsADirectoryError) else "rechten" if isinstance(error, PermissionError) else "weg"
    return f"DOC.niet-geopend.{kind}"


def _unfinished(name: str, finding: Finding) -> Report:
    """The report of a document that no layer could look at."""
    why = catalog.message("LAAG", "niet-gelezen")
    failed = Layer("wellformed", State.FAILED, True)
    others = [Layer(layer, State.NOT_RUN, layer in REQUIRED, None, why) for layer in LAYERS[1:]]
    return Report(name, None, None, None, (failed, *others), (finding,))


def portable(source: Source, limits: Limits) -> Source:
    """A source as another process can take it; of an open file that is too large, as much as is refused there too."""
    if not isinstance(source, memoryview) and not hasattr(source, "read"):
        return source
    try:
        return load(source, limits.max_bytes).data
    except UnsafeDocument:
        return bytes(limits.max_bytes + 1)


def expand(what: str | os.PathLike[str] | Iterable[Source]) -> list[Source]:
    """The sources that a pattern, a folder or a collection stands for, in a stable order.

    Raises:
        UsageError: Nothing goes with the pattern, or the folder holds no ``*.xml``.
    """
    if not isinstance(what, (str, os.PathLike)):
        return list(what)
    text = os.fspath(what)
    if text and Path(text).is_dir():
        found = sorted(str(path) for path in Path(text).glob("*.xml"))
    elif glob.has_magic(text) and not Path(text).exists():
        found = sorted(glob.glob(text, recursive=True))
    else:
        found = [text]
    if not found:
        raise UsageError(f"Nothing goes with {text}.", remedy="Name a file, a folder with .xml files, or a pattern.")
    return list(found)
