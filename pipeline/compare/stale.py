"""Compare a reviewed plan with the one that would be published now."""

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping

from hublish.attestation.certified_identity import Identity
from hublish.base.errors import PlanStaleError
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import GITATTRIBUTES
from hublish.schemas.documents.plan import PlanDocument, PlannedAttestation, PlannedFile

_TARGET = (
    *("repo_id", "repo_type", "endpoint", "revision", "create_pr", "manifest_sha256", "commit_message", "card"),
    "restores",
)
_REMOTE = ("repo_exists", "parent_commit", "settings", "tag", "moves")
# When a run that was killed has created the repo or the branch since the review, only these are left to compare.
_PREPARED = ("settings", "tag", "moves")


def refuse_stale(reviewed: PlanDocument, fresh: PlanDocument) -> None:
    """Raise when the reviewed plan differs from the one that would be published now.

    A plan that is partly done is not stale: after a run that was killed once it had created the repo, or its commit,
    the next run converges.

    Raises:
        PlanStaleError: with everything that changed: a byte, the manifest, the remote.
    """
    problems = [
        *_variables(reviewed, fresh),
        *_fields(reviewed, fresh, _TARGET),
        *_waived(reviewed, fresh),
        *_attestation(reviewed.attestation, fresh.attestation),
    ]
    # Of a rollback that is done, the files beside the release are not planned again.
    if not fresh.restores or _sends(fresh):
        problems += _files(_released(reviewed), _released(fresh))
    # A fresh plan that sends nothing was published already: only the rest of its work is compared.
    if problems or _sends(fresh):
        fields = _PREPARED if _created_since(reviewed, fresh) else _REMOTE
        problems += _fields(_without_done(reviewed, fresh), fresh, fields)
        problems += _files(_by_path(reviewed), _by_path(fresh))
    else:
        problems += _fields(_without_done(reviewed, fresh), fresh, _PREPARED)
    if problems:
        # A changed byte is found twice: among the released files, and among the planned changes.
        distinct = tuple(dict.fromkeys(problems))
        msg = "the reviewed plan is stale: this is not what would be published now"
        hint = "make a new plan and have it reviewed"
        if _command(reviewed) != _command(fresh):
            hint = f"this is the plan for `{_command(reviewed)}`"
        elif reviewed.variables != fresh.variables:
            hint = f"leave --set out: the plan contains the reviewed values; or {hint}"
        raise PlanStaleError(msg, hint=hint, problems=distinct)


def _command(plan: PlanDocument) -> str:
    return f"hublish rollback {shlex.quote(plan.restores.name)}" if plan.restores else "hublish publish"


def _variables(reviewed: PlanDocument, fresh: PlanDocument) -> Iterator[Problem]:
    """Yield changes of values that are not in hub.yaml, by name, while the file itself is the same."""
    # A plan of an earlier version has no digest; a changed manifest is reported as such.
    if reviewed.resolved_sha256 is None or reviewed.manifest_sha256 != fresh.manifest_sha256:
        return
    changed = [*_changed("--set ", reviewed.variables, fresh.variables)]
    changed += _changed("", reviewed.surroundings, fresh.surroundings)
    if not changed and reviewed.resolved_sha256 != fresh.resolved_sha256:
        # The values of the environment may be secret: the plan has only a digest of the manifest with them.
        message = "an environment variable changed that hub.yaml lists under 'env'"
        changed = [Problem("plan.stale.variable", message)]
    yield from changed


def _changed(kind: str, before: Mapping[str, str | int], now: Mapping[str, str | int]) -> Iterator[Problem]:
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            values = f"reviewed {before.get(name, 'without it')}, now {now.get(name, 'without it')}"
            yield Problem("plan.stale.variable", f"{kind}{name} changed: {values}")


def _sends(plan: PlanDocument) -> bool:
    return plan.pull_request is None and any(
        file.action in ("add", "change", "delete", "ignore") for file in plan.files
    )


def _created_since(reviewed: PlanDocument, fresh: PlanDocument) -> bool:
    """Return whether the repo or the branch was created since the review; its files are compared separately."""
    created = fresh.repo_exists and not reviewed.repo_exists
    return created or (reviewed.parent_commit is None and fresh.parent_commit is not None)


