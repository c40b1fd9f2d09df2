"""The signature and the claims of a release in a folder, with the digests of the files there. No request is sent."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hublish.api.session import Session
from hublish.audit.fingerprint import Fingerprint, Interest
from hublish.audit.read_files import FileReader
from hublish.base.content import ContentChangedError
from hublish.base.values import StagedFile
from hublish.pipeline.collect.folder_files import folder_files
from hublish.schemas.diagnose.problems import Problem, errors_in
from hublish.schemas.documents.file_names import ATTESTATION_FILES, SIGNATURE_FILE
from hublish.schemas.documents.lock import LockedSignature

if TYPE_CHECKING:
    from hublish.attestation.examine import AppliedRule, Unexamined
    from hublish.base.values.examined import Examination

_DIGESTS: Final = Interest(pickles=False, secrets=False)


@dataclass(frozen=True)
class AttestedFolder:
    """The files of a folder, and the attestation files among them."""

    digests: Mapping[str, str]
    attestation: Mapping[str, bytes]
    problems: tuple[Problem, ...]
    """Everything there that is not a file, or cannot be read, and so is not signed."""

    @classmethod
    def read(cls, folder: Path, session: Session) -> "AttestedFolder":
        """Read a folder; files that earlier runs have hashed are not read again."""
        session.progress.begin("hashing the files")
        listed = folder_files(folder)
        reader = FileReader(session.progress, session.executor, session.fingerprints)
        found = zip(listed.files, reader.fingerprints(listed.files, _DIGESTS), strict=True)
        digests: dict[str, str] = {}
        problems = [_not_signed(problem.path, problem.message) for problem in listed.problems]
        for file, result in found:
            if isinstance(result, Fingerprint):
                digests[file.path_in_repo] = result.sha256
            else:
                problems.append(_not_signed(file.path_in_repo, result.reason))
        return cls(digests, *_attestation(listed.files, problems))

    @property
    def claimed_repo(self) -> str | None:
        """The repo that the signature says it is of; None without one."""
        from hublish.attestation.examine import unverified_repo

        signature = self.attestation.get(SIGNATURE_FILE)
        return None if signature is None else unverified_repo(signature)

    def examined(
        self, repo: str, applied: "AppliedRule", locked: LockedSignature | None = None, *, is_partial: bool = False
    ) -> "Examination":
        """Return whether the files satisfy a rule.

        Args:
            repo: the repo that they are of.
            applied: the rule.
            locked: the signature that a lock records.
            is_partial: whether files may be missing.
        """
        from hublish.attestation.examine import examine

        if errors_in(self.problems):
            return _refused(repo, self.problems)
        examination = examine(self._unexamined(repo, locked, is_partial=is_partial), applied)
        return replace(examination, problems=(*self.problems, *examination.problems))

    def with_digests(self, others: Mapping[str, str]) -> "AttestedFolder":
        """Return the folder with the digests of files that are not in it."""
        return replace(self, digests={**others, **self.digests})

    def _unexamined(self, repo: str, locked: LockedSignature | None, *, is_partial: bool) -> "Unexamined":
        from hublish.attestation.examine import Unexamined

        signature, claims, bom = (self.attestation.get(name) for name in ATTESTATION_FILES)
        return Unexamined(repo, self.digests, signature, claims, bom, locked, is_partial)


def _attestation(
    files: tuple[StagedFile, ...], problems: list[Problem]
) -> tuple[Mapping[str, bytes], tuple[Problem, ...]]:
    from hublish.attestation.examine import too_large

    there = {file.path_in_repo: file.content for file in files if file.path_in_repo in ATTESTATION_FILES}
    large = [*too_large({name: content.size for name, content in there.items()}, len(files))]
    found: dict[str, bytes] = {}
    for name, content in there.items() if not large else ():
        try:
            found[name] = content.read_at(0, content.size)
        except (OSError, ContentChangedError) as error:
            problems.append(_not_signed(name, str(error)))
    return found, (*problems, *large)


def _not_signed(path: str, reason: str) -> Problem:
    return Problem("trust.files", f"'{path}' cannot be compared with the signature: {reason}", "remove it", path)


def _refused(repo: str, problems: tuple[Problem, ...]) -> "Examination":
    from hublish.base.values.examined import Examination

    return Examination(repo, problems=problems)
