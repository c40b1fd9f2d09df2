"""Write bundles of Sigstore with a DSSE envelope as the stock tools read them, and read them strictly.

Bundle: https://docs.sigstore.dev/about/bundle/, version 0.3. Envelope, and the encoding of it that is signed:
https://github.com/secure-systems-lab/dsse/blob/master/protocol.md. Before its version 1.0, `model_signing` signed
another encoding by mistake. Its command still accepts those signatures; they are refused here.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hublish.attestation.interface import InvalidSignatureError
from hublish.attestation.strict import list_of, object_with, read_object, text_of
from hublish.schemas.documents.signing import SigningMethod

MEDIA_TYPE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
"""The only type of bundle that is written or read."""

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
"""The only type of payload: an in-toto statement as JSON."""

MOST_BYTES: Final = 64 * 1024 * 1024
"""The size of the largest bundle, in bytes; that of 100,000 files has 15 to 30 MB."""

# Longer than any chain in use, and short enough to verify at once.
_MOST_CERTIFICATES: Final = 10
_MOST_CERTIFICATE_BYTES: Final = 64 * 1024
_MOST_SIGNATURE_BYTES: Final = 1024
# A bundle is a few long strings. Of 64 MB of small values, each takes 30 times its size in memory and seconds to parse.
_MOST_SEPARATORS: Final = 10_000
_SEPARATORS: Final = b"{[, \t\n\r"


@dataclass(frozen=True, slots=True)
class PublicKeyHint:
    """The material of a signature by a key: which key it says it is of."""

    sha256: str
    """In hexadecimal: of the public key as PEM, as the stock tool computes it."""


@dataclass(frozen=True, slots=True)
class CertificateChain:
    """The material of a signature by a certificate."""

    certificates: tuple[bytes, ...]
    """As DER: the one of the signer, then those that lead to a root."""


@dataclass(frozen=True, slots=True)
class LoggedCertificate:
    """The material of a keyless signature: the certificate of one run, and its entry in a transparency log.

    The library of Sigstore reads and verifies both.
    """

    certificate: bytes
    """As DER."""


Material = PublicKeyHint | CertificateChain | LoggedCertificate


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle whose form is valid. Its statement can be had only by verifying the signature."""

    material: Material
    _signature: bytes
    _statement: bytes = field(repr=False)

    @property
    def unverified_method(self) -> SigningMethod:
        """The method that the bundle says it was made with: good for choosing a verifier and for nothing else."""
        match self.material:
            case PublicKeyHint():
                return "key"
            case CertificateChain():
                return "certificate"
            case LoggedCertificate():
                return "sigstore"

    def statement_if(self, verify: Callable[[bytes, bytes], None]) -> bytes:
        """Return the statement after `verify` has accepted the signature, the first argument, over the second.

        Raises:
            InvalidSignatureError: or whatever else `verify` raises.
        """
        verify(self._signature, signed_bytes(self._statement))
        return self._statement


