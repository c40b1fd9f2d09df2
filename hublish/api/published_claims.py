"""The claims that a repo on the Hub has already, beside which a new signature is made."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hublish.attestation.bundles import read_bundle
from hublish.attestation.interface import InvalidSignatureError
from hublish.attestation.provenance import PREDICATE_TYPE, read_provenance
from hublish.attestation.statements import MOST_CLAIMS_BYTES, Statement, read_claims, read_statement
from hublish.base.errors import SigningError
from hublish.base.values import Head, Release, Target
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.pipeline.attest.own_signer import OwnSigner, signed_digests
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import CLAIMS_FILE

_RENEW: Final = "`hublish attest` signs the files and makes new claims; nothing was changed"


@dataclass(frozen=True)
class PublishedClaims:
    """The claims on the Hub, beside which a signature is made. Whoever has signed them: readers decide about that."""

    lines: tuple[bytes, ...]
    """A bundle each."""
    statements: tuple[Statement, ...]
    builder: str | None
    """The builder that the provenance names; None without one."""

    @classmethod
    def of(cls, hub: Hub, target: Target, head: Head) -> "PublishedClaims | None":
        """Read the claims; None without any.

        Raises:
            SigningError: no reader accepts them.
        """
        remote = head.files.get(CLAIMS_FILE)
        if remote is None:
            return None
        try:
            if remote.size > MOST_CLAIMS_BYTES:
                raise InvalidSignatureError(f"it has {remote.size} bytes")
            data = transfer.read(hub, target, CLAIMS_FILE, head.commit or "", size=remote.size)
            lines = read_claims(data)
            # Not verified: this only finds out what readers would say.
            statements = tuple(read_statement(read_bundle(line).statement_if(lambda *_: None)) for line in lines)
            built = [read_provenance(one.predicate) for one in statements if one.predicate_type == PREDICATE_TYPE]
        except InvalidSignatureError as error:
            msg = f"readers refuse the {CLAIMS_FILE} that is on the Hub: {error}"
            raise SigningError(msg, hint=_RENEW) from None
        return cls(lines, statements, built[0].builder if built else None)

    def checked(self, own: OwnSigner, release: Release) -> Iterator[Problem]:
        """Yield a warning about claims of another signer.

        Raises:
            SigningError: they are about other files.
        """
        about = signed_digests(release)
        if any(statement.subjects != about for statement in self.statements):
            msg = f"readers refuse the {CLAIMS_FILE} that is on the Hub: it is about other files"
            raise SigningError(msg, hint=_RENEW)
        if not all(_is_own(own, line) for line in self.lines):
            message = f"{CLAIMS_FILE} is signed by another signer, whom readers have to trust as well"
            yield Problem("sign.foreign_claims", message, _RENEW.partition(";")[0], severity="warning")


def _is_own(own: OwnSigner, line: bytes) -> bool:
    try:
        return own.verifier is not None and own.verifier.verify(line) is not None
    except InvalidSignatureError:
        return False
