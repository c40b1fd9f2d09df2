"""Examine the signature and the claims of a release by the rule of a reader: a pure function of their bytes.

The chain has to be closed from the rule to each file: the rule names signers; one of them has signed `model.sig`, which
lists every file of this repo; each claim is signed by such a signer too, and is about exactly these files.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hublish.attestation.bundles import MOST_BYTES, read_bundle
from hublish.attestation.certified_identity import Identity
from hublish.attestation.interface import InvalidSignatureError, Verified, Verifier
from hublish.attestation.model_signature import read_signature_statement
from hublish.attestation.provenance import PREDICATE_TYPE as PROVENANCE
from hublish.attestation.provenance import Provenance, read_provenance
from hublish.attestation.statements import BOM_TYPE, MOST_CLAIMS_BYTES, Statement, read_claims, read_statement
from hublish.attestation.strict import shown
from hublish.base.values.attested import Attestation, SignedBy
from hublish.base.values.examined import Examination, Reason, ReasonName
from hublish.schemas.diagnose.problems import MAX_PROBLEMS, Problem, counted, errors_in
from hublish.schemas.documents.file_names import BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE, UNSIGNED_FILES
from hublish.schemas.documents.hub_names import repo_path
from hublish.schemas.documents.lock import LockedSignature
from hublish.schemas.documents.sizes import format_size
from hublish.schemas.documents.trust import TrustRule

_MOST: Final = {SIGNATURE_FILE: MOST_BYTES, CLAIMS_FILE: MOST_CLAIMS_BYTES, BOM_FILE: MOST_BYTES}
# Whatever the number of files, and for each of them: its name and digest in up to three statements.
_MORE_BYTES: Final = 4 << 20
_BYTES_PER_FILE: Final = 4 << 10
_SIGN_IT: Final = "ask the publisher for a signed release, or add a rule for this repo to trust.yaml that requires none"
_GET_IT: Final = "download the whole release again; if the repo lacks the file, tell the publisher"
_OTHER_FILES: Final = "the files are not those that were signed: do not use them, and tell the publisher"


@dataclass(frozen=True)
class AppliedRule:
    """A rule of a reader that applies to the repo, and the signers that the reader knows."""

    place: str
    """Where it is, for people: `rule 2 of trust.yaml`."""
    rule: TrustRule
    signers: Mapping[str, Verifier]
    """Every signer that is known, by name; the rule accepts some of them."""
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The options by which the stock command knows each signer: `--public_key keys/acme.pub`."""


@dataclass(frozen=True)
class Unexamined:
    """A release, as far as it is known before its signature is verified."""

    repo: str
    """The repo that is read, as signatures name it: `datasets/acme/digits`."""
    files: Mapping[str, str | None]
    """Every file in the tree, with its sha256; None where it is not known yet."""
    signature: bytes | None = None
    """The content of `model.sig`; None without one."""
    claims: bytes | None = None
    bill_of_materials: bytes | None = None
    locked: LockedSignature | None = None
    """The signature that a lock records; None for a lock of an unsigned release, and without a lock."""

    is_partial: bool = False
    """Whether signed files may be missing, as only some of them were downloaded."""

    @property
    def known(self) -> Mapping[str, str | None]:
        """The files with the digests that are known, that of the bill of materials from its content."""
        bom = self.bill_of_materials
        return self.files if bom is None else {**self.files, BOM_FILE: hashlib.sha256(bom).hexdigest()}


@dataclass(frozen=True)
class _Found:
    """The findings up to a step of the chain."""

    release: Unexamined
    applied: AppliedRule
    signer: str | None = None
    attestation: Attestation | None = None
    digests: Mapping[str, str] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def rule(self) -> TrustRule:
        return self.applied.rule

    @property
    def ok(self) -> bool:
        return not errors_in(self.problems)

    def because(self, name: ReasonName, text: str) -> "_Found":
        return replace(self, reasons=(*self.reasons, Reason(name, text)))

    def but(self, *problems: Problem) -> "_Found":
        return replace(self, problems=(*self.problems, *problems))


def examine(release: Unexamined, applied: AppliedRule) -> Examination:
    """Return whether a release satisfies a rule, and the reasons. Nothing is read or requested."""
    found = _with_rule(_Found(release, applied))
    for step in (_with_signature, _with_files, _with_claims, _with_builder, _with_lock):
        # Each step relies on the one before it: the claims are about the files that the signature lists.
        if not found.ok:
            break
        found = step(found)
    problems = found.problems[:MAX_PROBLEMS]
    return Examination(release.repo, found.signer, found.attestation, found.digests, found.reasons, problems)


