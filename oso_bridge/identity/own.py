"""Identity: our own certificate and key for one purpose, checked before anybody else sees it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from oso_bridge.errors import UsageError, choose
from oso_bridge.identity import certificates, chains, files, revocation, tls
from oso_bridge.identity.certificates import PURPOSES, Purpose
from oso_bridge.identity.files import Contents, Passphrase, Password, Source, Sources
from oso_bridge.identity.notices import Notice, refusal, refuse
from oso_bridge.identity.trust import Trust

Check = Literal["strict", "warn"]
CHECKS: tuple[Check, ...] = get_args(Check)


class Identity:
    """A certificate with its private key, for one purpose.

    A client, a server and a signer each have an identity of their own: certificates of PKIoverheid have one purpose,
    and those of two purposes may hang under different roots.

    Args:
        certificate: A PEM (certificate, and if you like chain and key), a DER, or a PKCS#12 (``.p12``, ``.pfx``).
        key: The key, when it stands apart.
        password: Opens the key: the password, or a function that gives it.
        password_env: The name of an environment variable with the password, instead.
        chain: The issuers, when they stand apart.
        roots: The roots under which this certificate hangs, and by default those of the other side too.
        crls: The CRLs of all levels; None does not check revocation.
        purpose: ``client``, ``server`` or ``signing``.
        trust: Whom to trust on the other side, when that differs from ``roots`` and ``crls``; a server needs it.
        check: ``strict`` refuses a certificate that the other side would refuse; ``warn`` only warns of it.

    Raises:
        IdentityError: A file cannot be used, the key does not fit, or (``strict``) the certificate is not good.
        UsageError: There is no such purpose or check, or two passwords are given.
    """

    __slots__ = ("_chain", "_key", "_notices", "_roots", "_trust", "purpose")

    def __init__(
        self,
        certificate: Source,
        key: Source | None = None,
        *,
        password: Passphrase | None = None,
        password_env: str | None = None,
        chain: Sources = (),
        roots: Sources = (),
        crls: Sources | None = None,
        purpose: Purpose = "client",
        trust: Trust | None = None,
        check: Check = "strict",
    ) -> None:
        _known(purpose, PURPOSES, "purpose")
        _known(check, CHECKS, "check")
        self.purpose = purpose
        secret = Password(password, password_env)
        held = files.load(certificate, secret)
        self._key = _private_key(held if key is None else files.load(key, secret), secret)
        if crls is not None and not roots:
            raise refuse("no_roots", held.where)  # lists say nothing of a chain that ends nowhere
        issuers = files.certificates(chain)
        leaf = _own(held, issuers, self._key)
        named = Trust(roots=roots, crls=crls, test=certificates.is_test(certificates.oin(leaf))) if roots else None
        self._roots = named.roots if named else ()
        self._trust = trust or named
        self._chain = chains.build(leaf, [*held.certificates, *issuers], self._roots)
        extra = [item for item in (*held.certificates, *issuers) if item not in self._chain]
        faults = list(self._faults(named.crls if named else None))
        if faults and check == "strict":
            raise refusal(faults[0], held.where)
        self._notices = [*faults, *self._remarks(extra, named)]

    def __repr__(self) -> str:
        return f"<Identity {self.purpose} {self.oin or 'without OIN'} until {self.not_after:%Y-%m-%d}>"

    def _faults(self, crls: Sequence[revocation.CRL] | None) -> Iterator[Notice]:
        """Why the other side would refuse this certificate."""
        try:
            yield from self._found(crls)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            yield Notice("malformed")

    def _found(self, crls: Sequence[revocation.CRL] | None) -> Iterator[Notice]:
        leaf, now = self.certificate, datetime.now(UTC)
        yield from certificates.about_use(leaf, self.purpose)
        if self.purpose != "server":
            yield from certificates.about_person(leaf)
            yield from certificates.about_oin(leaf)
        elif not certificates.has_san(leaf):
            yield Notice("no_san")
        if self._roots:
            yield from chains.problems(self._chain, self._roots, self.purpose, now)
        else:
            yield from chains.without_roots(self._chain, now)
        if crls is not None:
            yield from revocation.problems(self._chain, self._roots, crls, now)

    def _remarks(self, extra: list[x509.Certificate], named: Trust | None) -> Iterator[Notice]:
        """What is good now, and has to be known all the same."""
        if certificates.is_test(self.oin):
            yield Notice("is_test", {"oin": str(self.oin)})
        if self.purpose == "server":
            yield from certificates.about_oin(self.certificate)
        for certificate, level in chains.levels(self._chain, self._roots):
            yield from certificates.about_short_key(certificate, level)
        roots = [item for item in extra if certificates.is_self_signed(item)]
        if roots:
            yield Notice("root_included")
        if len(extra) > len(roots):
            yield Notice("foreign_in_chain", {"number": str(len(extra) - len(roots))})
        if named is None:
            yield Notice("roots_unchecked")
        elif named.crls is None:
            yield Notice("crls_unchecked")

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate."""
        return self._chain[0]

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The certificate and its issuers as they are sent: without a root."""
        first, *issuers = self._chain
        return (first, *(item for item in issuers if not certificates.is_self_signed(item)))

    @property
    def key(self) -> Any:
        """The private key, for what signs with it; keep it out of logs."""
        return self._key

    @property
    def trust(self) -> Trust | None:
        """Whom to trust on the other side; None when neither ``trust`` nor ``roots`` was given."""
        return self._trust

    @property
    def oin(self) -> str | None:
        """The OIN (20 positions); None when the certificate has none."""
        return certificates.oin(self.certificate)

    @property
    def subject(self) -> str:
        """The organisation in the certificate."""
        return certificates.organisation(self.certificate)

    @property
    def not_after(self) -> datetime:
        """Until when it is valid, in UTC."""
        return self.certificate.not_valid_after_utc

    @property
    def days_left(self) -> int:
        """How many whole days it is still valid; negative when it has expired."""
        return (self.not_after - datetime.now(UTC)).days

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the certificate in hexadecimal digits."""
        return certificates.fingerprint(self.certificate)

    def warnings(self, within: int = 60) -> list[Notice]:
        """What its owner has to know: expiry, keys that are phased out, what was not checked.

        Args:
            within: Warn of certificates of the chain that expire within so many days.
        """
        now, found = datetime.now(UTC), list(self._notices)
        for certificate, level in chains.levels(self._chain, self._roots):
            known = [*certificates.about_time(certificate, now, level)]
            found += [notice for notice in known if notice not in found]
            found += certificates.about_end(certificate, now, level, within)
        return found

    def client_context(self, trust: Trust | None = None) -> tls.Context:
        """A context for calling servers, made anew at each call.

        Args:
            trust: Whom to trust, in the place of that of this identity.

        Raises:
            IdentityError: This identity is for another purpose, or no roots are known.
        """
        return self._equip(tls.client_context(self._other_side("client", trust)))

    def server_context(self, trust: Trust | None = None) -> tls.Context:
        """A context for serving; every client has to show a certificate and to be on the list.

        Args:
            trust: Whom to let in, in the place of that of this identity.

        Raises:
            IdentityError: This identity is for another purpose, or it was not said who is let in.
        """
        return self._equip(tls.server_context(self._other_side("server", trust)))

    def _other_side(self, purpose: Purpose, trust: Trust | None) -> Trust:
        if purpose != self.purpose:
            raise refuse("wrong_usage", purpose=purpose)
        chosen = trust or self._trust
        if chosen is None:
            raise refuse("no_roots")
        return chosen

    def _equip(self, made: tls.Context) -> tls.Context:
        tls.load_key(made, self.chain, self._key)
        return made


def _known(given: str, known: Sequence[str], what: str) -> None:
    if given not in known:
        raise UsageError(f"There is no such {what}.", remedy=choose(given, known))


def _private_key(held: Contents, password: Password) -> Any:
    """The one private key of a source."""
    if not held.keys:
        raise refuse("no_key", held.where)
    if len(held.keys) > 1:
        raise refuse("several_keys", held.where)
    return held.keys[0](password)


def _own(held: Contents, issuers: Sequence[x509.Certificate], key: Any) -> x509.Certificate:
    """The certificate that the key belongs to."""
    if not held.certificates:
        raise refuse("no_certificate", held.where)
    public = key.public_key()
    found = next((item for item in held.certificates if certificates.fits(item, public)), None)
    if found is None:
        raise refuse(
            "swapped" if any(certificates.fits(item, public) for item in issuers) else "key_mismatch", held.where
        )
    return found
