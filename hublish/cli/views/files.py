"""The view of `files`: the files to upload, and the excluded ones."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from hublish.base.values import Release, ReleaseFile, Verdict
from hublish.cli.report.json import fields, location_document, problem_document, waived_document
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, plural
from hublish.cli.views.phrases import (
    SHORT_DIGEST,
    origin_label,
    places_of,
    rule_with_line,
    size_of,
    waived_lines,
    with_line,
)
from hublish.schemas.documents.json_stream import Rows
from hublish.schemas.documents.sizes import format_size
from hublish.schemas.yaml.reader import Places

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block, Ink


@dataclass(frozen=True)
class FilesView:
    """Every file of a release with its size, digest and origin."""

    release: Release
    # List excluded files too, each with its rule.
    excluded: bool = False
    # Show all 64 digits of a sha256.
    whole_digests: bool = False
    # Show the rule that includes each file, with its line.
    why: bool = False

    def human(self, paint: Paint) -> Iterable[str]:
        """Return one line per file, then the totals."""
        # The places of all rules are found in one pass over hub.yaml.
        places = places_of(self.release)
        rows = [self._row(file, places) for file in self.release.files]
        rows += [self._pending(path, places) for path in pending_of(self.release)]
        # columns() drops the last column when it is empty.
        yield from columns([("PATH", "SIZE", "SHA256", "ORIGIN", "RULE" if self.why else ""), *rows], right=(1,))
        if self.excluded:
            yield from self._excluded(places, paint)
        yield from waived_lines(self.release.waived, paint)
        files, excluded = self.release.files, self.release.excluded
        hint = "" if self.excluded else " (--excluded lists them)"
        rest = f"; {plural(len(excluded), 'file')} excluded{hint}." if excluded else "."
        yield from ["", paint("bold", f"{plural(len(files), 'file')}, {format_size(size_of(files))}") + rest]

    def markdown(self, ink: "Ink") -> "Iterable[Block]":
        """Return the totals, then one row per file."""
        from hublish.cli.report.markup import Paragraph, Table

        files, excluded, places = self.release.files, self.release.excluded, places_of(self.release)
        counts = f"{plural(len(files), 'file')}, {format_size(size_of(files))}"
        yield Paragraph(f"**{counts}**; {plural(len(excluded), 'file')} excluded.")
        # Without --why, the last column is empty.
        width = 5 if self.why else 4
        rows = [tuple(map(ink.code, self._row(file, places)[:width])) for file in files]
        rows += [tuple(map(ink.code, self._pending(path, places)[:width])) for path in pending_of(self.release)]
        yield Table(("path", "size", "sha256", "origin", "rule")[:width], rows, "file")
        if self.release.waived:
            waived = [
                (ink.code(one.problem.code), ink.code(one.path_in_repo), ink.text(one.reason))
                for one in self.release.waived
            ]
            yield Table(("rule", "file", "waived"), waived, "waived finding")
        if self.excluded and excluded:
            listed = [(ink.code(item.source), ink.code(rule_with_line(item.verdict, places))) for item in excluded]
            yield Table(("excluded", "rule"), listed, "excluded file")

    def document(self) -> Any:
        """Return files, excluded files and warnings."""
        return release_document(self.release)

    def quiet(self) -> Iterable[str]:
        """Return the paths; with `--excluded`, the excluded sources."""
        # One list or the other: a script could not separate them.
        if self.excluded:
            return [candidate.source for candidate in self.release.excluded]
        return [*(file.path_in_repo for file in self.release.files), *pending_of(self.release)]

    def _row(self, file: ReleaseFile, places: Places) -> tuple[str, ...]:
        digest = file.sha256 if self.whole_digests else file.sha256[:SHORT_DIGEST]
        rule = rule_with_line(file.origin.verdict, places) if self.why else ""
        return file.path_in_repo, format_size(file.size), digest, origin_label(file.origin), rule

    def _pending(self, path: str, places: Places) -> tuple[str, ...]:
        rule = with_line("sign", places.find("sign")) if self.why else ""
        return path, "", "made at publish", "sign", rule

    def _excluded(self, places: Places, paint: Paint) -> list[str]:
        if not self.release.excluded:
            return ["", "No files were excluded."]
        rows = [(item.source, rule_with_line(item.verdict, places)) for item in self.release.excluded]
        return ["", *(paint("dim", line) for line in columns([("EXCLUDED", "RULE"), *rows]))]


# Also the document of `build`.
def release_document(release: Release) -> dict[str, Any]:
    """Return a release as plain data, its lists as `Rows`. Its keys are stable."""
    places = places_of(release)
    # Many files share one rule.
    place_of = cache(lambda rule: location_document(places.find(rule)))
    return {
        "files": Rows(lambda: (_file_document(file, place_of) for file in release.files), ("sha256", "blob_id")),
        "excluded": Rows(
            lambda: (
                {**fields(item, "path_in_repo", "source"), **_rule_document(item.verdict, place_of)}
                for item in release.excluded
            )
        ),
        "warnings": [problem_document(problem) for problem in release.warnings],
        "waived": [waived_document(one) for one in release.waived],
        "total_size": size_of(release.files),
        "made_at_publish": list(pending_of(release)),
    }


def pending_of(release: Release) -> tuple[str, ...]:
    """Return the paths of files that are made when a release is published."""
    return release.attestation.pending if release.attestation else ()


def _file_document(file: ReleaseFile, place_of: Callable[[str], Any]) -> dict[str, Any]:
    return {
        **fields(file, "path_in_repo", "size", "sha256", "blob_id"),
        **fields(file.origin, "source", "artifact", "serializer"),
        "parameters": dict(file.origin.parameters),
        **_rule_document(file.origin.verdict, place_of),
    }


def _rule_document(verdict: Verdict, place_of: Callable[[str], Any]) -> dict[str, Any]:
    return {"reason": verdict.rule, "rule": verdict.path, "location": place_of(verdict.path)}