def unverified_repo(signature: bytes) -> str | None:
    """Return the repo that a signature says it is of, for choosing a rule and nothing else; None without one."""
    try:
        statement = read_bundle(signature).statement_if(lambda _signature, _signed: None)
        return read_signature_statement(statement).repo
    except InvalidSignatureError:
        return None


def too_large(sizes: Mapping[str, int], count: int) -> Iterator[Problem]:
    """Yield the problems of attestation files that are larger than those of any release with so many files.

    Args:
        sizes: the size of each attestation file, in bytes.
        count: the number of files of the release.
    """
    for path, size in sizes.items():
        if size > (most := min(_MOST[path], _MORE_BYTES + count * _BYTES_PER_FILE)):
            reason = f"{format_size(size)}, more than the {format_size(most)} that {count} files need"
            message = f"'{path}' has {reason}; it was not read"
            yield Problem("trust.size", message, "ask the publisher for a smaller one", path)


def unsigned_but_locked(locked: LockedSignature | None, *, is_signed: bool) -> Problem | None:
    """Return the problem of a release that lost the signature that its lock records; None without one."""
    if locked is None or is_signed:
        return None
    message = f"the lock records a signature of {locked.signer}, and the release has no {SIGNATURE_FILE}"
    return Problem("trust.lock", message, _OTHER_FILES, SIGNATURE_FILE)


def _with_rule(found: _Found) -> _Found:
    required = " and ".join(each.replace("_", " ") for each in found.rule.require) or "nothing"
    return found.because("rule", f"{found.applied.place} applies to {found.release.repo} and requires {required}")


def _with_signature(found: _Found) -> _Found:
    release, rule = found.release, found.rule
    if problem := unsigned_but_locked(release.locked, is_signed=release.signature is not None):
        return found.but(problem)
    if release.signature is None:
        if rule.requires("signature"):
            message = f"the release has no {SIGNATURE_FILE}, and {found.applied.place} requires a signature"
            return found.but(Problem("trust.unsigned", message, _SIGN_IT, SIGNATURE_FILE))
        return found.because("signature", "not signed")
    signed = _signed_by_known(release.signature, SIGNATURE_FILE, found.applied)
    if isinstance(signed, Problem):
        # Where no signature is required, one of a stranger is as good as none.
        return found.but(signed if rule.requires("signature") else replace(signed, severity="warning"))
    name, verified = signed
    found = replace(found, signer=name, attestation=Attestation(verified.signed_by))
    if name not in rule.signers:
        message = f"signed by {name}, whom {found.applied.place} does not accept for {release.repo}"
        foreign = Problem("trust.signer", message, "add it to `signers` of the rule, if you trust it", SIGNATURE_FILE)
        found = found.but(foreign if rule.requires("signature") else replace(foreign, severity="warning"))
    return _with_statement(found, verified)


def _with_statement(found: _Found, verified: Verified) -> _Found:
    """Add the files that the statement of a valid signature lists, after checking that it is about this repo."""
    try:
        statement = read_signature_statement(verified.statement)
    except InvalidSignatureError as error:
        return found.but(Problem("trust.signature", f"{SIGNATURE_FILE}: {error}", _OTHER_FILES, SIGNATURE_FILE))
    repo = found.release.repo
    if statement.repo.lower() != repo.lower():
        message = f"{SIGNATURE_FILE} is the signature of {shown(statement.repo)}, and not of {repo}"
        return found.but(Problem("trust.repo", message, _OTHER_FILES, SIGNATURE_FILE))
    found = replace(found, digests=statement.files)
    return found.because("signature", f"signed by {found.signer}, {_identity(verified.signed_by)}")


def _with_files(found: _Found) -> _Found:
    if not found.digests:  # not signed by a signer that is known
        return found
    problems = tuple(_file_problems(found.digests, found.release))
    if problems:
        return found.but(*problems)
    known = found.release.known
    text = f"the signature covers {counted(found.digests, 'file')}, and there are no others"
    there = [path for path in found.digests if path in known]
    if all(known[path] is not None for path in there):
        text += f"; {'each' if len(there) == len(found.digests) else f'the {len(there)} here'} have the signed bytes"
    return found.because("files", text.replace("each have", "each has"))


def _file_problems(signed: Mapping[str, str], release: Unexamined) -> Iterator[Problem]:
    known = release.known
    for path in sorted(known.keys() - signed.keys() - {*UNSIGNED_FILES}):
        yield Problem("trust.files", f"'{path}' is not signed", _OTHER_FILES, path)
    for path in () if release.is_partial else sorted(signed.keys() - known.keys()):
        yield Problem("trust.files", f"'{path}' is signed, and missing", _GET_IT, path)
    for path in sorted(signed.keys() & known.keys()):
        if known[path] not in (None, signed[path]):
            yield Problem("trust.files", f"'{path}' has other bytes than were signed", _OTHER_FILES, path)


