"""explain: the rule that lets a file in or keeps it out, with its line, and what the file becomes."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from hublish.connecting import connected
from hublish.pipeline.collecting.surveying import survey
from hublish.pipeline.explaining.book import Book
from hublish.pipeline.explaining.finding import explain as explain_path
from hublish.pipeline.hub.gitignore import GitIgnore
from hublish.pipeline.planning.ignored import remote_rules
from hublish.pipeline.progress import SILENT, Progress
from hublish.pipeline.values import Project, Step
from hublish.pipeline.values.explanation import Explained, Explanation, Fate
from hublish.projects import AnyManifest, read_project, with_locations
from hublish.schemas.places import Places
from hublish.schemas.problems import Location


def explain(
    manifest: AnyManifest = "hub.yaml",
    *paths: str | Path,
    remote: bool = False,
    endpoint: str | None = None,
    token: str | bool | None = None,
    progress: Progress = SILENT,
) -> Explained:
    """Tell why files are in the release or out of it, rule by rule, and what they become.

    Nothing is converted and nothing is refused: what would fail the release is told.

    Args:
        manifest: the manifest.
        paths: files and folders of the working tree, below the current folder or the manifest's; or paths in the
            repo. A file that goes up as it is is read, for its audit.
        remote: ask the Hub for its `.gitignore`, which drops files when the release holds none of its own. Without
            it no network is used.
        endpoint: a URL or `embedded`; default: the manifest's, then HF_ENDPOINT, then the public Hub.
        token: a token, None for the saved one, False for none.
        progress: told about stages.

    Raises:
        ManifestInvalidError: the manifest cannot be read.
        RemoteError: the Hub was to be asked, and refuses or cannot be reached.
    """
    project = read_project(manifest)
    rules = _remote_rules(project, endpoint, token, progress) if remote else None
    progress.begin("asking every rule")
    found = survey(project)
    book = Book(found, rules)
    lines = _Lines(project)
    answers = tuple(lines.of(explain_path(book, str(path), Path.cwd())) for path in paths)
    errors = (problem for problem in found.problems if problem.severity == "error")
    return Explained(answers, with_locations(errors, project))


def _remote_rules(
    project: Project, endpoint: str | None, token: str | bool | None, progress: Progress
) -> GitIgnore | None:
    repo = project.manifest.repo
    with connected(endpoint or repo.endpoint, token, project.folder, progress) as hub:
        progress.begin("reading the Hub's .gitignore")
        return remote_rules(hub, repo, hub.head(repo))


class _Lines:
    """Gives every rule its line in the manifest."""

    def __init__(self, project: Project) -> None:
        self._places = Places.of(project.text, project.name)
        self._known: dict[str, Location | None] = {}

    def of(self, explanation: Explanation) -> Explanation:
        """Return an explanation with the lines of its rules."""
        return replace(
            explanation,
            fates=tuple(map(self._of_fate, explanation.fates)),
            files=tuple(map(self.of, explanation.files)),
        )

    def _of_fate(self, fate: Fate) -> Fate:
        loading = None if fate.loading is None else self._of_step(fate.loading)
        return replace(fate, steps=self._of_steps(fate.steps), loading=loading)

    def _of_steps(self, steps: Iterable[Step]) -> tuple[Step, ...]:
        return tuple(map(self._of_step, steps))

    def _of_step(self, step: Step) -> Step:
        if step.location is not None or not step.path:
            return step
        if step.path not in self._known:
            self._known[step.path] = self._places.find(step.path)
        return replace(step, location=self._known[step.path])
