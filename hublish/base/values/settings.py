"""Changes to the repo itself: that it is created, its branch, who may read it."""

from collections.abc import Mapping
from typing import Any

from hublish.base.values import Head, Plan, Setting
from hublish.schemas.documents.manifest import Repo

_RESTRICTION = {"public": 0, "protected": 1, "private": 2, "False": 0, "auto": 1, "manual": 2}
"""How much each value keeps readers out."""


def of(repo: Repo, head: Head) -> tuple[Setting, ...]:
    """Return what the manifest changes; a setting it does not name stays as it is."""
    if not head.repo_exists:
        found = [Setting("repo", None, f"created, {repo.visibility or 'public'}")]
        found += [Setting("gated", None, str(repo.gated))] if repo.gated else []
    else:
        found = [
            Setting(name, str(before), str(after))
            for name, before, after in (
                ("visibility", head.visibility, repo.visibility),
                ("gated", head.gated or False, repo.gated),
            )
            if after is not None and str(after) != str(before)
        ]
    if head.commit is None and repo.revision != "main":
        found.append(Setting("branch", None, f"{repo.revision}, created from main"))
    return tuple(found)


def restricting(plan: Plan) -> Mapping[str, Any]:
    """Return the settings that keep readers out: they apply before any byte is sent."""
    return {setting.name: _value(setting) for setting in _of_repo(plan) if _closes(setting)}


def opening(plan: Plan) -> Mapping[str, Any]:
    """Return the settings that let readers in: they apply once the release is verified."""
    return {setting.name: _value(setting) for setting in _of_repo(plan) if not _closes(setting)}


def _of_repo(plan: Plan) -> list[Setting]:
    return [setting for setting in plan.settings if setting.name in ("visibility", "gated")]


def _closes(setting: Setting) -> bool:
    return _RESTRICTION[setting.after] >= _RESTRICTION.get(str(setting.before), 0)


def _value(setting: Setting) -> Any:
    return False if setting.after == "False" else setting.after
