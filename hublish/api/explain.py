"""Explain which rule includes or excludes a file, and the files that are made of it."""

from dataclasses import replace
from pathlib import Path
from typing import Unpack

from hublish.api.options import HubOptions, takes
from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session
from hublish.base.gitignore import GitIgnore
from hublish.base.values import Step
from hublish.base.values.explanation import Explained, Explanation, Fate
from hublish.pipeline.collect.collect import survey
from hublish.pipeline.explain.path_lookup import explain as explain_path
from hublish.pipeline.explain.release_rules import ReleaseRules
from hublish.schemas.diagnose.problems import errors_in
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.yaml.reader import Places


@takes(HubOptions)
def explain(
    manifest: AnyManifest = MANIFEST_FILE, *paths: str | Path, remote: bool = False, **options: Unpack[HubOptions]
) -> Explained:
    """Explain rule by rule why files are included or excluded, and the files that are made of them.

    Nothing is converted. A problem that would fail the release is reported and does not raise.

    Args:
        manifest: the manifest.
        paths: files and folders of the working tree, below the current folder or the manifest's; or paths in the
            repo. A file that is uploaded as it is, is read for its audit.
        remote: read the Hub's `.gitignore`, which makes it drop files when the release has none of its own, and the
            list of its files. Without it no network is used.
        **options: see `HubOptions`.

    Raises:
        ManifestInvalidError: the manifest cannot be read.
        RemoteError: with `remote`, the Hub rejects a request or cannot be reached.
    """
    project = read_project(manifest)
    with Session(project, **options) as session:
        gitignore, existing = _on_the_hub(session) if remote else (None, frozenset[str]())
        session.progress.begin("evaluating every rule")
        found = survey(project)
        rules = ReleaseRules(found, gitignore, existing, session.progress)
        # One index of the positions for all answers: a folder may hold thousands of files.
        places = Places.of(project.text, project.name)
        # A path is relative to the current folder first, as the shell completes it, then to the manifest's.
        answers = tuple(_with_lines(explain_path(rules, str(path), Path.cwd()), places) for path in paths)
        return Explained(answers, session.located(errors_in(found.problems)))


def _on_the_hub(session: Session) -> tuple[GitIgnore | None, frozenset[str]]:
    # Imported here: without --remote, no client is loaded.
    from hublish.pipeline.compare.compare import remote_rules

    session.progress.begin("reading the repo on the Hub")
    head = session.hub.head(session.target)
    return remote_rules(session.hub, session.target, head), frozenset(head.files)


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
    # A rule of a .gitignore has its place already; a rule of hublish itself has none.
    return replace(step, location=places.find(step.path)) if step.path and step.location is None else step
