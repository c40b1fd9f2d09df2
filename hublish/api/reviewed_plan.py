"""A plan that was reviewed: from a Plan, a document or a file, with its digest and the manifest as it was then."""

from pathlib import Path
from typing import NamedTuple

from hublish.api.read_project import AnyManifest, read_plan_file, read_project
from hublish.base.errors import ManifestInvalidError
from hublish.base.values import Plan, Project
from hublish.pipeline.lock.plan_digest import plan_digest
from hublish.pipeline.lock.records import plan_document
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.plan import PlanDocument

AnyPlan = Plan | PlanDocument | str | Path
"""A plan as `hublish.plan` returned it, its document, or the path of a plan.json."""


class Reviewed(NamedTuple):
    """A reviewed plan."""

    document: PlanDocument
    sha256: str
    """The digest of plan.json."""


def read_reviewed(plan: AnyPlan | None) -> Reviewed | None:
    """Return a reviewed plan; None without one.

    Raises:
        DocumentInvalidError: the file cannot be read, or is not a plan.
    """
    if plan is None:
        return None
    if isinstance(plan, Plan):
        return Reviewed(plan_document(plan), plan_digest(plan))
    if isinstance(plan, PlanDocument):
        return Reviewed(plan, plan_digest(plan))
    # Of the bytes as they are: a plan of an earlier hublish would be written with more fields today.
    return Reviewed(*read_plan_file(Path(plan)))


def as_reviewed(manifest: AnyManifest, reviewed: PlanDocument | None) -> Project:
    """Read the manifest with the variables of its review; a project that has its own is compared instead."""
    # A manifest built in Python has no text in which variables could be replaced.
    built = isinstance(manifest, Manifest) or (isinstance(manifest, Project) and bool(manifest.settings))
    if reviewed is None or built:
        return read_project(manifest)
    try:
        return read_project(manifest, variables=reviewed.variables)
    except ManifestInvalidError as error:
        # The likeliest cause: the manifest no longer mentions a variable that the plan was made with.
        if reviewed.variables:
            error.hint = f"the plan was made with --set of {', '.join(sorted(reviewed.variables))}; make a new one"
        raise
