"""Apply a level of the policy to problems, and find secrets in single strings."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hublish.schemas.diagnose.problems import Location, Problem
from hublish.schemas.documents.manifest import Level, Manifest, Policy

if TYPE_CHECKING:
    from hublish.audit.secret_scan import Secret

# Every secret has a long run of characters of base64, or one of the marks of a password (see secret_search.py). Most
# strings have neither, and need not import the scanner.
_MAY_HOLD_A_SECRET: Final = re.compile(
    r"[\w+/%-]{20}|://|=|login|auth|PRIVATE KEY|Q~|[\\&][^ ]", re.ASCII | re.IGNORECASE
)
_SECRET_HINT: Final = "remove it and revoke it where it was issued: it may have been read already"  # noqa: S105 - advice


def at_level(problems: Iterable[Problem], level: Level) -> Iterator[Problem]:
    """Yield the problems as errors, as warnings, or not at all."""
    for problem in problems:
        if level == "forbid":
            yield problem
        elif level == "warn":
            yield replace(problem, severity="warning")


def text_problems(path: str, text: str, policy: Policy) -> Iterator[Problem]:
    """Yield the secrets in a single string, such as the commit message; `path` is its field."""
    yield from at_level((secret_problem(path, described(secret)) for secret in secrets_in(text)), policy.secrets)


def commit_problems(manifest: Manifest) -> Iterator[Problem]:
    """Yield the secrets in the message and the description of the commit."""
    repo, policy = manifest.repo, manifest.policy
    yield from text_problems("repo.commit_message", repo.commit_message or "", policy)
    yield from text_problems("repo.commit_description", repo.commit_description, policy)


def secrets_in(text: str) -> "tuple[Secret, ...]":
    """Return the secrets in a single string."""
    # Every path of a release is searched.
    if not _MAY_HOLD_A_SECRET.search(text):
        return ()
    from hublish.audit.secret_scan import secrets_in_text

    return secrets_in_text(text)


def secret_problem(path: str, message: str, location: Location | None = None) -> Problem:
    """Return the problem for a secret."""
    return Problem("policy.secret", message, _SECRET_HINT, path, location)


def described(secret: "Secret") -> str:
    """Return the message for a secret, which does not reveal it."""
    return f"a secret ({secret.rule}): {secret.shown}"
