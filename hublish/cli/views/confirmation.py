"""The question before a release is published."""

from collections.abc import Callable

from hublish.base.values import Plan
from hublish.cli.report import Report
from hublish.cli.terminal.text import plural
from hublish.cli.views import phrases
from hublish.cli.views.plan import PlanView
from hublish.pipeline.compare.surprises import has_many_deletions, is_made_public
from hublish.schemas.documents.plan import PlanDocument
from hublish.schemas.documents.sizes import format_size

_VERBS = (("add", "added"), ("change", "changed"), ("delete", "deleted"))


def confirming(report: Report, *, agreed: bool) -> Callable[[Plan], bool]:
    """Return a function that shows a plan and asks whether to carry it out.

    Args:
        report: shows the plan and its warnings.
        agreed: do not ask: a reviewed plan was confirmed by its review, and -y confirms in advance.
    """

    def confirm(plan: Plan) -> bool:
        report.warn((*plan.release.warnings, *plan.warnings))
        if agreed or plan.nothing_to_do:
            return True
        view = PlanView(plan, ask=True)
        question, name = confirmation(view.shown)
        return report.confirm(view, question, name=name)

    return confirm


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
    action = f"Roll back to {plan.restores.name}, on {where}" if plan.restores else f"Publish to {where}"
    return f"{action}: {subject}" + ("." if grave else "?"), plan.repo_id if grave else ""


def _rest(plan: PlanDocument) -> str:
    settings = [plural(len(plan.settings), "setting")] if plan.settings else []
    tag = [f"the tag {plan.tag}"] if plan.tag else []
    return " and ".join([*settings, *tag, *(f"the {move.kind} {move.name}" for move in plan.moves)])
