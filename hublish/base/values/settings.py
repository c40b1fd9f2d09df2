"""Changes to the repo itself: that it is created, its branch, who may read it."""

from collections.abc import Mapping
from typing import Final, Literal

from hublish.base.values import Head, Plan, Setting, Target

_RESTRICTION: Final[Mapping[str | Literal[False] | None, int]] = {
    "public": 0,
    "protected": 1,
    "private": 2,
    None: 0,
    False: 0,
    "auto": 1,
    "manual": 2,
}
"""How far each value restricts who may read."""


def of(target: Target, head: Head) -> tuple[Setting, ...]:
    """Return the settings that publishing to a target changes; one that the target leaves open stays as it is."""
    if not head.repo_exists:
        found = [Setting("repo", None, f"created, {target.visibility or 'public'}")]
        found += [Setting("gated", None, target.gated)] if target.gated else []
    else:
        found = []
        if target.visibility not in (None, head.visibility):
            found.append(Setting("visibility", head.visibility, target.visibility))
        if target.gated not in (None, head.gated or False):
            found.append(Setting("gated", head.gated or False, target.gated))
    if head.commit is None and target.revision != "main":
        found.append(Setting("branch", None, f"{target.revision}, created from main"))
    return tuple(found)


def restricting(plan: Plan) -> Mapping[str, str | bool]:
    """Return the settings that restrict readers: they apply before any byte is sent."""
    return {setting.name: setting.after for setting in _of_repo(plan) if _restricts(setting)}


def opening(plan: Plan) -> Mapping[str, str | bool]:
    """Return the settings that admit readers: they apply once the release is verified."""
    return {setting.name: setting.after for setting in _of_repo(plan) if not _restricts(setting)}


def _of_repo(plan: Plan) -> list[Setting]:
    return [setting for setting in plan.settings if setting.name in ("visibility", "gated")]


def _restricts(setting: Setting) -> bool:
    # A value that a newer Hub invents counts as open: the change to ours then applies before the upload.
    return _RESTRICTION[setting.after] >= _RESTRICTION.get(setting.before, 0)
