"""Trust: the certificate of the other side is judged, and says who that is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from oso_bridge import identifiers
from oso_bridge.errors import UsageError, choose
from oso_bridge.identity import certificates, chains, files, revocation
from oso_bridge.identity.certificates import PURPOSES, Purpose
from oso_bridge.identity.files import Sources
from oso_bridge.identity.notices import Notice, refusal, refuse

_MOST_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Peer:
    """The other side, after its certificate was found good.

    Attributes:
        oin: Its OIN; None only for a server without one, of whom none was asked.
        organisation: The organisation in the certificate.
        fingerprint: The SHA-256 of the certificate in hexadecimal digits.
    """

    oin: str | None
    organisation: str
    fingerprint: str


class Trust:
    """Whom to let in, and by which roots and CRLs that is judged.

    A chain to a root is never enough: some certificates of persons hang under the same roots.  So a client or a signer
    has to be on the list of OINs, and a server has to bear the host that was called.

    Args:
        roots: The root certificates, and no others: nothing of the system or of browsers is used.
        crls: The CRLs of every issuer below and including the roots.  When they are given each level is checked, and a
            CRL that is stale or missing refuses; None does not check revocation at all, which production may not.
        allowed_oins: The OINs that are let in, or a function that says so of one.  None lets no client and no signer
            in; of a server it asks no OIN.
        chain: Intermediate certificates for those that do not send theirs.
        test: Whether test OINs (register 00000099) are let in.

    Raises:
        IdentityError: A file cannot be read, or a root is not one.
        UsageError: ``allowed_oins`` holds something else than OINs.
    """

    __slots__ = ("_allowed", "chain", "crls", "roots", "test")

    def __init__(
        self,
        *,
        roots: Sources,
        crls: Sources | None,
        allowed_oins: Collection[str] | Callable[[str], bool] | None = None,
        chain: Sources = (),
        test: bool = False,
    ) -> None:
        self.roots = tuple(dict.fromkeys(files.certificates(roots)))
        if not self.roots:
            raise refuse("no_roots")
        if not all(map(certificates.is_root, self.roots)):
            raise refuse("no_root")
        self.crls = None if crls is None else tuple(files.crls(crls))
        self.chain = tuple(files.certificates(chain))
        self.test = test
        self._allowed = _rule(allowed_oins)

    def __repr__(self) -> str:
        lists = "unchecked" if self.crls is None else len(self.crls)
        return f"<Trust roots={len(self.roots)} crls={lists} test={self.test}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process: certificates cannot go there, their bytes can."""
        crls = None if self.crls is None else _der(self.crls)
        return _restored, (_der(self.roots), crls, _der(self.chain), self.test, self._allowed)

    @property
    def has_list(self) -> bool:
        """Whether it was said which OINs are let in."""
        return self._allowed is not None

    def verify(
        self,
        chain: Sequence[bytes],
        purpose: Purpose,
        *,
        at: datetime | None = None,
        hostname: str | None = None,
    ) -> Peer:
        """Judge the certificate of the other side.

        Args:
            chain: The certificate and its issuers as DER, the certificate first; the root may be left out.
            purpose: What the other side used it for: ``client``, ``server`` or ``signing``.
            at: The time to judge by, with a time zone; now when None.
            hostname: For a server, the host or address that was called.

        Returns:
            Who the other side is.

        Raises:
            IdentityError: The certificate is not accepted; ``code`` says why.
            UsageError: There is no such purpose, or ``at`` has no time zone.
        """
        if purpose not in PURPOSES:
            raise UsageError("There is no such purpose.", remedy=choose(purpose, PURPOSES))
        if at is not None and at.tzinfo is None:
            raise UsageError("A time needs a time zone.")
        leaf, *others = _parse(chain)
        where = f"certificate {certificates.fingerprint(leaf)[:16]}"
        try:
            found = next(self._problems(leaf, others, purpose, at or datetime.now(UTC), hostname), None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # not chained: messages of the library quote the subject
            raise refuse("malformed", where) from None
        if found:
            raise refusal(found, where)
        return Peer(certificates.oin(leaf), certificates.organisation(leaf), certificates.fingerprint(leaf))

    def _problems(
        self, leaf: x509.Certificate, others: list[x509.Certificate], purpose: Purpose, at: datetime, host: str | None
    ) -> Iterator[Notice]:
        """What is wrong, in the order in which it is asked: the chain before anything that the certificate says."""
        chain = chains.build(leaf, (*others, *self.chain), self.roots)
        yield from certificates.about_use(leaf, purpose)
        yield from chains.problems(chain, self.roots, purpose, at)
        if self.crls is not None:
            yield from revocation.problems(chain, self.roots, self.crls, at)
        if purpose == "server":
            yield from chains.about_host(chain, self.roots, host, at) if host else [Notice("no_host")]
        yield from self._about_party(leaf, purpose)

    def _about_party(self, leaf: x509.Certificate, purpose: Purpose) -> Iterator[Notice]:
        """Whether this party is let in."""
        yield from certificates.about_person(leaf)
        needed = purpose != "server" or self._allowed is not None
        if needed or len(certificates.serial_numbers(leaf)) > 1:
            yield from certificates.about_oin(leaf)
        number = certificates.oin(leaf)
        if certificates.is_test(number) and not self.test:
            yield Notice("test_oin", {"oin": str(number)})
        if self._allowed is None and purpose != "server":
            yield Notice("no_list")
        elif self._allowed is not None and number is not None and not self._allowed(number):
            yield Notice("not_allowed", {"oin": number})


def _der(items: Iterable[x509.Certificate | x509.CertificateRevocationList]) -> list[bytes]:
    return [item.public_bytes(Encoding.DER) for item in items]


def _restored(
    roots: list[bytes], crls: list[bytes] | None, chain: list[bytes], test: bool, allowed: Callable[[str], bool] | None
) -> Trust:
    """What :meth:`Trust.__reduce__` took apart."""
    return Trust(roots=roots, crls=crls, chain=chain, test=test, allowed_oins=allowed)


def _rule(allowed: Collection[str] | Callable[[str], bool] | None) -> Callable[[str], bool] | None:
    """What says whether an OIN is let in."""
    if allowed is None or callable(allowed):
        return allowed
    # a text is a collection of letters, and in it would look for parts of it
    if isinstance(allowed, (str, bytes)) or not all(map(identifiers.oin.is_valid, allowed)):
        raise UsageError("allowed_oins has to be a collection of OINs.", remedy='For one: {"0000000700000YY00931"}.')
    return frozenset(allowed).__contains__


def _parse(chain: Sequence[bytes]) -> list[x509.Certificate]:
    """The certificates of a chain as it came from the other side.

    Raises:
        IdentityError: There is none, there are too many, or one is not a certificate.
    """
    if not chain:
        raise refuse("tls_peer_without_certificate")
    if len(chain) > chains.MOST or any(len(item) > _MOST_BYTES for item in chain):
        raise refuse("long_chain", most=str(chains.MOST))
    try:
        return [certificates.load(item) for item in chain]
    except ValueError:
        raise refuse("malformed") from None
