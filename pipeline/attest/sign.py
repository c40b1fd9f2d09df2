"""Plan -> Plan: the signature and the claims that a plan could not contain yet are made."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from hublish.base.errors import SigningError
from hublish.base.values import Plan, ReleaseFile
from hublish.hub.client.hub import Hub
from hublish.pipeline.attest.own_signer import OwnSigner


@dataclass(frozen=True)
class Sign:
    """Make the files that were pending, before anything is created on the Hub.

    Raises (from `run`):
        SigningError: the key or the identity is missing, or is not the declared one.
        RemoteError: the Hub cannot be read.
    """

    hub: Hub
    own: OwnSigner | None
    # Stages do not import each other: the pipeline passes the comparison in.
    complete: Callable[[Plan, tuple[ReleaseFile, ...], Hub], Plan]
    """Compares the files that were made, in the place of those that were pending."""
    title: ClassVar[str] = "signing the release"

    def run(self, plan: Plan) -> Plan:
        """Return the plan with every file of the release."""
        attestation = plan.release.attestation
        if attestation is None or not attestation.pending:
            return plan
        if self.own is None or self.own.signer is None:
            raise (self.own and self.own.missing) or SigningError("the release is to be signed, and there is no key")
        # Imported here: few releases are signed.
        from hublish.pipeline.attest.pending_files import pending_files

        files, signed_by = pending_files(plan, self.own, self.own.signer)
        release = replace(plan.release, attestation=replace(attestation, signer=signed_by, pending=()))
        return self.complete(replace(plan, release=release), files, self.hub)

    def works_on(self, plan: Plan) -> bool:
        """Return whether a file is still to be made."""
        return plan.release.attestation is not None and bool(plan.release.attestation.pending)
