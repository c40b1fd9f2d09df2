"""Find the changes that people made on the Hub since the last release, and that this one does not keep."""

from collections.abc import Iterator
from dataclasses import replace

from hublish.base.values import Action, Plan
from hublish.schemas.documents.card_decision import MERGE
from hublish.schemas.documents.file_names import CARD_FILE, GITATTRIBUTES
from hublish.schemas.documents.lock import Lock
from hublish.schemas.documents.plan import LastRelease


def with_last_release(plan: Plan, lock: Lock | None, here: Lock | None) -> Plan:
    """Return the plan with the last release, and with the remote files that were edited since.

    Args:
        plan: the plan.
        lock: the lock of the last release; None without one.
        here: the same, if that release went to the target of the plan.
    """
    if lock is None:
        return plan
    names = ("repo_id", "repo_type", "endpoint", "revision", "commit", "tag")
    last = LastRelease.model_construct(**{name: getattr(lock, name) for name in names})
    return replace(plan, last=last, edited=frozenset(_edited(plan, here) if here else ()))


def _edited(plan: Plan, last: Lock) -> Iterator[str]:
    changes = plan.of(Action.CHANGE, Action.DELETE)
    if not changes:
        return
    released = {file.path_in_repo: file for file in last.files}
    for change in changes:
        before, file = released.get(change.path_in_repo), change.file
        if before is None or change.remote is None or change.remote.holds(before):
            continue
        # The Hub writes this file itself. A merged card keeps the edits of people.
        merged = change.path_in_repo == CARD_FILE and plan.card == MERGE and file is not None and file.origin.card
        if change.path_in_repo != GITATTRIBUTES and not merged:
            yield change.path_in_repo
