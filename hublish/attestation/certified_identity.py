"""The identity in a certificate of Fulcio, and the one that a manifest or a trust policy declares.

For a job of GitHub it is its workflow at a ref, `https://github.com/acme/digits/.github/workflows/release.yml@refs/tags/v1`,
for a job of GitLab the same in its own form, and for a person an email address.
"""

from dataclasses import dataclass
from typing import Any, Final

from hublish.attestation.interface import InvalidSignatureError

# https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md
_ISSUER: Final = "1.3.6.1.4.1.57264.1.8"
_FORMER_ISSUER: Final = "1.3.6.1.4.1.57264.1.1"


@dataclass(frozen=True, slots=True)
class Identity:
    """An identity, and the OpenID Connect issuer that vouches for it."""

    name: str
    provider: str

    def covers(self, other: "Identity") -> bool:
        """Return whether an identity is this one. In the name, `*` is any text without an `@`.

        The `@` separates a workflow from its ref, and a user from a domain. A branch may have almost any name: with a
        `*` that crosses the `@`, `.../*@refs/tags/*` would cover the branch `x@refs/tags/1`.
        """
        return self.provider == other.provider and _matches(self.name, other.name)


def _matches(pattern: str, name: str) -> bool:
    # One part after the other, in linear time: a pattern may have many `*`.
    parts, texts = pattern.split("@"), name.split("@")
    return len(parts) == len(texts) and all(map(_matches_part, parts, texts))


def _matches_part(pattern: str, text: str) -> bool:
    first, *rest = pattern.split("*")
    if not rest:
        return text == pattern
    *middle, last = rest
    if not text.startswith(first):
        return False
    position = len(first)
    for each in middle:
        found = text.find(each, position)
        if found < 0:
            return False
        position = found + len(each)
    return text.endswith(last) and position + len(last) <= len(text)


def identity_in(certificate: Any) -> Identity:
    """Return the identity in a certificate of the package cryptography.

    Raises:
        InvalidSignatureError: it has none, or more than one.
    """
    from cryptography import x509

    try:
        names = list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
        issuer = _issuer(certificate.extensions)
    except (x509.ExtensionNotFound, ValueError, x509.DuplicateExtension):
        raise InvalidSignatureError("its certificate has no identity with an issuer") from None
    if len(names) != 1 or not isinstance(names[0], x509.RFC822Name | x509.UniformResourceIdentifier):
        raise InvalidSignatureError("its certificate does not have one identity, an email address or a URI")
    return Identity(names[0].value, issuer)


def _issuer(extensions: Any) -> str:
    """Return the issuer that both extensions name: DER in the current one, the text itself in the former one."""
    from cryptography import x509
    from cryptography.hazmat import asn1

    issuer: str = asn1.decode_der(str, extensions.get_extension_for_oid(x509.ObjectIdentifier(_ISSUER)).value.value)
    try:
        former = extensions.get_extension_for_oid(x509.ObjectIdentifier(_FORMER_ISSUER)).value.value
    except x509.ExtensionNotFound:
        return issuer
    # Other tools read the former one alone.
    if former != issuer.encode():
        raise ValueError("two issuers")
    return issuer
