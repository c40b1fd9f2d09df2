"""Audit the content of one file, and list every rule of the policy as a step: sealing refuses, explaining shows.

A file is read once, by `fingerprint`; this module evaluates the result.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from hublish.audit.fingerprint import Fingerprint, Inspection, search_secrets
from hublish.audit.member_secrets import HiddenSecret
from hublish.audit.path_audit import audit_path, first_match
from hublish.audit.policy import at_level, described, secret_problem
from hublish.audit.waivers import Waivers, waiver_of
from hublish.base.content import Content
from hublish.base.values import Effect, Step
from hublish.schemas.diagnose.problems import Location, Problem
from hublish.schemas.documents.manifest import Level, Policy
from hublish.schemas.documents.sizes import format_size

# Every rule in its order, with the codes of its problems.
_RULES: Final = {
    "policy.name": ("policy.name", "policy.portability"),
    "policy.deny_patterns": ("policy.denied",),
    "policy.max_file_size": ("policy.size", "policy.empty"),
    "policy.pickle": ("policy.pickle",),
    "policy.secrets": ("policy.secret",),
    "policy.hard_link": ("policy.hard_link",),
}
# Rules that are not fields of a manifest.
_OUR_OWN: Final = ("policy.name", "policy.hard_link")
_LATER: Final = Step("policy", Effect.LATER, "policy: size, pickles and secrets, once the file is written", "policy")
_SEARCH_HINT: Final = "check that it contains no credentials"
_PICKLE_HINT: Final = "convert it to safetensors, or set policy.pickle to `warn` or `allow`"


def audit_content(path: str, source: str, fingerprint: Fingerprint, policy: Policy) -> Iterator[Problem]:
    """Yield the problems of one file's content.

    Args:
        path: its path_in_repo.
        source: the name of the file that was read, for diagnostics.
        fingerprint: the result of reading it.
        policy: the manifest's.
    """
    inspection = fingerprint.inspection
    if inspection.pickle is not None:
        found = Problem("policy.pickle", f"the content is {inspection.pickle}", _PICKLE_HINT, path)
        yield from at_level([found], policy.pickle)
    if inspection.secrets or inspection.unsearched:
        yield from _secret_problems(path, source, inspection, policy)
    if fingerprint.links > 1:
        message = f"the file has {fingerprint.links} names on this disk; writing to another one changes it"
        yield Problem("policy.hard_link", message, "copy it if something else writes to it", path, severity="warning")


def audit_secrets(
    path: str, source: str, content: Content, policy: Policy, known: Inspection | None = None
) -> Iterator[Problem]:
    """Yield the secrets in one file's content, which is read for this alone.

    Args:
        path: its path_in_repo.
        source: the name of the file that is read, for diagnostics.
        content: the bytes to read.
        policy: the manifest's.
        known: the result of an earlier search of the same bytes, which then need not be read.
    """
    if policy.secrets != "allow":
        yield from _secret_problems(path, source, known or search_secrets(content), policy)


def policy_steps(
    path: str, source: str, size: int | None, fingerprint: Fingerprint | None, policy: Policy
) -> Iterator[Step]:
    """Yield every rule of the policy with its result.

    Args:
        path: the file's path_in_repo.
        source: the name of the file that was read, for diagnostics.
        size: in bytes; None for a file that is not written yet, of which only the name is audited.
        fingerprint: the result of reading it; None for a file that was not read.
        policy: the manifest's.
    """
    waivers = Waivers(policy)
    found = [*waivers.left_of_names(audit_path(path, size, policy), {path: size or 0})]
    if fingerprint:
        found += waivers.left_of_content(path, audit_content(path, source, fingerprint, policy))
    waived = [one.problem for one in waivers.waived]
    passed = _passed(size, policy, read=fingerprint is not None)
    # Every rule is listed, so that a reader sees which were evaluated.
    for rule, codes in _RULES.items():
        against = [_step(rule, problem, policy) for problem in found if problem.code in codes]
        against += [_waived_step(rule, path, problem, policy) for problem in waived if problem.code in codes]
        yield from against or ([Step(rule, Effect.PASSES, passed[rule], rule)] if rule in passed else [])
    if size is None:
        yield _LATER


def _secret_problems(path: str, source: str, inspection: Inspection, policy: Policy) -> Iterator[Problem]:
    # In a binary file, lines and columns mean nothing.
    place = None if inspection.binary else source
    yield from at_level((_secret_problem(path, place, hidden) for hidden in inspection.secrets), policy.secrets)
    # A file that cannot be inspected for pickles either is reported once.
    if inspection.unsearched and inspection.pickle is None:
        message = f"not searched for secrets in full ({inspection.unsearched})"
        yield replace(secret_problem(path, message), hint=_SEARCH_HINT, severity="warning")


def _secret_problem(path: str, source: str | None, hidden: HiddenSecret) -> Problem:
    secret, message = hidden.secret, described(hidden.secret)
    if hidden.member:
        message = f"{message} in its member {hidden.member}"
    if source is None or hidden.member is not None:
        return secret_problem(path, message)
    return secret_problem(path, message, Location(source, secret.line, secret.column))


def _passed(size: int | None, policy: Policy, *, read: bool) -> dict[str, str]:
    """Return the results of the rules that found nothing and are worth showing."""
    results = {}
    if policy.deny_patterns:
        results["policy.deny_patterns"] = "none matches"
    if size is not None:
        results["policy.max_file_size"] = f"{format_size(size)} of at most {format_size(policy.max_file_size)}"
    if read:
        results["policy.pickle"] = _searched(policy.pickle, "the content is not a pickle")
        results["policy.secrets"] = _searched(policy.secrets, "no token and no private key")
    return {rule: f"{rule}: {result}" for rule, result in results.items()}


def _searched(level: Level, result: str) -> str:
    return "allow; not searched for" if level == "allow" else result


def _step(rule: str, problem: Problem, policy: Policy) -> Step:
    effect = Effect.REFUSES if problem.severity == "error" else Effect.WARNS
    place = "" if rule in _OUR_OWN else rule
    if rule == "policy.deny_patterns":
        pattern = first_match(problem.path, policy.deny_patterns)
        place = "" if pattern is None else f"{rule}[{policy.deny_patterns.index(pattern)}]"
    text = problem.message if not place or place in problem.message else f"{place}: {problem.message}"
    return Step(rule, effect, text, place, problem.hint, problem.location)


def _waived_step(rule: str, path: str, problem: Problem, policy: Policy) -> Step:
    index = waiver_of(policy, problem.code, path)
    assert index is not None
    place = f"policy.waivers[{index}]"
    text = f"{place}: {problem.message}; waived: {policy.waivers[index].reason}"
    return Step(rule, Effect.WAIVED, text, place)