def _with_claims(found: _Found) -> _Found:
    release = found.release
    if release.claims is None:
        if found.rule.requires("provenance"):
            message = f"the release has no {CLAIMS_FILE}, and {found.applied.place} requires a provenance"
            return found.but(Problem("trust.provenance", message, _SIGN_IT, CLAIMS_FILE))
        return found
    if found.signer is None:
        return found
    claims: list[Statement] = []
    for number, line in enumerate(_lines(release.claims), 1):
        claim = line if isinstance(line, Problem) else _claim(line, f"{CLAIMS_FILE}:{number}", found)
        if isinstance(claim, Problem):
            found = found.but(claim)
        else:
            claims.append(claim)
    if not found.ok:
        return found
    found = found.because("claims", f"{counted(claims, 'claim')}, signed, about exactly these files")
    return _with_bom(_with_provenance(found, claims), claims)


def _lines(claims: bytes) -> tuple[bytes | Problem, ...]:
    try:
        return read_claims(claims)
    except InvalidSignatureError as error:
        return (Problem("trust.claim", f"{CLAIMS_FILE}: {error}", _OTHER_FILES, CLAIMS_FILE),)


def _claim(line: bytes, place: str, found: _Found) -> Statement | Problem:
    """Return the statement of a line of claims; a problem if it is of a stranger or about other files."""
    signed = _signed_by_known(line, place, found.applied)
    if isinstance(signed, Problem):
        return replace(signed, code="trust.claim", path=CLAIMS_FILE)
    name, verified = signed
    if name not in found.rule.signers and name != found.signer:
        message = f"{place} is signed by {name}, whom {found.applied.place} does not accept"
        return Problem("trust.claim", message, "add it to `signers` of the rule, if you trust it", CLAIMS_FILE)
    try:
        statement = read_statement(verified.statement)
    except InvalidSignatureError as error:
        return Problem("trust.claim", f"{place}: {error}", _OTHER_FILES, CLAIMS_FILE)
    signed_files = {path: sha256 for path, sha256 in found.digests.items() if path not in UNSIGNED_FILES}
    if statement.subjects != signed_files:
        message = f"{place} is a claim about other files: {_difference(statement.subjects, signed_files)}"
        return Problem("trust.claim", message, _OTHER_FILES, CLAIMS_FILE)
    return statement


def _difference(claimed: Mapping[str, str], signed: Mapping[str, str]) -> str:
    """Return the first difference between the files of a claim and those of the signature."""
    path = min(path for path in claimed.keys() | signed.keys() if claimed.get(path) != signed.get(path))
    if path not in claimed:
        return f"it lacks '{path}'"
    return f"'{path}' is not in {SIGNATURE_FILE}" if path not in signed else f"'{path}' has another digest there"


def _with_provenance(found: _Found, claims: list[Statement]) -> _Found:
    stated = {_canonical(each.predicate): each for each in claims if each.predicate_type == PROVENANCE}
    if len(stated) > 1:
        message = f"{CLAIMS_FILE} has {len(stated)} different statements of how the release was built"
        return found.but(Problem("trust.provenance", message, "ask the publisher which one is true", CLAIMS_FILE))
    if not stated:
        if found.rule.requires("provenance"):
            message = f"{CLAIMS_FILE} has no provenance, and {found.applied.place} requires one"
            return found.but(Problem("trust.provenance", message, _SIGN_IT, CLAIMS_FILE))
        return found
    (statement,) = stated.values()
    try:
        provenance = read_provenance(statement.predicate)
    except InvalidSignatureError as error:
        return found.but(Problem("trust.provenance", f"{CLAIMS_FILE}: {error}", _OTHER_FILES, CLAIMS_FILE))
    if (built_for := repo_path(provenance.repo_id, provenance.repo_type)).lower() != found.release.repo.lower():
        message = f"the provenance in {CLAIMS_FILE} is of {built_for}, and not of {found.release.repo}"
        return found.but(Problem("trust.provenance", message, _OTHER_FILES, CLAIMS_FILE))
    assert found.attestation is not None
    attestation = replace(
        found.attestation,
        builder=provenance.builder,
        source_uri=provenance.source_uri,
        source_commit=provenance.source_commit,
        dirty=provenance.dirty,
    )
    return replace(found, attestation=attestation).because("provenance", _built(provenance))


