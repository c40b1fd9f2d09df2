"""The audit of one file: what is wrong with it before it is read, and after; and every rule as a step that was asked.

Sealing refuses what is found; explaining tells it, together with the rules that found nothing.
"""

from collections.abc import Iterator
from typing import Final

from hublish.audit.denied import first_match
from hublish.audit.fingerprint import Fingerprint
from hublish.audit.limits import size_problems
from hublish.audit.policy import content_problems, name_problems
from hublish.base.values import Effect, Step
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.manifest import Level, Policy
from hublish.schemas.documents.sizes import format_size

_RULES: Final = {
    "policy.name": ("policy.name", "policy.portability"),
    "policy.deny_patterns": ("policy.denied",),
    "policy.max_file_size": ("policy.size", "policy.empty"),
    "policy.pickle": ("policy.pickle",),
    "policy.secrets": ("policy.secret",),
    "policy.hard_link": ("policy.hard_link",),
}
"""Every rule in its order, with the codes of what it finds."""
_OUR_OWN: Final = ("policy.name", "policy.hard_link")
"""Rules that no manifest has a say in."""
_LATER: Final = Step("policy", Effect.LATER, "policy: size, pickles and secrets, of what is written", "policy")


def problems_before(path: str, size: int, policy: Policy) -> Iterator[Problem]:
    """Yield what is wrong with a file's name and size.

    Args:
        path: its path_in_repo.
        size: in bytes.
        policy: of the manifest.
    """
    yield from name_problems(path, policy)
    yield from size_problems(path, size, policy.max_file_size)


def problems_after(path: str, source: str, print_: Fingerprint, policy: Policy) -> Iterator[Problem]:
    """Yield what is wrong with a file's content.

    Args:
        path: its path_in_repo.
        source: how diagnostics call the file that was read.
        print_: what was seen in it.
        policy: of the manifest.
    """
    yield from content_problems(path, source, print_.inspection, policy)
    if print_.links > 1:
        message = f"the file has {print_.links} names on this disk; writing to another one changes it"
        yield Problem("policy.hard_link", message, "copy it if something else writes to it", path, None, "warning")


def steps(path: str, source: str, size: int | None, print_: Fingerprint | None, policy: Policy) -> Iterator[Step]:
    """Yield every rule of the policy with what it says.

    Args:
        path: the file's path_in_repo.
        source: how diagnostics call the file that was read.
        size: in bytes; None for a file that is not written yet, whose name alone is looked at.
        print_: what was seen in it; None for a file that was not read.
        policy: of the manifest.
    """
    found = [*(name_problems(path, policy) if size is None else problems_before(path, size, policy))]
    found += problems_after(path, source, print_, policy) if print_ else ()
    passed = _passed(size, policy, read=print_ is not None)
    for rule, codes in _RULES.items():
        spoken = [_step(rule, problem, policy) for problem in found if problem.code in codes]
        yield from spoken or ([Step(rule, Effect.PASSES, passed[rule], rule)] if rule in passed else [])
    if size is None:
        yield _LATER


def _passed(size: int | None, policy: Policy, *, read: bool) -> dict[str, str]:
    """Return what the rules say that found nothing and are worth a word."""
    said = {}
    if policy.deny_patterns:
        said["policy.deny_patterns"] = "none matches"
    if size is not None:
        said["policy.max_file_size"] = f"{format_size(size)} of at most {format_size(policy.max_file_size)}"
    if read:
        said["policy.pickle"] = _looked_for(policy.pickle, "the content is no pickle")
        said["policy.secrets"] = _looked_for(policy.secrets, "no token and no private key")
    return {rule: f"{rule}: {words}" for rule, words in said.items()}


def _looked_for(level: Level, found: str) -> str:
    return "allow; not looked for" if level == "allow" else found


def _step(rule: str, problem: Problem, policy: Policy) -> Step:
    effect = Effect.REFUSES if problem.severity == "error" else Effect.WARNS
    place = _place(rule, problem, policy)
    words = problem.message if not place or place in problem.message else f"{place}: {problem.message}"
    return Step(rule, effect, words, place, problem.hint, problem.location)


def _place(rule: str, problem: Problem, policy: Policy) -> str:
    if rule == "policy.deny_patterns":
        pattern = first_match(problem.path, policy.deny_patterns)
        return "" if pattern is None else f"{rule}[{policy.deny_patterns.index(pattern)}]"
    return "" if rule in _OUR_OWN else rule
