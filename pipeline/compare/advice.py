"""Facts about the Hub that the author of a manifest probably does not know, found before anything is published."""

from collections.abc import Iterator
from dataclasses import replace

from hublish.base.errors import AuthenticationError, RemoteError
from hublish.base.values import Plan
from hublish.hub.client.hub import Hub
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.hub_names import REPO_TYPES

NO_PERMISSION = "plan.permission"


def with_advice(plan: Plan, hub: Hub) -> Plan:
    """Return the plan with warnings about the token, and about a repo of another type with the same id."""
    if plan.nothing_to_do:
        return plan
    return replace(plan, warnings=(*plan.warnings, *_permission(hub), *_other_types(plan, hub)))


def _permission(hub: Hub) -> Iterator[Problem]:
    login = "log in with `hf auth login`, or set HF_TOKEN to a token with write access"
    if not hub.has_token:
        yield Problem(NO_PERMISSION, "there is no token, and publishing needs one", login, severity="warning")
        return
    try:
        account = hub.account()
    except AuthenticationError:
        yield Problem(NO_PERMISSION, "the Hub does not accept the token", login, severity="warning")
        return
    except RemoteError:  # this Hub does not describe accounts
        return
    if account.role == "read":
        message = f"the token of {account.name} may only read, and publishing needs write access"
        yield Problem(NO_PERMISSION, message, login, severity="warning")


def _other_types(plan: Plan, hub: Hub) -> Iterator[Problem]:
    target = plan.target
    if plan.head.repo_exists:
        return
    for kind in REPO_TYPES:
        other = replace(target, repo_type=kind)
        if kind != target.repo_type and hub.exists(other):
            message = f"{target.repo_id} exists as a {kind}, and this release creates a {target.repo_type} beside it"
            hint = f"write `repo_type: {kind}` if that repo is meant"
            yield Problem("plan.other_type", message, hint, "repo.repo_id", severity="warning")
