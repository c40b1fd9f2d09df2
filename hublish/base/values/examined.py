"""The result of examining the signature and the claims of a release, with the chain of reasons."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple

from hublish.base.values.attested import Attestation, SignedBy
from hublish.schemas.diagnose.problems import Problem, errors_in, warnings_in

ReasonName = Literal["rule", "signature", "files", "claims", "provenance", "builder", "bom", "lock"]


class Reason(NamedTuple):
    """One step from a rule of the reader to the files."""

    name: ReasonName
    text: str
    """A clause for people: `signed by acme-ci, ...`."""


@dataclass(frozen=True)
class Examination:
    """Whether a release satisfies the rule that applies to its repo, and why."""

    repo: str
    """The repo, as signatures name it: `datasets/acme/digits`."""
    signer: str | None = None
    """The name that the rule has for the signer; None when no signer that is known has signed."""
    attestation: Attestation | None = None
    """The signer and its claims, as far as they are valid; None without a valid signature."""
    digests: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """The signed sha256 of each file, by its path; empty without a valid signature."""
    reasons: tuple[Reason, ...] = ()
    """What holds, from the rule to the files."""
    problems: tuple[Problem, ...] = ()
    """What does not hold, and as warnings what the rule does not require."""

    @property
    def ok(self) -> bool:
        """Whether the rule is satisfied."""
        return not errors_in(self.problems)

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What the rule does not require, and a reader may want to know."""
        return warnings_in(self.problems)

    @property
    def signed_by(self) -> SignedBy | None:
        """The signer, as the signature proves it."""
        return None if self.attestation is None else self.attestation.signer
