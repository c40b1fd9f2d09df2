"""The facts of a plan that a careful reviewer must not overlook, found in the plan document and the diffs of files."""

from collections.abc import Sequence
from typing import Any

from hublish.base.values.surprise import Surprise
from hublish.schemas.documents.plan import PlanDocument


def surprises(plan: PlanDocument, diffs: Sequence[Any] = ()) -> tuple[Surprise, ...]:
    """Return the surprises of a plan, those of high importance first.

    Args:
        plan: the plan; files that are neither sent, deleted nor dropped may be left out.
        diffs: the changes inside of its files, as far as they are known.
    """
    found = [
        *(
            Surprise("surprise.deleted", "high", f"'{file.path_in_repo}' is deleted", file.path_in_repo)
            for file in plan.files
            if file.action == "delete"
        )
    ]
    del diffs
    return tuple(sorted(found, key=lambda surprise: surprise.level))
