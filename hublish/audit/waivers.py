"""Apply the waivers of a policy: a waived finding refuses nothing any more, and stays visible with its reason."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Final

from hublish.audit.path_audit import FILE_LIMIT
from hublish.base.values import Waived
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.manifest import Policy
from hublish.schemas.documents.sizes import format_size

# Of a file's content. A secret in a name is reported by the same code as one in the content, and is never waived: no
# waiver can name such a file without repeating the secret.
_OF_CONTENT: Final = ("policy.pickle", "policy.secret")
# The level of the policy that searches for each.
_LEVELS: Final = {"policy.pickle": "pickle", "policy.secret": "secrets"}
# Names that are compared with one that does not exist, and waivers for which that is done: it takes milliseconds each.
_MOST_NAMES: Final = 2_000
_MOST_HINTS: Final = 5


class Waivers:
    """The waivers of one policy, and the findings that they have waived so far.

    A waiver applies to one rule and to one path in the repo, compared character by character: another case, another
    Unicode form or another spelling of a path names another file.

    Args:
        policy: the manifest's.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._reasons: dict[tuple[str, str], str] = {
            (each.rule, each.path_in_repo): each.reason for each in policy.waivers
        }
        self._waived: list[Waived] = []

    def __bool__(self) -> bool:
        return bool(self._reasons)

    @property
    def waived(self) -> tuple[Waived, ...]:
        """The findings that were waived, by path and rule."""
        return tuple(sorted(self._waived, key=lambda one: (one.problem.path, one.problem.code)))

    def left_of_names(self, problems: Iterable[Problem], sizes: Mapping[str, int]) -> Iterator[Problem]:
        """Yield the problems of names, sizes and counts that are not waived.

        Args:
            problems: from `audit_paths`.
            sizes: the size in bytes of every file by its path in the repo.
        """
        for problem in problems:
            if problem.code in _OF_CONTENT or not self._waives(problem.path, problem, sizes.get(problem.path, 0)):
                yield problem

    def left_of_content(self, path: str, problems: Iterable[Problem]) -> Iterator[Problem]:
        """Yield the problems of one file's content that are not waived.

        Args:
            path: its path in the repo.
            problems: from `audit_content` or `audit_secrets`.
        """
        # By the given path: that of a problem may be masked.
        return (problem for problem in problems if not self._waives(path, problem, 0))

    def unused(self, names: Collection[str], is_known: Callable[[str, str], bool]) -> Iterator[Problem]:
        """Yield an error for every waiver that has waived nothing.

        Args:
            names: the path in the repo of every file.
            is_known: whether a rule, given by its code, was evaluated for a path.
        """
        used = {(one.problem.code, one.path_in_repo) for one in self._waived}
        count = 0
        for index, each in enumerate(self._policy.waivers):
            if (each.rule, each.path_in_repo) not in used and is_known(each.rule, each.path_in_repo):
                compared = names if count < _MOST_HINTS else ()
                message, hint = self._without_effect(each.rule, each.path_in_repo, names, compared)
                yield Problem("policy.unused_waiver", message, hint, f"policy.waivers[{index}]")
                count += 1

    def _waives(self, path: str, problem: Problem, size: int) -> bool:
        reason = self._reasons.get((problem.code, path)) if self._reasons else None
        if reason is None or (problem.code == "policy.size" and size > FILE_LIMIT):
            return False
        self._waived.append(Waived(problem, reason, path))
        return True

    def _without_effect(
        self, rule: str, path: str, names: Collection[str], compared: Collection[str]
    ) -> tuple[str, str]:
        if path not in names:
            near = _nearest(path, compared)
            hint = f"did you mean '{near}'?" if near else "name the path_in_repo of one file, or remove the waiver"
            return f"no file of the release has the path '{path}'", hint
        level = _LEVELS.get(rule)
        if level and getattr(self._policy, level) == "allow":
            return f"policy.{level} is `allow`: there is nothing to waive", "remove the waiver, or write `forbid`"
        if rule == "policy.size":
            limit = f"'{path}' needs no waiver, or is above the Hub's limit of {format_size(FILE_LIMIT)}"
            return f"{limit}, which cannot be waived", "remove the waiver"
        return f"'{path}' has no finding of {rule}", "remove the waiver: the next finding would need another review"


def _nearest(path: str, names: Collection[str]) -> str | None:
    from difflib import get_close_matches  # only needed when something is wrong

    # A right name in a wrong folder is a more likely mistake than a misspelled one.
    last = path.rpartition("/")[2]
    same = min((name for name in names if name.rpartition("/")[2] == last), default=None)
    return same or next(iter(get_close_matches(path, sorted(names)[:_MOST_NAMES], n=1)), None)


def waiver_of(policy: Policy, code: str, path: str) -> int | None:
    """Return the index of the waiver of a rule for a file, or None."""
    found = (index for index, each in enumerate(policy.waivers) if (each.rule, each.path_in_repo) == (code, path))
    return next(found, None)


def is_readable(policy: Policy, path: str, size: int) -> bool:
    """Return whether a file is read: one that is refused for its size in bytes may be too large for that."""
    if size <= min(policy.max_file_size, FILE_LIMIT):
        return True
    return size <= FILE_LIMIT and waiver_of(policy, "policy.size", path) is not None
