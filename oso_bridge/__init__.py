"""oso_bridge: the onderwijskundig rapport and student records for Dutch school software.

    import oso_bridge as oso

    report = oso.check("overstap.xml")      # a Report for any content
    document = oso.read("overstap.xml")     # a Document, or NotXml, UnsafeDocument, UnknownRelease

Names are loaded when they are first used, so that ``import oso_bridge`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso_bridge import lazy
from oso_bridge._version import __version__

if TYPE_CHECKING:
    from oso_bridge.batch import Outcome, convert_many
    from oso_bridge.binding import Loss
    from oso_bridge.bundles.installing import AddedRelease, add_release, remove_release
    from oso_bridge.codes import CodeList
    from oso_bridge.compare import Change, Differences, Merged, diff, merge
    from oso_bridge.conversion import Conversion, convert
    from oso_bridge.document import Document, check, check_each, check_many, read
    from oso_bridge.drafting import Draft, draft, drafts
    from oso_bridge.errors import (
        BundleRefused,
        DataError,
        DocumentError,
        FieldError,
        IdentityError,
        IllTyped,
        MessageRefused,
        NotADossier,
        NotChecked,
        NotXml,
        OsoBridgeError,
        SignatureRefused,
        TransportError,
        UnknownRelease,
        UnsafeDocument,
        UsageError,
        WouldLose,
        WriteRefused,
    )
    from oso_bridge.findings import Finding, Layer, Message, Severity, State
    from oso_bridge.identity import Identity, Peer, Trust
    from oso_bridge.mappings import Mapping, MappingLoss, TableLimits, mapping
    from oso_bridge.model.where import codelist
    from oso_bridge.overrides import Override, Overrides
    from oso_bridge.parcels import Delivery, Parcel, Receipt, Transport
    from oso_bridge.releases import Release, installed
    from oso_bridge.report import Report, Reports
    from oso_bridge.results import Collected, results_of
    from oso_bridge.rules.explain import explain
    from oso_bridge.streaming import StreamItem, stream
    from oso_bridge.transports import Retry, transport
    from oso_bridge.writing import losses, todo, write
    from oso_bridge.xml.limits import Limits

_HOMES = {
    "batch": ("Outcome", "convert_many"),
    "document": ("Document", "check", "check_each", "check_many", "read"),
    "bundles.installing": ("AddedRelease", "add_release", "remove_release"),
    "errors": (
        "BundleRefused",
        "DataError",
        "DocumentError",
        "FieldError",
        "IdentityError",
        "IllTyped",
        "MessageRefused",
        "NotADossier",
        "NotChecked",
        "NotXml",
        "OsoBridgeError",
        "SignatureRefused",
        "TransportError",
        "UnknownRelease",
        "UnsafeDocument",
        "UsageError",
        "WouldLose",
        "WriteRefused",
    ),
    "findings": ("Finding", "Layer", "Message", "Severity", "State"),
    "identity": ("Identity", "Peer", "Trust"),
    "mappings": ("Mapping", "MappingLoss", "TableLimits", "mapping"),
    "model.where": ("codelist",),
    "overrides": ("Override", "Overrides"),
    "parcels": ("Delivery", "Parcel", "Receipt", "Transport"),
    "releases": ("Release", "installed"),
    "report": ("Report", "Reports"),
    "rules.explain": ("explain",),
    "binding": ("Loss",),
    "codes": ("CodeList",),
    "conversion": ("Conversion", "convert"),
    "drafting": ("Draft", "draft", "drafts"),
    "results": ("Collected", "results_of"),
    "compare": ("Change", "Differences", "Merged", "diff", "merge"),
    "streaming": ("StreamItem", "stream"),
    "transports": ("Retry", "transport"),
    "writing": ("losses", "todo", "write"),
    "xml.limits": ("Limits",),
}

__all__ = [
    "AddedRelease",
    "BundleRefused",
    "Change",
    "CodeList",
    "Collected",
    "Conversion",
    "DataError",
    "Delivery",
    "Differences",
    "Document",
    "DocumentError",
    "Draft",
    "FieldError",
    "Finding",
    "Identity",
    "IdentityError",
    "IllTyped",
    "Layer",
    "Limits",
    "Loss",
    "Mapping",
    "MappingLoss",
    "Merged",
    "Message",
    "MessageRefused",
    "NotADossier",
    "NotChecked",
    "NotXml",
    "OsoBridgeError",
    "Outcome",
    "Override",
    "Overrides",
    "Parcel",
    "Peer",
    "Receipt",
    "Release",
    "Report",
    "Reports",
    "Retry",
    "Severity",
    "SignatureRefused",
    "State",
    "StreamItem",
    "TableLimits",
    "Transport",
    "TransportError",
    "Trust",
    "UnknownRelease",
    "UnsafeDocument",
    "UsageError",
    "WouldLose",
    "WriteRefused",
    "__version__",
    "add_release",
    "check",
    "check_each",
    "check_many",
    "codelist",
    "convert",
    "convert_many",
    "diff",
    "draft",
    "drafts",
    "explain",
    "installed",
    "losses",
    "mapping",
    "merge",
    "read",
    "remove_release",
    "results_of",
    "stream",
    "todo",
    "transport",
    "write",
]

__getattr__, __dir__ = lazy.attributes(__name__, _HOMES)
