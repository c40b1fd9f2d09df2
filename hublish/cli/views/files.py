"""A release: exactly what would be uploaded, and what stays out."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hublish.base.values import Candidate, Release, ReleaseFile, Verdict
from hublish.cli.again import NOTHING_AGAIN, Again
from hublish.cli.failures import location_document, problem_document
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, plural
from hublish.cli.views.phrases import SHORT_DIGEST, made_by, next_steps, places_of, rule_with_line, size_of
from hublish.schemas.documents.sizes import format_size
from hublish.schemas.yaml.places import Places


@dataclass(frozen=True)
class FilesView:
    """Every file of a release with its size, digest and origin."""

    release: Release
    excluded: bool = False
    """Whether the files that stay out are listed with their reasons."""
    whole_digests: bool = False
    """Whether all 64 digits of a sha256 are shown."""
    why: bool = False
    """Whether every file shows the rule that lets it in, with its line."""

    def human(self, paint: Paint) -> Iterable[str]:
        """Return one line a file, then the totals."""
        places = places_of(self.release)
        rows = [self._row(file, places) for file in self.release.files]
        because = "BECAUSE" if self.why else ""
        yield from columns([("PATH", "SIZE", "SHA256", "MADE FROM", because), *rows], right=(1,))
        if self.excluded:
            yield from self._excluded(paint)
        files = self.release.files
        yield from ["", paint("bold", f"{plural(len(files), 'file')}, {format_size(size_of(files))}") + self._rest()]

    def document(self) -> Any:
        """Return files, excluded files and warnings."""
        return release_document(self.release)

    def quiet(self) -> Iterable[str]:
        """Return the paths; with `--excluded`, the sources that stay out."""
        if self.excluded:
            return [candidate.source for candidate in self.release.excluded]
        return [file.path_in_repo for file in self.release.files]

    def _row(self, file: ReleaseFile, places: Places) -> tuple[str, ...]:
        digest = file.sha256 if self.whole_digests else file.sha256[:SHORT_DIGEST]
        because = rule_with_line(file.origin.verdict, places) if self.why else ""
        return file.path_in_repo, format_size(file.size), digest, made_by(file.origin), because

    def _excluded(self, paint: Paint) -> Iterable[str]:
        if not self.release.excluded:
            yield from ["", "No file was considered and left out."]
            return
        places = places_of(self.release)
        rows = [(item.source, rule_with_line(item.verdict, places)) for item in self.release.excluded]
        yield from ["", *(paint("dim", line) for line in columns([("LEFT OUT", "BECAUSE"), *rows]))]

    def _rest(self) -> str:
        count = len(self.release.excluded)
        if not count:
            return "."
        hint = "" if self.excluded else " (--excluded says why)"
        return f"; {plural(count, 'file')} left out{hint}."


@dataclass(frozen=True)
class BuildView:
    """A release written into a folder."""

    release: Release
    folder: Path
    again: Again = NOTHING_AGAIN

    def human(self, paint: Paint) -> Iterable[str]:
        """Return what was written and where."""
        files = self.release.files
        count = f"{plural(len(files), 'file')}, {format_size(size_of(files))}"
        yield paint("green", f"Wrote {count} to {self.folder}")
        yield from next_steps(paint, f"look into {self.folder}, then hublish plan{self.again.manifest}")

    def document(self) -> Any:
        """Return the folder and the release."""
        return {"folder": str(self.folder), **release_document(self.release)}

    def quiet(self) -> Iterable[str]:
        """Return the folder."""
        return [str(self.folder)]


def release_document(release: Release) -> dict[str, Any]:
    """Return a release as plain data; the keys are stable."""
    places = places_of(release)
    return {
        "files": [_file_document(file, places) for file in release.files],
        "excluded": [_excluded_document(candidate, places) for candidate in release.excluded],
        "warnings": [problem_document(problem) for problem in release.warnings],
        "total_size": size_of(release.files),
    }


def _file_document(file: ReleaseFile, places: Places) -> dict[str, Any]:
    return {
        "path_in_repo": file.path_in_repo,
        "size": file.size,
        "sha256": file.sha256,
        "blob_id": file.blob_id,
        "source": file.origin.source,
        "artifact": file.origin.artifact,
        "serializer": file.origin.serializer,
        "parameters": dict(file.origin.parameters),
        "reason": file.origin.verdict.rule,
        **_rule_document(file.origin.verdict, places),
    }


def _excluded_document(candidate: Candidate, places: Places) -> dict[str, Any]:
    return {
        "path_in_repo": candidate.path_in_repo,
        "source": candidate.source,
        "reason": candidate.verdict.rule,
        **_rule_document(candidate.verdict, places),
    }


def _rule_document(verdict: Verdict, places: Places) -> dict[str, Any]:
    return {"rule": verdict.path, "location": location_document(places.find(verdict.path))}
