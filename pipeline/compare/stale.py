"""Whether a reviewed plan is still what would be published."""

from collections.abc import Iterator, Mapping

from hublish.base.errors import PlanStaleError
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import GITATTRIBUTES
from hublish.schemas.documents.plan import PlanDocument, PlannedFile

_TARGET = ("repo_id", "repo_type", "endpoint", "revision", "create_pr", "manifest_sha256", "commit_message")
_REMOTE = ("repo_exists", "parent_commit", "settings", "tag")
_PREPARED = ("settings", "tag")
"""What is left to compare when the place did not exist at the review and was made since: by a run that was killed."""


def refuse(reviewed: PlanDocument, fresh: PlanDocument) -> None:
    """Compare what was reviewed with what would be published now.

    A plan of which a part is done is not stale: a run that was killed after it had made the repo, or its commit,
    converges.

    Raises:
        PlanStaleError: naming everything that moved: a byte, the manifest, the remote.
    """
    problems = [
        *_variables(reviewed, fresh),
        *_fields(reviewed, fresh, _TARGET),
        *_files(_released(reviewed), _released(fresh)),
    ]
    if problems or _sends(fresh):
        fields = _PREPARED if _made_since(reviewed, fresh) else _REMOTE
        problems += _fields(_without_done(reviewed, fresh), fresh, fields)
        problems += _files(_by_path(reviewed), _by_path(fresh))
    else:
        problems += _fields(_without_done(reviewed, fresh), fresh, _PREPARED)
    if problems:
        distinct = tuple(dict.fromkeys(problems))
        msg = "the reviewed plan is stale: this is not what would be published now"
        raise PlanStaleError(msg, hint=_hint(reviewed, fresh), problems=distinct)


def _hint(reviewed: PlanDocument, fresh: PlanDocument) -> str:
    if reviewed.variables == fresh.variables:
        return "make a new plan and have it reviewed"
    return "leave --set out: the plan holds the values it was reviewed with; or make a new plan and have it reviewed"


def _variables(reviewed: PlanDocument, fresh: PlanDocument) -> Iterator[Problem]:
    """Compare the values that hub.yaml does not hold; their names say what moved where its bytes are the same."""
    if reviewed.resolved_sha256 is None or reviewed.manifest_sha256 != fresh.manifest_sha256:
        return
    moved = [*_moved("--set ", reviewed.variables, fresh.variables)]
    moved += _moved("", reviewed.surroundings, fresh.surroundings)
    if not moved and reviewed.resolved_sha256 != fresh.resolved_sha256:
        moved = [Problem("plan.stale.variable", "a variable of the environment moved that hub.yaml lists under 'env'")]
    yield from moved


def _moved(kind: str, before: Mapping[str, str | int], now: Mapping[str, str | int]) -> Iterator[Problem]:
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            values = f"reviewed {before.get(name, 'without it')}, now {now.get(name, 'without it')}"
            yield Problem("plan.stale.variable", f"{kind}{name} moved: {values}")


def _sends(plan: PlanDocument) -> bool:
    return plan.pull_request is None and any(
        file.action in ("add", "change", "delete", "ignore") for file in plan.files
    )


def _made_since(reviewed: PlanDocument, fresh: PlanDocument) -> bool:
    """Whether the repo or the branch was missing and is there now; the files tell whether somebody filled it."""
    made_repo = fresh.repo_exists and not reviewed.repo_exists
    return made_repo or (reviewed.parent_commit is None and fresh.parent_commit is not None)


def _without_done(reviewed: PlanDocument, fresh: PlanDocument) -> PlanDocument:
    """Leave out what stands already: it was agreed to, and need not be done again."""
    left = {(setting.name, setting.after) for setting in fresh.settings}
    agreed = {(setting.name, setting.after) for setting in reviewed.settings}
    settings = fresh.settings if left <= agreed else reviewed.settings
    tag = fresh.tag if fresh.tag is None else reviewed.tag
    return reviewed.model_copy(update={"settings": settings, "tag": tag})


def _fields(reviewed: PlanDocument, fresh: PlanDocument, names: tuple[str, ...]) -> Iterator[Problem]:
    for name in names:
        before, now = getattr(reviewed, name), getattr(fresh, name)
        if before != now:
            shown = "" if name in ("settings", "commit_message") else f": reviewed {before}, now {now}"
            yield Problem(f"plan.stale.{name}", f"{name} moved{shown}")


def _files(reviewed: dict[str, PlannedFile], fresh: dict[str, PlannedFile]) -> Iterator[Problem]:
    for path in sorted(reviewed.keys() | fresh.keys()):
        before, now = reviewed.get(path), fresh.get(path)
        if before is None:
            yield Problem("plan.stale.file", f"'{path}' was not in the reviewed plan")
        elif now is None:
            yield Problem("plan.stale.file", f"'{path}' was reviewed and is gone")
        elif before.sha256 != now.sha256:
            yield Problem("plan.stale.file", f"'{path}' has other bytes than were reviewed")
        elif before.action != now.action:
            yield Problem("plan.stale.file", f"'{path}' was to {before.action} and now would {now.action}")


def _released(plan: PlanDocument) -> dict[str, PlannedFile]:
    """The files of the release, whatever happens to them: their bytes are what was reviewed."""
    blank = {"action": "keep"}
    return {file.path_in_repo: file.model_copy(update=blank) for file in plan.files if file.sha256 is not None}


def _by_path(plan: PlanDocument) -> dict[str, PlannedFile]:
    # The Hub's own file appears with the repo.
    released = (file for file in plan.files if file.sha256 is not None or file.path_in_repo != GITATTRIBUTES)
    return {file.path_in_repo: file for file in released}