def signed_bytes(statement: bytes) -> bytes:
    """Return the bytes that a signature in a DSSE envelope is over: its pre-authentication encoding."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(statement), statement)


def write_bundle(material: PublicKeyHint | CertificateChain, statement: bytes, signature: bytes) -> bytes:
    """Return a bundle as JSON on one line, without a line feed; equal arguments give equal bytes."""
    # The keys are sorted. The stock tools want a list of log entries, even where there is no log.
    return (
        f'{{"dsseEnvelope":{{"payload":"{_base64(statement)}","payloadType":"{PAYLOAD_TYPE}",'
        f'"signatures":[{{"keyid":"","sig":"{_base64(signature)}"}}]}},"mediaType":"{MEDIA_TYPE}",'
        f'"verificationMaterial":{{{_written_material(material)}}}}}'
    ).encode()


def read_bundle(data: bytes) -> Bundle:
    """Return a bundle whose form is valid; its signature is not verified.

    Raises:
        InvalidSignatureError: it is not a bundle of one signature over one in-toto statement, it has a field that is
            not known, or it is too large.
    """
    if len(data) - len(data.translate(None, _SEPARATORS)) > _MOST_SEPARATORS:
        raise InvalidSignatureError("the bundle has more values or spaces than a bundle needs")
    fields = object_with(
        read_object(data, "the bundle", max_bytes=MOST_BYTES),
        "the bundle",
        {"mediaType", "verificationMaterial", "dsseEnvelope"},
    )
    if (media_type := text_of(fields, "mediaType")) != MEDIA_TYPE:
        raise InvalidSignatureError(f"a bundle of type {media_type!r}; hublish reads {MEDIA_TYPE}")
    envelope = object_with(fields["dsseEnvelope"], "dsseEnvelope", {"payload", "payloadType", "signatures"})
    if (payload_type := text_of(envelope, "payloadType")) != PAYLOAD_TYPE:
        raise InvalidSignatureError(f"a payload of type {payload_type!r}; hublish reads {PAYLOAD_TYPE}")
    return Bundle(
        material=_read_material(fields["verificationMaterial"]),
        _signature=_only_signature(list_of(envelope, "signatures")),
        _statement=_bytes_of(envelope, "payload", MOST_BYTES),
    )


def _only_signature(signatures: list[Any]) -> bytes:
    # A reader may want one valid signature of several, or all of them.
    if len(signatures) != 1:
        raise InvalidSignatureError(f"a bundle has one signature, and this one has {len(signatures)}")
    signature = object_with(signatures[0], "signatures[0]", {"sig"}, {"keyid"})
    # Not part of what is signed: a name in it would prove nothing.
    if signature.get("keyid", "") != "":
        raise InvalidSignatureError("signatures[0] has a keyid; the key is named by verificationMaterial")
    return _bytes_of(signature, "sig", _MOST_SIGNATURE_BYTES)


def _written_material(material: PublicKeyHint | CertificateChain) -> str:
    match material:
        case PublicKeyHint(sha256):
            return f'"publicKey":{{"hint":"{sha256}"}},"tlogEntries":[]'
        case CertificateChain(certificates):
            chain = ",".join(f'{{"rawBytes":"{_base64(certificate)}"}}' for certificate in certificates)
            return f'"tlogEntries":[],"x509CertificateChain":{{"certificates":[{chain}]}}'


def _read_material(value: Any) -> Material:
    place = "verificationMaterial"
    kinds = ("publicKey", "x509CertificateChain", "certificate")
    optional = {*kinds, "tlogEntries", "timestampVerificationData"}
    fields = object_with(value, place, frozenset(), optional)
    found = [kind for kind in kinds if kind in fields]
    if len(found) != 1:
        raise InvalidSignatureError(f"{place} has one of {', '.join(kinds)}, and this one has {len(found)}")
    material = fields[found[0]]
    if found[0] == "certificate":
        list_of(fields, "tlogEntries")
        return LoggedCertificate(_certificate(material, "certificate"))
    # Evidence that would not be verified must not be there to impress.
    if fields.get("tlogEntries", []) != [] or "timestampVerificationData" in fields:
        raise InvalidSignatureError(
            f"{place} has entries of a log or timestamps; those of a {found[0]} are not verified"
        )
    return _public_key(material) if found[0] == "publicKey" else _certificate_chain(material)


def _public_key(value: Any) -> PublicKeyHint:
    # Before its version 1.0, the stock tool wrote the key itself and no hint.
    return PublicKeyHint(text_of(object_with(value, "publicKey", {"hint"}), "hint"))


def _certificate_chain(value: Any) -> CertificateChain:
    chain = list_of(object_with(value, "x509CertificateChain", {"certificates"}), "certificates")
    if not 1 <= len(chain) <= _MOST_CERTIFICATES:
        raise InvalidSignatureError(f"a chain of {len(chain)} certificates; it has 1 to {_MOST_CERTIFICATES}")
    return CertificateChain(tuple(_certificate(each, f"certificates[{index}]") for index, each in enumerate(chain)))


def _certificate(value: Any, place: str) -> bytes:
    return _bytes_of(object_with(value, place, {"rawBytes"}), "rawBytes", _MOST_CERTIFICATE_BYTES)


def _base64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _bytes_of(fields: Mapping[str, Any], key: str, most: int) -> bytes:
    text = text_of(fields, key)
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        data = b""
    # Another text may decode to the same bytes: with other bits behind the last byte.
    if not data or _base64(data) != text:
        raise InvalidSignatureError(f"{key} is not base64 in its canonical form, or is empty")
    if len(data) > most:
        raise InvalidSignatureError(f"{key} has {len(data)} bytes; hublish reads up to {most}")
    return data
