"""A plan as the few facts that decide on it, for readers who pay for each word."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from hublish.base.values.surprise import Surprise
from hublish.cli.report.json import fields
from hublish.schemas.documents.plan import PlanDocument, PlannedFile

_TARGET: Final = ("repo_id", "repo_type", "endpoint", "revision", "parent_commit", "tag", "pull_request", "commits")


def compact_plan(
    plan: PlanDocument, is_listed: Callable[[PlannedFile], bool], found: Iterable[Surprise]
) -> dict[str, Any]:
    """Return the target, the changes and what a reviewer must not overlook, as plain data.

    Args:
        plan: the plan.
        is_listed: returns whether a file has a row.
        found: its surprises.
    """
    counts = Counter(file.action for file in plan.files)
    return {
        "nothing_to_do": plan.nothing_to_do,
        **fields(plan, *_TARGET),
        # As pull requests are rare, these say more than a false.
        **({"create_pr": True} if plan.create_pr else {}),
        **({"repo_exists": False} if not plan.repo_exists else {}),
        "commit_message": plan.commit_message,
        **({"attestation": plan.attestation.model_dump(mode="json")} if plan.attestation else {}),
        "refusals": list(plan.refusals),
        "surprises": [fields(each, "level", "code", "message", "path_in_repo") for each in found],
        "settings": [each.model_dump(mode="json") for each in plan.settings],
        "changes": {action: counts[action] for action in ("add", "change", "delete", "ignore") if counts[action]},
        "bytes_to_send": plan.bytes_to_send,
        "files": [*_files(filter(is_listed, plan.files))],
        "findings": [each.model_dump(mode="json") for each in plan.findings],
    }


def _files(listed: Iterable[PlannedFile]) -> Iterator[dict[str, Any]]:
    for file in listed:
        yield {
            **fields(file, "action", "path_in_repo", "size", "before_size"),
            "edited": file.edited or None,
            **({"made_at_publish": True} if file.made_at_publish else {}),
            # The rule that uploads a file is nearly always its artifact; `--why` and `explain` show it.
            "reason": file.reason if file.action in ("delete", "ignore", "leave") or file.location else "",
            "place": f"{file.location.source}:{file.location.line}" if file.location else "",
        }
