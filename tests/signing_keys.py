"""Keys and certificates for tests, made anew for each run: none of them is in the repo."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Curve = Literal["P-256", "P-384", "P-521", "secp256k1"]

NOW: Final = datetime.now(UTC).replace(microsecond=0)
DAY: Final = timedelta(days=1)

_CURVES: Final[dict[Curve, ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "secp256k1": ec.SECP256K1(),
}


@dataclass(frozen=True)
class KeyPair:
    """A private key and its public part, both as PEM."""

    private: bytes
    public: bytes


def new_key(curve: Curve = "P-256", password: bytes | None = None) -> KeyPair:
    """Make a key; only the first three curves may sign."""
    return _pair(ec.generate_private_key(_CURVES[curve]), password)


def key(name: str = "acme", curve: Curve = "P-256") -> KeyPair:
    """Return the key of a name: the same one each time during a run."""
    return _key(name, curve)


# Not on the public function: a cache distinguishes a default from the same value, given.
@cache
def _key(_name: str, curve: Curve) -> KeyPair:
    return new_key(curve)


@cache
def unusable_keys() -> dict[str, KeyPair]:
    """Return keys that OpenSSL knows and the format does not take."""
    return {
        "RSA": _pair(rsa.generate_private_key(65537, 2048)),
        "Ed25519": _pair(ed25519.Ed25519PrivateKey.generate()),
        "secp256k1": new_key("secp256k1"),
    }


@dataclass(frozen=True)
class Authority:
    """A certificate authority: a root, or one below it."""

    certificate: x509.Certificate
    key: Any
    above: "Authority | None" = None

    @property
    def pem(self) -> bytes:
        """Its own certificate."""
        pem: bytes = self.certificate.public_bytes(Encoding.PEM)
        return pem

    @property
    def chain(self) -> tuple[bytes, ...]:
        """Its certificate and those above it, up to the root."""
        return (self.pem, *(self.above.chain if self.above else ()))

    @property
    def root(self) -> bytes:
        """The certificate of the root."""
        return self.chain[-1]


@dataclass(frozen=True)
class Leaf:
    """A certificate of a signer, its key, and the chain above it; all as PEM."""

    private: bytes
    certificate: bytes
    chain: tuple[bytes, ...]
    root: bytes


@dataclass(frozen=True)
class Profile:
    """What a certificate says; the default is that of a signer."""

    subject: str = "acme release"
    emails: tuple[str, ...] = ("release@acme.example",)
    uris: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    since: datetime = NOW - DAY
    until: datetime = NOW + 30 * DAY
    is_authority: bool | None = False
    """None leaves the extension out."""
    path_length: int | None = None
    usage: tuple[str, ...] | None = ("digital_signature",)
    """None leaves the extension out."""
    purposes: tuple[x509.ObjectIdentifier, ...] | None = (ExtendedKeyUsageOID.CODE_SIGNING,)
    """None leaves the extension out."""
    curve: Curve = "P-256"


SIGNER: Final = Profile()
ROOT: Final = Profile(
    subject="acme root",
    emails=(),
    since=NOW - 365 * DAY,
    until=NOW + 365 * DAY,
    is_authority=True,
    usage=("key_cert_sign", "crl_sign"),
    purposes=None,
    curve="P-384",
)
INTERMEDIATE: Final = replace(ROOT, subject="acme intermediate")
WRONG_USAGES: Final = {
    "key usage without digitalSignature": replace(SIGNER, usage=("key_agreement",)),
    "extended key usage of a website": replace(SIGNER, purposes=(ExtendedKeyUsageOID.SERVER_AUTH,)),
    "no usage at all": replace(SIGNER, usage=None, purposes=None),
    "an authority": replace(SIGNER, is_authority=True, usage=("digital_signature", "key_cert_sign")),
}
"""Profiles of certificates that may not sign a release."""

EXPIRED: Final = replace(SIGNER, since=NOW - 30 * DAY, until=NOW - DAY)
NOT_YET_VALID: Final = replace(SIGNER, since=NOW + DAY)


def new_root(profile: Profile = ROOT) -> Authority:
    """Make a root authority."""
    private = ec.generate_private_key(_CURVES[profile.curve])
    return Authority(_certificate(profile, private.public_key(), None, private), private)


def new_intermediate(above: Authority, profile: Profile = INTERMEDIATE) -> Authority:
    """Make an authority below another one."""
    private = ec.generate_private_key(_CURVES[profile.curve])
    return Authority(_certificate(profile, private.public_key(), above.certificate, above.key), private, above)


def new_leaf(authority: Authority, profile: Profile = SIGNER) -> Leaf:
    """Make a certificate of a signer."""
    private = ec.generate_private_key(_CURVES[profile.curve])
    certificate = _certificate(profile, private.public_key(), authority.certificate, authority.key)
    return Leaf(_pair(private).private, certificate.public_bytes(Encoding.PEM), authority.chain, authority.root)


def new_self_signed(profile: Profile = SIGNER) -> Leaf:
    """Make a certificate of a signer that is its own root."""
    private = ec.generate_private_key(_CURVES[profile.curve])
    pem = _certificate(profile, private.public_key(), None, private).public_bytes(Encoding.PEM)
    return Leaf(_pair(private).private, pem, (pem,), pem)


def authority(name: str = "acme") -> Authority:
    """Return the intermediate authority of a name, below a root of its own: the same one each time during a run."""
    return _authority(name)


@cache
def _authority(name: str) -> Authority:
    root = new_root(replace(ROOT, subject=f"{name} root"))
    return new_intermediate(root, replace(ROOT, subject=f"{name} intermediate"))


def leaf(name: str = "acme", profile: Profile = SIGNER) -> Leaf:
    """Return the certificate of a signer below the authority of a name: the same one each time during a run."""
    return _leaf(name, profile)


@cache
def _leaf(name: str, profile: Profile) -> Leaf:
    return new_leaf(authority(name), profile)


def _pair(private: Any, password: bytes | None = None) -> KeyPair:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return KeyPair(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption),
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )


def _certificate(profile: Profile, public_key: Any, issuer: x509.Certificate | None, key: Any) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, profile.subject)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(profile.since)
        .not_valid_after(profile.until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    for extension, critical in _extensions(profile):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(key, SHA256())


def _extensions(profile: Profile) -> list[tuple[x509.ExtensionType, bool]]:
    found: list[tuple[x509.ExtensionType, bool]] = []
    if profile.is_authority is not None:
        found.append((x509.BasicConstraints(profile.is_authority, profile.path_length), True))
    if profile.usage is not None:
        found.append((_key_usage(profile.usage), True))
    if profile.purposes is not None:
        found.append((x509.ExtendedKeyUsage(profile.purposes), False))
    names = [
        *map(x509.RFC822Name, profile.emails),
        *map(x509.UniformResourceIdentifier, profile.uris),
        *map(x509.DNSName, profile.names),
    ]
    return [*found, (x509.SubjectAlternativeName(names), False)] if names else found


def _key_usage(usage: tuple[str, ...]) -> x509.KeyUsage:
    every = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
    others = ("key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
    return x509.KeyUsage(**{each: each in usage for each in (*every, *others)})
