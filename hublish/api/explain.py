"""explain: the rule that lets a file in or keeps it out, with its line, and what the file becomes."""

from dataclasses import replace
from pathlib import Path

from hublish.api.project import AnyManifest, read_project, with_locations
from hublish.base.gitignore import GitIgnore
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Project, Step
from hublish.base.values.explanation import Explained, Explanation, Fate
from hublish.pipeline.collect.collect import survey
from hublish.pipeline.explain.book import Book
from hublish.pipeline.explain.finding import explain as explain_path
from hublish.schemas.diagnose.problems import errors_in
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.yaml.reader import Places


def explain(
    manifest: AnyManifest = MANIFEST_FILE,
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
        remote: ask the Hub for its `.gitignore`, which drops files when the release holds none of its own, and for
            the files that stand there. Without it no network is used.
        endpoint: a URL or `embedded`; default: the manifest's, then HF_ENDPOINT, then the public Hub.
        token: a token, None for the saved one, False for none.
        progress: told about stages.

    Raises:
        ManifestInvalidError: the manifest cannot be read.
        RemoteError: the Hub was to be asked, and refuses or cannot be reached.
    """
    project = read_project(manifest)
    rules, standing = _on_the_hub(project, endpoint, token, progress) if remote else (None, frozenset[str]())
    progress.begin("asking every rule")
    found = survey(project)
    book = Book(found, rules, standing, progress)
    places = Places.of(project.text, project.name)
    answers = tuple(_with_lines(explain_path(book, str(path), Path.cwd()), places) for path in paths)
    return Explained(answers, with_locations(errors_in(found.problems), project))


def _on_the_hub(
    project: Project, endpoint: str | None, token: str | bool | None, progress: Progress
) -> tuple[GitIgnore | None, frozenset[str]]:
    from hublish.api.session import connected
    from hublish.pipeline.compare.ignored import remote_rules

    target = project.target
    with connected(endpoint or target.endpoint, token, project.folder, progress) as hub:
        progress.begin("reading what stands on the Hub")
        head = hub.head(target)
        return remote_rules(hub, target, head), frozenset(head.files)


def _with_lines(explanation: Explanation, places: Places) -> Explanation:
    return replace(
        explanation,
        fates=tuple(_fate_with_lines(fate, places) for fate in explanation.fates),
        files=tuple(_with_lines(file, places) for file in explanation.files),
    )


def _fate_with_lines(fate: Fate, places: Places) -> Fate:
    steps = tuple(_step_with_line(step, places) for step in fate.steps)
    return replace(fate, steps=steps, loading=fate.loading and _step_with_line(fate.loading, places))


def _step_with_line(step: Step, places: Places) -> Step:
    return replace(step, location=places.find(step.path)) if step.path and step.location is None else step
