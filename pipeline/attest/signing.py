"""What a release is signed with, and where it may be signed already."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from hublish.base.values import Release, Target
from hublish.base.values.attested import BuildFacts
from hublish.pipeline.attest.own_signer import OwnSigner
from hublish.pipeline.attest.reuse import CLAIMS, PublishedTree
from hublish.schemas.documents.lock import Lock


@dataclass(frozen=True)
class Signing:
    """What a release is signed with, and where it may be signed already."""

    own: OwnSigner
    target: Target
    facts: Callable[[Release], BuildFacts]
    """Finds out who builds a release, and from which commit."""
    trees: Callable[[], Iterable[PublishedTree]] = tuple
    """The trees on the Hub that may have the release already."""
    last: Lock | None = None
    """The lock of the last release to the same target."""
    any_builder: bool = False
    """Whether claims of any builder are those of this release: this machine does not publish it."""
    claims: Sequence[str] = CLAIMS
    """The types of the claims."""
