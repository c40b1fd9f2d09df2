"""The files of a signature that are made when a plan is published: claims about it, and a signature without a key."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hublish.attestation import bill_of_materials, provenance
from hublish.attestation.interface import Signer
from hublish.attestation.model_signature import signature_statement
from hublish.attestation.statements import assembled, canonical, claims_text
from hublish.base.digests import each_sealed, sealed_bytes
from hublish.base.values import Plan, ReleaseFile
from hublish.base.values.attested import SignedBy
from hublish.pipeline.attest.own_signer import SIGN, OwnSigner, made_file, signed_digests
from hublish.schemas.documents.file_names import BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE
from hublish.schemas.documents.hub_names import repo_path


def pending_files(plan: Plan, own: OwnSigner, signer: Signer) -> tuple[tuple[ReleaseFile, ...], SignedBy | None]:
    """Return the pending files of a plan, and the signer as the signature proves it.

    Raises:
        SigningError: the key or the identity is missing, or is not the declared one.
    """
    release, target = plan.release, plan.target
    attestation = release.attestation
    assert attestation is not None
    files, signed_by = [], attestation.signer
    digests = signed_digests(release)
    if SIGNATURE_FILE in attestation.pending:
        statement = signature_statement(repo_path(target.repo_id, target.repo_type), digests.items())
        bundle = signer.sign(statement)
        if own.verifier is not None:
            signed_by = own.verifier.verify(bundle).signed_by
        files.append(made_file(SIGNATURE_FILE, bundle))
    if CLAIMS_FILE in attestation.pending:
        signed = [signer.sign(assembled(kind, digests, claim)) for kind, claim in _claims(plan, own)]
        files.append(made_file(CLAIMS_FILE, claims_text(signed)))
    return tuple(files), signed_by


def _claims(plan: Plan, own: OwnSigner) -> Iterator[tuple[str, str]]:
    """Yield the predicate of each claim, as JSON, with its type."""
    release = plan.release
    if (built := _provenance(plan, own)) is not None:
        yield provenance.PREDICATE_TYPE, canonical(built)
    # Another tool may have signed the release whose card is changed now.
    for bom in (file for file in release.files if file.path_in_repo == BOM_FILE):
        for data in each_sealed([bom], sealed_bytes):
            # Ours is repeated as it is: it may list 100,000 files.
            is_ours = bom.origin.serializer == SIGN
            yield bill_of_materials.PREDICATE_TYPE, data.decode() if is_ours else canonical(json.loads(data))


def _provenance(plan: Plan, own: OwnSigner) -> Mapping[str, Any] | None:
    if own.provenance is not None:
        return own.provenance(plan)
    assert plan.sha256 is not None, "the digest of the plan is part of the claims"
    return provenance.provenance(plan.release, plan.target, own.facts(plan.release), plan.sha256)
