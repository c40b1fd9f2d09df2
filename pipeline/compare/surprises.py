"""The facts of a plan that a careful reviewer must not overlook, found in the plan document and the diffs of files.

An ordinary next release has none: the same repo, branch and policy, files of about the size that they had, and nothing
deleted. Each rule that follows names one way in which a release differs from that.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from hublish.base.values.publication import RELEASED_BEFORE
from hublish.base.values.surprise import Importance, Surprise
from hublish.formats.catalogue import WEIGHT_SUFFIXES
from hublish.pipeline.compare.version_order import is_lower, moves_unexpectedly
from hublish.schemas.documents.file_names import CARD_FILE, GITATTRIBUTES
from hublish.schemas.documents.manifest import Policy
from hublish.schemas.documents.plan import LastRelease, PlanDocument, PlannedFile, PlannedSetting
from hublish.schemas.documents.sizes import format_size

if TYPE_CHECKING:
    from hublish.diffs.differences import FileDiff

# A file that grew or shrank by this factor is probably another file. Small ones vary more.
_MANY_TIMES: Final = 10
_SMALLEST_CHANGE: Final = 1_000_000
# From here on, a mistake costs hours of upload and the quota of an account.
_VERY_LARGE: Final = 1_000_000_000
# No framework writes weights that are shorter than their own header.
_EMPTY_WEIGHTS: Final = 128
# Deletions that are named one by one, and the share of the remote files above which they are many.
_FEW_DELETIONS: Final = 10
_LARGE_SHARE: Final = 10
_NAMED: Final = 3
# Files that readers of a model or dataset run: by `trust_remote_code`, or by hand.
_CODE: Final = (".py", ".pyc", ".so", ".dll", ".dylib", ".exe", ".jar", ".sh", ".bash", ".bat", ".cmd", ".ps1", ".vbs")
_LICENSES: Final = re.compile(r"(?:license|licence|copying|notice)(?:\.\w+)?", re.IGNORECASE)
# The effect of permitting files that the policy forbids, and whether it matters even when it is not new.
_PERMITS: Final = {
    "secrets": ("files with secrets may be released", True),
    "pickle": ("files that run code when they are loaded may be released", True),
    "symlinks": ("the targets of links are released", False),
    "dirty": ("files may differ from the git commit that the release is named after", False),
}
# How far a value of the policy permits more than the default.
_STRICTNESS: Final = {"forbid": 0, "warn": 1, "follow": 1, "allow": 2}
_OPENNESS: Final = {"private": 0, "protected": 1, "public": 2, "manual": 0, "auto": 1, "false": 2}

# The findings that harm readers; the others are shown as warnings.
_DANGERS: Final[Mapping[str, Importance]] = {"policy.secret": "high", "policy.pickle": "medium"}

# A rule: the surprises of one kind in a plan.
Rule = Callable[[PlanDocument], Iterable[Surprise]]


def surprises(plan: PlanDocument, diffs: "Sequence[FileDiff]" = ()) -> tuple[Surprise, ...]:
    """Return the surprises of a plan, those of high importance first.

    Args:
        plan: the plan; files that stay as they are may be left out.
        diffs: the changes inside of its files, as far as they are known.
    """
    if plan.nothing_to_do and not plan.refusals:
        return ()
    found = list(chain.from_iterable(rule(plan) for rule in _RULES))
    if diffs:
        # Most plans are shown without the changes inside of their files, and start faster.
        from hublish.pipeline.compare.content_surprises import content_surprises

        found += content_surprises(plan, diffs)
    # A stable sort: within one level, the whole release comes before its files.
    return tuple(sorted(dict.fromkeys(found), key=lambda surprise: surprise.level != "high"))


def has_many_deletions(plan: PlanDocument) -> bool:
    """Return whether a plan deletes so many files that a mistake is likelier than an intention.

    More than 10 are many, and so are more than 3 that are a tenth of the remote files.
    """
    deleted = sum(file.action == "delete" for file in plan.files)
    return deleted > _FEW_DELETIONS or (deleted > _NAMED and deleted * _LARGE_SHARE >= _remote_files(plan))


def is_made_public(plan: PlanDocument) -> bool:
    """Return whether publishing shows an existing repo to readers who cannot see it now."""
    return any(setting.name == "visibility" and _opens(setting) for setting in plan.settings)


def was_released(file: PlannedFile) -> bool:
    """Return whether the last release had a file that this one leaves on the Hub."""
    return file.action == "leave" and file.reason == RELEASED_BEFORE


def _refusals(plan: PlanDocument) -> Iterator[Surprise]:
    for message in plan.refusals:
        yield Surprise("surprise.refused", "high", message, path="repo")


def _settings(plan: PlanDocument) -> Iterator[Surprise]:
    for setting in plan.settings:
        change = f"{setting.name} changes from {setting.before} to {setting.after}"
        if setting.name in ("visibility", "gated") and setting.before is not None:
            before, after = _spelled(setting.before), _spelled(setting.after)
            level: Importance = "high" if _opens(setting) else "medium"
            change = f"{setting.name} changes from {before} to {after}"
            if level == "high":
                change += ": everyone can read it" if after == "public" else ": more people can read it"
            yield Surprise(f"surprise.{setting.name}", level, change, path=f"repo.{setting.name}")


def _first_release(plan: PlanDocument) -> Iterator[Surprise]:
    if not plan.repo_exists:
        everyone = ", and everyone can read it" if plan.visibility == "public" else ""
        yield Surprise("surprise.created", "medium", f"the repo does not exist yet: it is created{everyone}")
    elif _last(plan) is None and any(file.before_size is not None for file in plan.files if _is_ours(file)):
        message = "there is no lock of an earlier release: edits that people made on the Hub cannot be recognized"
        yield Surprise("surprise.first", "medium", message)


def _other_target(plan: PlanDocument) -> Iterator[Surprise]:
    last = _last(plan)
    if last is None or plan.endpoint == "embedded":
        return
    if _host(last.endpoint) != _host(plan.endpoint):
        message = f"the last release went to {last.endpoint}, and this one goes to {plan.endpoint}"
        yield Surprise("surprise.endpoint", "high", message, path="repo.endpoint")
    if (last.repo_type, last.repo_id.lower()) != (plan.repo_type, plan.repo_id.lower()):
        before, now = f"{last.repo_type} {last.repo_id}", f"{plan.repo_type} {plan.repo_id}"
        message = f"the last release went to the {before}, and this one goes to the {now}"
        yield Surprise("surprise.repo", "high", message, path="repo.repo_id")


def _other_branch(plan: PlanDocument) -> Iterator[Surprise]:
    last = _last_here(plan)
    if last is None:
        return
    proposed = last.revision.startswith("refs/pr/")
    if proposed and not plan.create_pr:
        message = f"the last release was proposed as a pull request, and this one goes to {plan.revision} directly"
        yield Surprise("surprise.create_pr", "high", message, path="repo.create_pr")
    elif not proposed and plan.create_pr:
        message = f"the last release went to {last.revision} directly, and this one is proposed as a pull request"
        yield Surprise("surprise.create_pr", "medium", message, path="repo.create_pr")
    elif not proposed and last.revision != plan.revision:
        message = f"the last release went to the branch {last.revision}, and this one goes to {plan.revision}"
        yield Surprise("surprise.branch", "medium", message, path="repo.revision")
    elif not proposed and plan.parent_commit not in (None, last.commit):
        message = (
            f"{plan.revision} moved since the last release: it is at {_short(plan.parent_commit)}, not at "
            f"{_short(last.commit)}"
        )
        yield Surprise("surprise.moved_head", "medium", message)


def _tag(plan: PlanDocument) -> Iterator[Surprise]:
    last = _last_here(plan)
    # A rollback publishes no new version.
    if last is None or last.tag is None or plan.create_pr or plan.restores or not plan.bytes_to_send:
        return
    if plan.tag is None:
        if not plan.refusals:
            message = f"it gets no tag, and the last release has {last.tag}"
            yield Surprise("surprise.tag", "medium", message, path="repo.tag")
    elif is_lower(plan.tag, last.tag):
        message = f"its tag {plan.tag} is lower than {last.tag}, the one of the last release"
        yield Surprise("surprise.tag", "medium", message, path="repo.tag")


def _policy(plan: PlanDocument) -> Iterator[Surprise]:
    policy, before = plan.policy, plan.released_policy
    if policy is None:
        return
    for name, (effect, always) in _PERMITS.items():
        now, then = getattr(policy, name), getattr(before or policy, name)
        weakened = _STRICTNESS[now] > _STRICTNESS[then]
        if not weakened and not (always and _STRICTNESS[now]):
            continue
        change = f"policy.{name} changes from {then} to {now}" if weakened else f"policy.{name} is {now}"
        level: Importance = "high" if weakened or (name == "secrets" and now == "allow") else "medium"
        yield Surprise("surprise.policy", level, f"{change}: {effect}", path=f"policy.{name}")
    if before is not None:
        yield from _limits(before, policy)


def _limits(before: Policy, now: Policy) -> Iterator[Surprise]:
    if now.max_file_size > before.max_file_size:
        sizes = f"{format_size(before.max_file_size)} to {format_size(now.max_file_size)}"
        message = f"policy.max_file_size changes from {sizes}"
        yield Surprise("surprise.policy", "medium", message, path="policy.max_file_size")
    if gone := [pattern for pattern in before.deny_patterns if pattern not in now.deny_patterns]:
        message = f"policy.deny_patterns no longer has {_names(gone)}"
        yield Surprise("surprise.policy", "high", message, path="policy.deny_patterns")


def _dirty(plan: PlanDocument) -> Iterator[Surprise]:
    if plan.surroundings.get("git.dirty") == "true":
        message = "the working tree has changes that are not committed"
        yield Surprise("surprise.dirty", "medium", message, path="policy.dirty")


def _findings(plan: PlanDocument) -> Iterator[Surprise]:
    for finding in plan.findings:
        path = finding.path_in_repo
        where = f" in '{path}'" if path else ""
        if finding.waived is not None:
            message = f"{finding.code} is waived{where}: {finding.waived}"
            yield Surprise("surprise.waived", "high", message, path, "policy.waivers")
        elif finding.code == "policy.dirty":
            yield Surprise("surprise.dirty", "medium", finding.message, path="policy.dirty")
        elif level := _DANGERS.get(finding.code):
            # Many messages name the file themselves.
            where = "" if path in finding.message else where
            yield Surprise("surprise.finding", level, f"{finding.code}{where}: {finding.message}", path)


def _deletions(plan: PlanDocument) -> Iterator[Surprise]:
    deleted = [file for file in plan.files if file.action == "delete"]
    many = has_many_deletions(plan)
    if many:
        message = f"{len(deleted):,} of {_remote_files(plan):,} remote files are deleted"
        yield Surprise("surprise.deletions", "high", message, path="patterns.delete_patterns")
    # Files that readers depend on are named even beside many others.
    for file in [each for each in deleted if _is_essential(each)][:_FEW_DELETIONS]:
        yield Surprise("surprise.deleted", "high", f"'{file.path_in_repo}' is deleted", file.path_in_repo, file.rule)
    if not many:
        for file in deleted:
            if not _is_essential(file):
                message = f"'{file.path_in_repo}' is deleted"
                yield Surprise("surprise.deleted", "medium", message, file.path_in_repo, file.rule)


def _left(plan: PlanDocument) -> Iterator[Surprise]:
    left = [file for file in plan.files if was_released(file)]
    rest = "of the last release stay on the Hub, and this release does not have them"
    yield from _grouped("surprise.left", "medium", left, rest, "patterns.delete_patterns")


def _dropped(plan: PlanDocument) -> Iterator[Surprise]:
    dropped = [file for file in plan.files if file.action == "ignore"]
    yield from _grouped("surprise.dropped", "high", dropped, "dropped by a .gitignore: publish refuses")


def _edited(plan: PlanDocument) -> Iterator[Surprise]:
    for file in (each for each in plan.files if each.edited):
        verb = "deletes" if file.action == "delete" else "replaces"
        message = f"'{file.path_in_repo}' was changed on the Hub since the last release, and this one {verb} the change"
        yield Surprise("surprise.edited", "high", message, file.path_in_repo)


def _sizes(plan: PlanDocument) -> Iterator[Surprise]:
    for file in plan.files:
        if file.action in ("add", "change"):
            if file.size < _EMPTY_WEIGHTS and file.path_in_repo.lower().endswith(WEIGHT_SUFFIXES):
                message = f"'{file.path_in_repo}' has {file.size} bytes: it contains no weights"
                yield Surprise("surprise.empty", "high", message, file.path_in_repo)
            elif file.before_size is not None:
                yield from _resized(file, file.before_size)


def _resized(file: PlannedFile, before: int) -> Iterator[Surprise]:
    sizes = f"from {format_size(before)} to {format_size(file.size)}"
    if before and not file.size:
        yield Surprise("surprise.empty", "high", f"'{file.path_in_repo}' is empty now", file.path_in_repo)
    elif file.size >= before * _MANY_TIMES and file.size - before >= _SMALLEST_CHANGE:
        level: Importance = "high" if file.size >= _VERY_LARGE else "medium"
        yield Surprise("surprise.grew", level, f"'{file.path_in_repo}' grows {sizes}", file.path_in_repo)
    elif file.size * _MANY_TIMES <= before and before - file.size >= _SMALLEST_CHANGE:
        yield Surprise("surprise.shrank", "medium", f"'{file.path_in_repo}' shrinks {sizes}", file.path_in_repo)


def _volume(plan: PlanDocument) -> Iterator[Surprise]:
    """Yield new files that are out of proportion to the repo, which no comparison of one file with itself finds."""
    added = [file for file in plan.files if file.action == "add"]
    there, size_there = _remote_files(plan), _remote_bytes(plan)
    if not there:
        return
    size = sum(file.size for file in added)
    if size >= _VERY_LARGE and size >= size_there * _MANY_TIMES:
        largest = max(added, key=lambda file: file.size)
        message = (
            f"{format_size(size)} of new files for a repo of {format_size(size_there)}; the largest is "
            f"'{largest.path_in_repo}' with {format_size(largest.size)}"
        )
        yield Surprise("surprise.large", "high", message, largest.path_in_repo)
    if len(added) >= there * _MANY_TIMES and len(added) >= _MANY_TIMES**2:
        yield Surprise("surprise.many", "medium", f"{len(added):,} new files for a repo of {there:,}")


def _code(plan: PlanDocument) -> Iterator[Surprise]:
    # The files of a Space are its program.
    if plan.repo_type not in ("model", "dataset"):
        return
    code = [file for file in plan.files if file.path_in_repo.lower().endswith(_CODE)]
    added, changed = ([file for file in code if file.action == action] for action in ("add", "change"))
    rest = "code: readers who trust the repo run it"
    yield from _grouped("surprise.code", "high" if plan.repo_exists else "medium", added, f"new {rest}")
    yield from _grouped("surprise.code", "medium", changed, f"changed {rest}")


_RULES: Final[tuple[Rule, ...]] = (
    _refusals,
    _settings,
    _other_target,
    _other_branch,
    _first_release,
    _tag,
    moves_unexpectedly,
    _policy,
    _dirty,
    _findings,
    _volume,
    _deletions,
    _edited,
    _dropped,
    _sizes,
    _code,
    _left,
)


def _grouped(
    code: str, level: Importance, files: Sequence[PlannedFile], rest: str, path: str = ""
) -> Iterator[Surprise]:
    """Yield one surprise for a few files each, and a single one for many."""
    if len(files) > _NAMED:
        names = _names([file.path_in_repo for file in files])
        yield Surprise(code, level, f"{len(files):,} files ({names}): {rest}", path=path)
        return
    for file in files:
        yield Surprise(code, level, f"'{file.path_in_repo}': {rest}", file.path_in_repo, path)


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(f"'{name}'" for name in names[:_NAMED]) + more


def _last(plan: PlanDocument) -> LastRelease | None:
    """Return the last release to a Hub that others use: a trial with the embedded one says nothing about it."""
    last = plan.last_release
    return None if last is None or (last.endpoint == "embedded" != plan.endpoint) else last


def _last_here(plan: PlanDocument) -> LastRelease | None:
    last = _last(plan)
    return None if last is None or any(_other_target(plan)) else last


def _remote_files(plan: PlanDocument) -> int:
    if plan.remote_files is not None:
        return plan.remote_files
    return sum(file.action in ("change", "keep", "delete", "leave") for file in plan.files)


def _remote_bytes(plan: PlanDocument) -> int:
    if plan.remote_bytes is not None:
        return plan.remote_bytes
    return sum(file.size for file in plan.files if file.action in ("change", "keep", "delete", "leave"))


def _is_ours(file: PlannedFile) -> bool:
    return file.path_in_repo != GITATTRIBUTES


def _is_essential(file: PlannedFile) -> bool:
    name = file.path_in_repo.lower()
    return name == CARD_FILE.lower() or name.endswith(WEIGHT_SUFFIXES) or bool(_LICENSES.fullmatch(name))


def _opens(setting: PlannedSetting) -> bool:
    """Return whether a change of a setting admits readers; a value that a newer Hub invents counts as closed."""
    if setting.before is None:
        return False
    return _OPENNESS.get(_spelled(setting.after), 0) > _OPENNESS.get(_spelled(setting.before), 0)


def _spelled(value: str) -> str:
    return "false" if value == "False" else value


def _host(endpoint: str) -> tuple[str, str, str]:
    try:
        url = urlsplit(endpoint)
    except ValueError:  # a lock may have been edited
        return "", endpoint, ""
    return url.scheme.lower(), url.netloc.lower(), url.path.rstrip("/")


def _short(commit: str | None) -> str:
    return (commit or "")[:12]
