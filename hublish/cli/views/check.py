"""The view of `check`: a valid manifest."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hublish.cli.report.json import problem_document
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import plural
from hublish.cli.views.phrases import NO_OPTIONS, RepeatedOptions, next_steps, repo_outputs
from hublish.schemas.diagnose.problems import Problem

if TYPE_CHECKING:
    from hublish.base.values.audited import AuditFinding
    from hublish.cli.report.markup import Block, Ink
    from hublish.schemas.documents.manifest import Repo


@dataclass(frozen=True)
class CheckView:
    """A manifest without errors. Its warnings are written to stderr, apart from this view."""

    name: str
    warnings: tuple[Problem, ...]
    repeated: RepeatedOptions = NO_OPTIONS
    # The manifest with defaults and variables filled in, when --resolved asks for it.
    resolved: Mapping[str, Any] | None = None
    # What the manifest says; None where it is not known.
    repo: "Repo | None" = None

    @property
    def findings(self) -> "tuple[AuditFinding, ...]":
        """The warnings, for the formats of other programs."""
        from hublish.base.values.audited import AuditFinding

        return tuple(AuditFinding(problem) for problem in self.warnings)

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the verdict and the next steps."""
        rest = f", with {plural(len(self.warnings), 'warning')}" if self.warnings else ""
        yield f"{paint('green', 'ok')}  {self.name}: manifest, sources and card are valid{rest}"
        options = self.repeated.manifest
        yield from next_steps(paint, f"hublish files{options}", f"hublish plan{options}")

    def markdown(self, ink: "Ink") -> "Iterable[Block]":
        """Return the verdict and every warning."""
        from hublish.cli.report.markdown import problem_item
        from hublish.cli.report.markup import Items, Paragraph

        rest = f", with {plural(len(self.warnings), 'warning')}" if self.warnings else ""
        yield Paragraph(f"**ok** {ink.code(self.name)}: manifest, sources and card are valid{rest}")
        if self.warnings:
            yield Items([problem_item(problem, ink) for problem in self.warnings], "warning")

    def outputs(self) -> dict[str, str]:
        """Return the repo and the endpoint of the manifest, for the next steps of a workflow."""
        repo = self.repo
        return {**repo_outputs(repo.repo_id, repo.repo_type), "endpoint": repo.endpoint or ""} if repo else {}

    def document(self) -> Any:
        """Return the verdict with every warning, and the resolved manifest if there is one."""
        warnings = [problem_document(problem) for problem in self.warnings]
        verdict = {"ok": True, "manifest": self.name, "warnings": warnings}
        return verdict if self.resolved is None else {**verdict, "resolved": self.resolved}

    def quiet(self) -> Iterable[str]:
        """Return nothing: the exit code is the answer."""
        return ()
