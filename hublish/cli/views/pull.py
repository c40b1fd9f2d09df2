"""The view of `pull`: a release on this machine."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hublish.base.values import LocalFile, LocalRelease
from hublish.cli.report.json import fields, problem_document
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, indented, plural
from hublish.cli.views.examination import examination_document, release_lines
from hublish.cli.views.phrases import SHORT_DIGEST, next_steps, repo_label, short
from hublish.schemas.documents.sizes import format_size

# Leftovers that are shown to people.
_MOST_SHOWN = 20


@dataclass(frozen=True)
class PullView:
    """The downloaded files with their digests."""

    local: LocalRelease
    # The command line that loads it.
    load_command: str = ""

    def human(self, paint: Paint) -> Iterable[str]:
        """Return one line per file, then totals, folder and next step."""
        yield paint("bold", pulled_from(self.local))
        yield from indented(columns(map(self._row, self.local.files), right=(1,)))
        yield from ["", pulled_total(self.local, paint), f"Folder: {self.local.folder}"]
        yield from release_lines(self.local.plan.release, paint)
        if left := self.local.plan.leftovers:
            yield from ["", paint("yellow", "Left there by earlier pulls, and not part of this release:")]
            yield from (f"  {path}" for path in left[:_MOST_SHOWN])
            if len(left) > _MOST_SHOWN:
                yield f"  and {plural(len(left) - _MOST_SHOWN, 'more file')}; --json lists all"
        if self.load_command:
            yield from next_steps(paint, self.load_command)

    def document(self) -> Any:
        """Return the commit, the folder and every file."""
        return local_document(self.local)

    def quiet(self) -> Iterable[str]:
        """Return the folder."""
        return [str(self.local.folder)]

    def _row(self, file: LocalFile) -> tuple[str, ...]:
        digest = file.promised.digest
        proof = f"{digest.algorithm} {digest.value[:SHORT_DIGEST]}{' ok' if self.local.checked else ''}"
        return file.promised.path_in_repo, format_size(file.promised.size), proof


# Also the first part of the document of `load`.
def local_document(local: LocalRelease) -> dict[str, Any]:
    """Return a release on this machine as plain data. Its keys are stable."""
    reference = local.plan.release.reference
    return {
        **fields(reference, "repo_id", "repo_type", "revision"),
        "commit": local.plan.release.commit,
        "folder": str(local.folder),
        "checked": local.checked,
        "files": [
            {
                **fields(file.promised, "path_in_repo", "size"),
                "digest": fields(file.promised.digest, "algorithm", "value"),
                "path": str(file.path),
            }
            for file in local.files
        ],
        "leftovers": list(local.plan.leftovers),
        "signature": examination_document(local.plan.release.examination),
        "warnings": [problem_document(problem) for problem in local.warnings],
    }


def pulled_from(local: LocalRelease) -> str:
    """Return repo, revision and commit."""
    release = local.plan.release
    reference = release.reference
    label = repo_label(reference.repo_id, reference.repo_type)
    return f"{label} at {reference.revision} (commit {short(release.commit)})"


def pulled_total(local: LocalRelease, paint: Paint) -> str:
    """Return number, size and verification of the files."""
    size = format_size(sum(file.promised.size for file in local.files))
    checked = paint("green", "every byte checked") if local.checked else paint("yellow", "not checked")
    return f"{plural(len(local.files), 'file')}, {size}, {checked}"
