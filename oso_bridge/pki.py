"""A test authority: certificates with test OINs, in four levels like those of PKIoverheid.

For test suites, demonstrations and the simulator.  Everything it makes says TEST, every OIN has the register of tests
(``00000099``), and every host that it invents lies below ``.invalid``.  Never for production.

    authority = Authority()
    bron = authority.issue("client", name="bron")
    trust = authority.trust(allowed_oins={fictional_oin("bron")})
    identity = authority.identity("client", name="bron")
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from oso_bridge.errors import UsageError, choose
from oso_bridge.identifiers import oin as oin_identifier
from oso_bridge.identity import Identity, Trust
from oso_bridge.identity.certificates import PURPOSES, TEST_REGISTER, Purpose

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
KeyKind = Literal["ec", "rsa"]
Usage = x509.ObjectIdentifier

LOCAL_HOSTS = ("localhost", "127.0.0.1")
"""The hosts of a server certificate when none are named."""

_LEVELS = ("Root", "Domain", "TSP")
_MARK = b"# TEST: made by a test authority of oso_bridge. Not for production.\n"
_USAGES: dict[str, tuple[Usage, ...]] = {
    "client": (ExtendedKeyUsageOID.CLIENT_AUTH,),
    "server": (ExtendedKeyUsageOID.SERVER_AUTH,),
    "signing": (),
}


def fictional_oin(name: str) -> str:
    """A test OIN that is always the same for a name.

    >>> fictional_oin("bron")
    '00000099440268870000'
    """
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % 10**9
    return f"{TEST_REGISTER}{number:09}000"


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """A certificate of a test authority with its key.

    Attributes:
        certificate: The certificate.
        key: Its private key.
        chain: The authorities above it, without the root.
    """

    certificate: x509.Certificate
    key: Key
    chain: tuple[x509.Certificate, ...]

    def __repr__(self) -> str:
        return f"<Issued {self.certificate.serial_number:x}>"

    def pem(self, password: str | None = None) -> bytes:
        """Certificate, chain and key as one PEM.

        Args:
            password: Encrypts the key; not encrypted when None.
        """
        return b"".join([_MARK, self.key_pem(password), pem(self.certificate, *self.chain)])

    def key_pem(self, password: str | None = None) -> bytes:
        """The key as PEM (PKCS#8).

        Args:
            password: Encrypts it; not encrypted when None.
        """
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, _encryption(password)
        )

    def p12(self, password: str | None = None) -> bytes:
        """Certificate, chain and key as PKCS#12.

        Args:
            password: Encrypts it; not encrypted when None.
        """
        return pkcs12.serialize_key_and_certificates(
            b"TEST", self.key, self.certificate, list(self.chain), _encryption(password)
        )


class Authority:
    """A test authority of three levels: a root, a domain and a TSP, which issues the end certificates.

    Args:
        kind: The kind of keys: ``ec`` (P-256, made at once) or ``rsa`` (3072 bits, as PKIoverheid has them).
        at: When it begins, with a time zone; now when None.
        days: How long its certificates and CRLs are valid.
    """

    def __init__(self, *, kind: KeyKind = "ec", at: datetime | None = None, days: int = 365) -> None:
        self.kind = kind
        self.begins = (at or datetime.now(UTC)).replace(microsecond=0) - timedelta(hours=1)
        self.ends = self.begins + timedelta(days=days)
        self._revoked: list[x509.Certificate] = []
        self._levels: list[tuple[x509.Certificate, Key]] = []
        for level in _LEVELS:
            self._add(level)

    def _add(self, level: str) -> None:
        """The next authority below those that are there."""
        key, subject = make_key(self.kind), _name(f"TEST {level} CA oso_bridge")
        issuer, signer = (self._levels[-1][0].subject, self._levels[-1][1]) if self._levels else (subject, key)
        made = self._builder(subject, issuer, key, signer, self.begins, self.ends)
        made = made.add_extension(
            x509.BasicConstraints(ca=True, path_length=0 if level == _LEVELS[-1] else None), critical=True
        )
        made = made.add_extension(_key_usage("key_cert_sign", "crl_sign"), critical=True)
        self._levels.append((made.sign(signer, hashes.SHA256()), key))

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: Key, signer: Key, begins: datetime, ends: datetime
    ) -> x509.CertificateBuilder:
        """What every certificate has."""
        made = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number(), begins, ends)
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        return made.add_extension(above, critical=False)

    @property
    def root(self) -> x509.Certificate:
        """The root, which the other side has to trust."""
        return self._levels[0][0]

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The authorities between an end certificate and the root, the nearest first."""
        return tuple(certificate for certificate, _ in reversed(self._levels[1:]))

    def issue(
        self,
        purpose: Purpose,
        *,
        name: str = "test",
        oin: str | Sequence[str] | None = None,
        hosts: Iterable[str] | None = None,
        usages: Sequence[Usage] | None = None,
        person: str | None = None,
        begins: datetime | None = None,
        ends: datetime | None = None,
        key: Key | None = None,
    ) -> Issued:
        """Issue an end certificate; with the later arguments also one that has to be refused.

        Args:
            purpose: ``client``, ``server`` or ``signing``.
            name: The party; in the organisation and, for a server, in its host below ``.invalid``.
            oin: What stands in the serialNumber of the subject, as it is given; several when it is a list; the test
                OIN of the name when None.
            hosts: Names and addresses of a server; :data:`LOCAL_HOSTS` when None. Without any there is no SAN.
            usages: The extended key usages; those of the purpose when None.
            person: A surname, which makes it a personal certificate.
            begins: From when it is valid; as the authority when None.
            ends: Until when it is valid; as the authority when None.
            key: Its key; a new one when None.

        Raises:
            UsageError: There is no such purpose.
        """
        if purpose not in PURPOSES:
            raise UsageError("There is no such purpose.", remedy=choose(purpose, PURPOSES))
        numbers = [fictional_oin(name)] if oin is None else [oin] if isinstance(oin, str) else list(oin)
        key, (above, signer) = key or make_key(self.kind), self._levels[-1]
        subject = _name(f"TEST {name} {purpose}", f"TEST {name}", numbers, person)
        made = self._builder(subject, above.subject, key, signer, begins or self.begins, ends or self.ends)
        for extension, critical in _extensions(purpose, name, hosts, usages):
            made = made.add_extension(extension, critical)
        return Issued(made.sign(signer, hashes.SHA256()), key, self.chain)

    def revoke(self, certificate: x509.Certificate) -> None:
        """Put a certificate, of an end or of an authority, on the lists that are made from now on."""
        self._revoked.append(certificate)

    def crls(self, *, begins: datetime | None = None, ends: datetime | None = None) -> list[bytes]:
        """The CRLs of root, domain and TSP as PEM.

        Args:
            begins: When they were made; with the authority when None.
            ends: When the next ones come; when the authority ends when None.
        """
        lists = [self._crl(level, begins or self.begins, ends or self.ends) for level in range(len(self._levels))]
        return [made.public_bytes(serialization.Encoding.PEM) for made in lists]

    def _crl(self, level: int, begins: datetime, ends: datetime) -> x509.CertificateRevocationList:
        issuer, key = self._levels[level]
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
        made = x509.CertificateRevocationListBuilder(issuer.subject, begins, ends)
        made = made.add_extension(above, critical=False).add_extension(x509.CRLNumber(1), critical=False)
        for certificate in self._revoked:
            if certificate.issuer == issuer.subject:
                made = made.add_revoked_certificate(
                    x509.RevokedCertificateBuilder(certificate.serial_number, begins).build()
                )
        return made.sign(key, hashes.SHA256())

    def trust(self, *, allowed_oins: Any = None, **options: Any) -> Trust:
        """What the other side of certificates of this authority needs.

        Args:
            allowed_oins: As of :class:`oso_bridge.Trust`.
            options: The other arguments of :class:`oso_bridge.Trust`, in the place of those of this authority.
        """
        given: dict[str, Any] = {"roots": pem(self.root), "crls": self.crls(), "test": True, **options}
        return Trust(allowed_oins=allowed_oins, **given)

    def identity(self, purpose: Purpose = "client", *, name: str = "test", trust: Trust | None = None) -> Identity:
        """A new certificate of this authority as an identity.

        Args:
            purpose: ``client``, ``server`` or ``signing``.
            name: The party.
            trust: Whom it trusts; the certificates of this authority when None.
        """
        made = self.issue(purpose, name=name).pem()
        return Identity(made, roots=pem(self.root), crls=self.crls(), purpose=purpose, trust=trust)

    def save(
        self,
        folder: str | Path,
        names: Sequence[str] = ("bron",),
        *,
        oins: Sequence[str] = (),
        hosts: Iterable[str] | None = None,
        p12_password: str | None = None,
    ) -> list[Path]:
        """Write root, chain, CRLs, and for each name a client, a server and a signing certificate with its key.

        Args:
            folder: Where; made when it is not there.
            names: The parties.
            oins: Their OINs, in the same order; test OINs when empty.
            hosts: The hosts of the servers; :data:`LOCAL_HOSTS` when None.
            p12_password: Writes each as PKCS#12 too, under this password.

        Returns:
            The files; those with a key can be read by their owner only.

        Raises:
            UsageError: One of the files is there already, a name cannot be that of a file, or an OIN is not one of
                tests. Nothing is written then.
        """
        numbers, names_of_hosts = _parties(names, oins), list(LOCAL_HOSTS if hosts is None else hosts)
        files = {"root.pem": _MARK + pem(self.root), "chain.pem": _MARK + pem(*self.chain)}
        files["crls.pem"] = _MARK + b"".join(self.crls())
        for name, number in numbers.items():
            for purpose in PURPOSES:
                issued = self.issue(purpose, name=name, oin=number, hosts=names_of_hosts)
                files[f"{name}-{purpose}.pem"] = issued.pem()
                if p12_password is not None:
                    files[f"{name}-{purpose}.p12"] = issued.p12(p12_password)
        return _write(Path(folder), files)


def make_key(kind: KeyKind = "ec") -> Key:
    """A new private key.

    Args:
        kind: ``ec`` (P-256) or ``rsa`` (3072 bits).
    """
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 3072)