def _without_done(reviewed: PlanDocument, fresh: PlanDocument) -> PlanDocument:
    """Return the reviewed plan without the settings, the tag and the moves that have been applied since."""
    # Applied settings are missing from the fresh plan. The others must have been reviewed.
    left = {(setting.name, setting.after) for setting in fresh.settings}
    reviewed_settings = {(setting.name, setting.after) for setting in reviewed.settings}
    settings = fresh.settings if left <= reviewed_settings else reviewed.settings
    tag = fresh.tag if fresh.tag is None else reviewed.tag
    moves = fresh.moves if _all_reviewed(reviewed, fresh) else reviewed.moves
    return reviewed.model_copy(update={"settings": settings, "tag": tag, "moves": moves})


def _all_reviewed(reviewed: PlanDocument, fresh: PlanDocument) -> bool:
    """Return whether every ref moves as it was reviewed, or is missing because a run was killed while moving it."""
    known = {(move.kind, move.name): move.before for move in reviewed.moves}
    moves = ((known.get((move.kind, move.name), ""), move.before) for move in fresh.moves)
    return all(before == now or (now is None and before != "") for before, now in moves)


def _fields(reviewed: PlanDocument, fresh: PlanDocument, names: tuple[str, ...]) -> Iterator[Problem]:
    for name in names:
        before, now = getattr(reviewed, name), getattr(fresh, name)
        if before != now:
            # These are long, and the plan itself shows them.
            shown = (
                "" if name in ("settings", "moves", "commit_message", "restores") else f": reviewed {before}, now {now}"
            )
            yield Problem(f"plan.stale.{name}", f"{name} changed{shown}")


def _files(reviewed: dict[str, PlannedFile], fresh: dict[str, PlannedFile]) -> Iterator[Problem]:
    for path in sorted(reviewed.keys() | fresh.keys()):
        before, now = reviewed.get(path), fresh.get(path)
        if before is None:
            yield Problem("plan.stale.file", f"'{path}' was not in the reviewed plan")
        elif now is None:
            yield Problem("plan.stale.file", f"'{path}' was reviewed and is gone")
        elif before.made_at_publish:
            # Nothing was reviewed of it but its name; what it is about was, file by file.
            continue
        elif before.sha256 != now.sha256:
            yield Problem("plan.stale.file", f"'{path}' has other bytes than were reviewed")
        elif before.action != now.action:
            yield Problem("plan.stale.file", f"'{path}' was to {before.action} and now would {now.action}")


def _waived(reviewed: PlanDocument, fresh: PlanDocument) -> Iterator[Problem]:
    """Yield the waived findings that the reviewers have not seen, or saw with another reason."""
    # Warnings are not compared: a later version of hublish may find more.
    seen = Counter(finding for finding in reviewed.findings if finding.waived is not None)
    now = Counter(finding for finding in fresh.findings if finding.waived is not None)
    for finding in sorted(now - seen, key=lambda one: (one.path_in_repo, one.code)):
        message = f"'{finding.path_in_repo}' has a waived finding of {finding.code} that was not reviewed"
        yield Problem("plan.stale.waived", message)


def _attestation(reviewed: PlannedAttestation | None, fresh: PlannedAttestation | None) -> Iterator[Problem]:
    """Yield a problem for another signer, for none, or for files that are no longer in a commit.

    The builder and the commit may differ: a plan is often made in a pull request, and published after its merge.
    """
    before, now = (("nobody", None) if one is None else (one.method, one.signer) for one in (reviewed, fresh))
    if before[0] != now[0] or not _is_reviewed(before[1], now[1]):
        shown = [" ".join(part for part in one if part) for one in (before, now)]
        yield Problem("plan.stale.attestation", f"the signer changed: reviewed {shown[0]}, now {shown[1]}")
    elif reviewed is not None and fresh is not None and reviewed.dirty is False and fresh.dirty:
        message = "the files were those of the git commit, and now differ from it"
        yield Problem("plan.stale.attestation", message)


def _is_reviewed(before: str | None, now: str | None) -> bool:
    # A reviewer may have no key, and then does not know its digest; a declared identity may have a `*`.
    return before is None or now is None or Identity(before, "").covers(Identity(now, ""))


def _released(plan: PlanDocument) -> dict[str, PlannedFile]:
    """Return the files of the release without their actions: their bytes were reviewed."""
    blank = {"action": "keep"}
    released = (file for file in plan.files if file.sha256 is not None or file.made_at_publish)
    return {file.path_in_repo: file.model_copy(update=blank) for file in released}


def _by_path(plan: PlanDocument) -> dict[str, PlannedFile]:
    # The Hub adds .gitattributes by itself when the repo is created.
    released = (file for file in plan.files if file.sha256 is not None or file.path_in_repo != GITATTRIBUTES)
    return {file.path_in_repo: file for file in released}
