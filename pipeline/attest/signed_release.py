"""A release with the files of its signature: those that the Hub has already, or new ones."""

from collections.abc import Iterator
from dataclasses import replace

from hublish.attestation.bill_of_materials import FILE_ROW, bill_of_materials
from hublish.audit.policy import text_problems
from hublish.base.errors import PolicyError
from hublish.base.values import Release, Target
from hublish.base.values.attested import Attestation, BuildFacts
from hublish.cards.released_facts import released_metadata, with_facts
from hublish.pipeline.attest.own_signer import made_file, refuse_own_key, signed_digests
from hublish.pipeline.attest.reuse import Signed, locked_in, signed_in
from hublish.pipeline.attest.signing import Signing
from hublish.schemas.diagnose.problems import errors_in
from hublish.schemas.documents.file_names import BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE
from hublish.schemas.documents.hub_names import repo_path


def signed_release(release: Release, signing: Signing) -> Release:
    """Return a release with its bill of materials, and with its signature and claims as far as they are known.

    Raises:
        HublishError: as `Attest` does.
    """
    refuse_own_key(release, signing.own)
    facts = signing.facts(release)
    release = replace(release, warnings=(*release.warnings, *facts.warnings))
    if found := _published(release, signing, facts):
        return _with_published(release, facts, found)
    # Kept, for the claims: deriving them reads every name.
    release = with_facts(release, released_metadata(release))
    bom = made_file(BOM_FILE, bill_of_materials(release, signing.target))
    _refuse_secrets(release, bom.data or b"")
    return _signed(release.with_files(bom), signing, facts)


def _published(release: Release, signing: Signing, facts: BuildFacts) -> Signed | None:
    """Return the signature on the Hub, preferably with claims."""
    return max(_candidates(release, signing, facts), key=lambda one: one.claims is not None, default=None)


def _candidates(release: Release, signing: Signing, facts: BuildFacts) -> Iterator[Signed]:
    own, builder = signing.own, None if signing.any_builder else facts.builder
    repo = _repo_of(signing.target)
    for tree in signing.trees() if repo is not None else ():
        # The lock first: it spares the download and the verification of many digests.
        found = locked_in(tree, release, own, builder, signing.last) if signing.last else None
        found = found or signed_in(tree, release, repo or "", own, builder, signing.claims)
        if found is not None:
            yield found


def _repo_of(target: Target) -> str | None:
    """Return the name that is signed; None when it lacks the namespace, which only the Hub knows."""
    return repo_path(target.repo_id, target.repo_type) if "/" in target.repo_id else None


def _refuse_secrets(release: Release, bom: bytes) -> None:
    """Raise when the bill of materials repeats a secret, as the policy of the manifest takes it."""
    # The names of files, most of a long one, were searched when the release was sealed.
    rest = "\n".join(line for line in bom.decode().splitlines() if not line.startswith(FILE_ROW))
    found = tuple(text_problems(BOM_FILE, rest, release.project.manifest.policy))
    if errors_in(found):
        raise PolicyError("the bill of materials breaks the policy; nothing was published", problems=found)


def _signed(release: Release, signing: Signing, facts: BuildFacts) -> Release:
    own, repo = signing.own, _repo_of(signing.target)
    signature = None if repo is None else own.signature(repo, signed_digests(release))
    if signature is not None:
        release = release.with_files(signature)
    pending = (CLAIMS_FILE,) if signature else (CLAIMS_FILE, SIGNATURE_FILE)
    return replace(release, attestation=replace(_attestation(facts), signer=own.signed_by, pending=pending))


def _attestation(facts: BuildFacts) -> Attestation:
    return Attestation(None, facts.builder or None, facts.source_uri, facts.source_commit, facts.dirty)


def _with_published(release: Release, facts: BuildFacts, found: Signed) -> Release:
    attestation, claims = _attestation(facts), found.claims
    if found.locked_builder is not None:
        attestation = Attestation(None, found.locked_builder)
    if (read := found.provenance) is not None:
        # As the published claims say it: the same files may have been built from another commit.
        attestation = Attestation(None, read.builder, read.source_uri, read.source_commit, read.dirty)
    release = release.with_files(found.bom, found.signature, *([claims] if claims else []))
    pending = () if claims else (CLAIMS_FILE,)
    return replace(release, attestation=replace(attestation, signer=found.signed_by, pending=pending))
