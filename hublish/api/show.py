"""Show a plan that was saved for review."""

from pathlib import Path

from hublish.api.read_project import read_plan_file
from hublish.schemas.documents.plan import PlanDocument


def show(plan: str | Path) -> PlanDocument:
    """Return a saved plan: the target, every file with its action and rule, and the facts that surprises are found in.

    Nothing is compared: the files and the Hub may have changed since, which `publish` notices.

    Args:
        plan: the path of a plan.json, as `hublish plan --out` writes it.

    Raises:
        DocumentInvalidError: the file cannot be read, is damaged, or is not a plan of this version.
    """
    document, _ = read_plan_file(Path(plan))
    return document
