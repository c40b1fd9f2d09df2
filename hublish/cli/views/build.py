"""The view of `build`: a release in a folder."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hublish.base.values import Release
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import plural
from hublish.cli.views.files import pending_of, release_document
from hublish.cli.views.phrases import NO_OPTIONS, RepeatedOptions, next_steps, size_of
from hublish.schemas.documents.sizes import format_size


@dataclass(frozen=True)
class BuildView:
    """A release that was written into a folder."""

    release: Release
    folder: Path
    repeated: RepeatedOptions = NO_OPTIONS

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the total, the folder and the next step."""
        files = self.release.files
        count = f"{plural(len(files), 'file')}, {format_size(size_of(files))}"
        yield paint("green", f"Wrote {count} to {self.folder}")
        if pending := pending_of(self.release):
            yield f"{' and '.join(pending)} will be made when the release is published"
        yield from next_steps(paint, f"inspect {self.folder}, then hublish plan{self.repeated.manifest}")

    def document(self) -> Any:
        """Return the folder and the release."""
        return {"folder": str(self.folder), **release_document(self.release)}

    def quiet(self) -> Iterable[str]:
        """Return the folder."""
        return [str(self.folder)]