def _with_bom(found: _Found, claims: list[Statement]) -> _Found:
    stated = [each for each in claims if each.predicate_type == BOM_TYPE]
    content = found.release.bill_of_materials
    if not stated:
        return found
    if content is None:
        message = f"{CLAIMS_FILE} has a bill of materials, and the release has no {BOM_FILE}"
        return found.but(Problem("trust.bom", message, _OTHER_FILES, BOM_FILE))
    try:
        own = _canonical(json.loads(content))
    except (ValueError, RecursionError):
        own = ""
    if any(_canonical(each.predicate) != own for each in stated):
        message = f"the bill of materials in {CLAIMS_FILE} is not that of {BOM_FILE}"
        return found.but(Problem("trust.bom", message, _OTHER_FILES, BOM_FILE))
    return found.because("bom", f"{BOM_FILE} is the bill of materials that was claimed")


def _with_builder(found: _Found) -> _Found:
    if not found.rule.requires("same_builder"):
        return found
    locked = found.release.locked
    expected = found.rule.builder or (None if locked is None else locked.builder)
    built_by = None if found.attestation is None else found.attestation.builder
    if expected is None:
        message = f"{found.applied.place} requires the same builder, and does not say which one"
        return found.but(Problem("trust.builder", message, f"add `builder: {built_by}` to the rule, or give a lock"))
    # The builder in a lock is one builder: a `*` in it is a character.
    is_pattern = found.rule.builder is not None
    same = Identity(expected, "").covers(Identity(built_by or "", "")) if is_pattern else built_by == expected
    if not same:
        message = f"built by {built_by}, and not by {expected}"
        return found.but(Problem("trust.builder", message, _OTHER_FILES, CLAIMS_FILE))
    origin = "hub.lock" if found.rule.builder is None else found.applied.place
    return found.because("builder", f"built by the builder in {origin}")


def _with_lock(found: _Found) -> _Found:
    locked, attestation = found.release.locked, found.attestation
    if locked is None or attestation is None or attestation.signer is None:
        return found
    signer = attestation.signer
    pairs: tuple[tuple[str, Any, Any], ...] = (
        ("method", locked.method, signer.method),
        ("signer", locked.signer, signer.name),
        ("provider", locked.provider, signer.provider),
        ("index in the log", locked.log_index, signer.log_index),
        ("builder", locked.builder, attestation.builder),
    )
    different = [f"{name} {now}, and {then} in the lock" for name, then, now in pairs if then != now]
    if different:
        message = f"the signature is not the one in the lock: {'; '.join(different)}"
        return found.but(Problem("trust.lock", message, _OTHER_FILES, SIGNATURE_FILE))
    return found.because("lock", "the signature is the one in the lock")


def _signed_by_known(bundle: bytes, place: str, applied: AppliedRule) -> tuple[str, Verified] | Problem:
    """Return the name of the signer of a bundle and its statement; a problem if no signer that is known has signed."""
    accepted = [name for name in applied.signers if name in applied.rule.signers]
    refusals: dict[str, str] = {}
    for name in (*accepted, *(name for name in applied.signers if name not in accepted)):
        try:
            verified = applied.signers[name].verify(bundle)
        except InvalidSignatureError as error:
            refusals[name] = str(error)
        else:
            return name, verified
    try:
        read_bundle(bundle)
    except InvalidSignatureError as error:
        return Problem("trust.signature", f"{place}: {error}", _OTHER_FILES, place)
    reasons = [f"by {name}: {refusals[name]}" for name in accepted or refusals]
    message = f"{place} is not signed {'; nor '.join(reasons)}"
    hint = "if the signer has a new key or identity, ask the publisher, and change `signers` in trust.yaml"
    return Problem("trust.signer", message, hint, place)


def _identity(signer: SignedBy) -> str:
    name = f"key {signer.name}" if signer.method == "key" else f"identity {signer.name}"
    provider = "" if signer.provider is None else f" by {signer.provider}"
    index = "" if signer.log_index is None else f", entry {signer.log_index} of the transparency log"
    return f"{name}{provider}{index}"


def _built(provenance: Provenance) -> str:
    text = f"built by {provenance.builder}"
    if provenance.source_commit is not None:
        source = f" of {provenance.source_uri}" if provenance.source_uri else ""
        text += f" from commit {provenance.source_commit}{source}"
        text += ", with changes that are in no commit" if provenance.dirty else ""
    return text


def _canonical(value: Any) -> str:
    # `==` of Python does not distinguish 1, 1.0 and true.
    return json.dumps(value, sort_keys=True)