def pem(*certificates: x509.Certificate) -> bytes:
    """Certificates as PEM, one after the other."""
    return b"".join(certificate.public_bytes(serialization.Encoding.PEM) for certificate in certificates)


def _encryption(password: str | None) -> serialization.KeySerializationEncryption:
    if password is None:
        return serialization.NoEncryption()
    return serialization.BestAvailableEncryption(password.encode())


def _name(
    common: str, organisation: str = "TEST oso_bridge", numbers: Iterable[str] = (), person: str | None = None
) -> x509.Name:
    """A subject; the OIN is its serialNumber (PKI001), which is not the serial number of the certificate."""
    parts = [(NameOID.COUNTRY_NAME, "NL"), (NameOID.ORGANIZATION_NAME, organisation), (NameOID.COMMON_NAME, common)]
    parts += [(NameOID.SERIAL_NUMBER, number) for number in numbers]
    parts += [(NameOID.SURNAME, person)] if person else []
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in parts])


_KEY_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


def _key_usage(*allowed: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in allowed for usage in _KEY_USAGES})


def _extensions(
    purpose: Purpose, name: str, hosts: Iterable[str] | None, usages: Sequence[Usage] | None
) -> list[tuple[x509.ExtensionType, bool]]:
    """What an end certificate has, and whether it is critical."""
    found: list[tuple[x509.ExtensionType, bool]] = [(_key_usage("digital_signature"), True)]
    wanted = _USAGES[purpose] if usages is None else usages
    if wanted:
        found.append((x509.ExtendedKeyUsage(wanted), False))
    named = [f"{name.lower()}.oso.invalid", *LOCAL_HOSTS] if hosts is None else list(hosts)
    if purpose == "server" and named:
        found.append((x509.SubjectAlternativeName([_host(host) for host in named]), False))
    return found


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _parties(names: Sequence[str], oins: Sequence[str]) -> dict[str, str]:
    """The OIN of each name."""
    if oins and len(oins) != len(names):
        raise UsageError("There must be as many OINs as names.")
    if len(set(names)) != len(names) or not all(name.isascii() and name.isalnum() for name in names):
        raise UsageError("A name is letters and digits, and no two are the same.")
    numbers = dict(zip(names, oins or [fictional_oin(name) for name in names], strict=True))
    if not all(oin_identifier.is_valid(number) and number.startswith(TEST_REGISTER) for number in numbers.values()):
        raise UsageError(f"A test OIN has 20 positions and begins with {TEST_REGISTER}.")
    return numbers


def _write(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """Write new files; all of them may hold a key, so all are for their owner."""
    paths = {folder / name: content for name, content in files.items()}
    taken = [path for path in paths if os.path.lexists(path)]
    if taken:
        raise UsageError(
            "There is such a file already; nothing was written.", where=str(taken[0]), remedy="Choose an empty folder."
        )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path, content in paths.items():
        private = b"PRIVATE KEY" in content or path.suffix == ".p12"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644), "wb") as file:
            file.write(content)
    return list(paths)
