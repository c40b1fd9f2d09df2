"""The question before a release is published."""

from hublish.cli.terminal.text import plural
from hublish.cli.views import phrases
from hublish.pipeline.compare.surprises import has_many_deletions, is_made_public
from hublish.schemas.documents.plan import PlanDocument
from hublish.schemas.documents.sizes import format_size

_VERBS = (("add", "added"), ("change", "changed"), ("delete", "deleted"))


def confirmation(plan: PlanDocument) -> tuple[str, str]:
    """Return the question, and the name to type where a yes is given too easily; empty where a yes will do."""
    counts = [(sum(file.action == action for file in plan.files), verb) for action, verb in _VERBS]
    files = ", ".join(f"{count:,} {verb}" for count, verb in counts if count)
    size = f" ({format_size(plan.bytes_to_send)})" if plan.bytes_to_send else ""
    subject = f"{files}{size}" if files else "no files, only " + _rest(plan)
    label = phrases.repo_label(plan.repo_id, plan.repo_type)
    how = f"a pull request to {label}" if plan.create_pr else f"{label} at {plan.revision}"
    where = f"{how} ({plan.visibility}) on {plan.endpoint}"
    grave = has_many_deletions(plan) or is_made_public(plan)
    return f"Publish to {where}: {subject}" + ("." if grave else "?"), plan.repo_id if grave else ""


def _rest(plan: PlanDocument) -> str:
    tag = [f"the tag {plan.tag}"] if plan.tag else []
    return " and ".join([*([plural(len(plan.settings), "setting")] if plan.settings else []), *tag])
