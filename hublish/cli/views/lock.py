"""The view of `show hub.lock`: the release that a lock records, and who signed it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hublish.cli.report.json import fields
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, indented, plural
from hublish.cli.views.phrases import SHORT_DIGEST, repo_label, short
from hublish.cli.views.verify import lock_document
from hublish.schemas.documents.lock import Lock
from hublish.schemas.documents.sizes import format_size

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block, Ink


@dataclass(frozen=True)
class LockView:
    """A lock: its target, its signature and its files."""

    lock: Lock
    all: bool = False

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the facts, and with `--all` one line per file."""
        lock = self.lock
        yield paint("bold", f"{repo_label(lock.repo_id, lock.repo_type)} at {lock.tag or lock.revision}")
        yield from indented(columns(self._facts()))
        if self.all:
            rows = ((file.path_in_repo, format_size(file.size), file.sha256[:SHORT_DIGEST]) for file in lock.files)
            yield from ["", *indented(columns(rows, right=(1,)))]

    def markdown(self, ink: "Ink") -> "Iterable[Block]":
        """Return the facts."""
        from hublish.cli.report.markup import Items, Paragraph

        yield Paragraph(f"**{ink.text(repo_label(self.lock.repo_id, self.lock.repo_type))}**")
        yield Items([f"{name}: {ink.code(value)}" for name, value in self._facts()], "fact")

    def document(self) -> Any:
        """Return the target, the signature and every file."""
        signature = self.lock.signature
        return {
            **lock_document(self.lock),
            "endpoint": self.lock.endpoint,
            "signature": None if signature is None else signature.model_dump(),
            "locked": [fields(file, "path_in_repo", "size", "sha256") for file in self.lock.files],
        }

    def quiet(self) -> Iterable[str]:
        """Return the commit."""
        return [self.lock.commit]

    def _facts(self) -> Iterator[tuple[str, str]]:
        lock, signature = self.lock, self.lock.signature
        yield "hub", lock.endpoint
        yield "commit", short(lock.commit)
        yield "files", f"{plural(len(lock.files), 'file')}, {format_size(sum(file.size for file in lock.files))}"
        if signature is None:
            yield "signed", "no"
            return
        provider = "" if signature.provider is None else f" of {signature.provider}"
        yield "signed", f"{signature.method} {signature.signer}{provider}"
        yield from [("log entry", str(signature.log_index))] if signature.log_index is not None else []
        yield from [("builder", signature.builder)] if signature.builder is not None else []
