"""A plan as one page on which a reviewer approves or stops a release: the verdict first, then the evidence.

The same plan and diffs give the same bytes. The page needs no network, and runs no script.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from hublish.base.values.surprise import Surprise
from hublish.diffs.differences import FileDiff
from hublish.pages.card_page import Chip, ReadFile, Shown, card_body, card_chips
from hublish.pages.diff_html import ShownDiff, shown_diff
from hublish.pages.file_tree import MARKS, file_tree
from hublish.pages.frame import environment, short, with_policy
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import CARD_FILE, MANIFEST_FILE
from hublish.schemas.documents.plan import ExcludedFile, PlanDocument
from hublish.schemas.documents.sizes import format_size, plural
from hublish.schemas.secrets.masking import redact

if TYPE_CHECKING:
    from jinja2 import Template

# In characters: a page of 1,000 files stays below 400 KB, and one without pictures far below.
_ROOM_FOR_DIFFS: Final = 75_000
_ROOM_FOR_DIFF: Final = 24_000
_ROOM_FOR_CARD: Final = 24_000
# Bytes of all pictures of both cards; base64 makes them a third larger.
_ROOM_FOR_PICTURES: Final = 48_000
# Lines and entries of a diff that a page shows without a click, and how many such diffs.
_SHORT_DIFF: Final = 40
_MOST_OPEN: Final = 12
# The other ones are folded.
_MOST_SURPRISES: Final = 100
# The JSON of the plan has the other ones: they do not change the release.
_MOST_EXCLUDED: Final = 200
_SECRET: Final = "policy.secret"  # noqa: S105 - the code of a finding
_COMMITTED: Final = ("add", "change", "delete")
# The order of the changes inside of files.
_ORDER: Final = ("deleted", "changed", "added")


@dataclass(frozen=True)
class Evidence:
    """Everything that a page shows of a plan."""

    plan: PlanDocument
    digest: str
    """The sha256 of the plan file."""
    surprises: Sequence[Surprise] = ()
    diffs: Sequence[FileDiff] = ()
    warnings: Sequence[Problem] = ()
    """Of the release and the Hub, beside the findings in the plan."""
    website: str = ""
    """The address of the Hub, to which links in the card lead."""
    provenance: Mapping[str, str] = field(default_factory=dict)
    """Facts about the origin of the release, each with its name."""
    before: ReadFile = lambda _: None
    """The bytes of a file on the Hub, for the pictures of the card there."""
    after: ReadFile = lambda _: None
    """The bytes of a file of the release."""


@dataclass(frozen=True, slots=True)
class _Card:
    """A rendered card."""

    title: str
    chips: tuple[Chip, ...]
    body: str | None
    """Sanitized HTML; None for a card that is too long."""


def verdict(plan: PlanDocument, surprises: Iterable[Surprise]) -> str:
    """Return the verdict of a plan in one line: `Review needed: 3 high risks, 1 medium`."""
    levels = [surprise.level for surprise in surprises]
    high, medium = levels.count("high"), levels.count("medium")
    if plan.refusals:
        return "Cannot be published"
    if plan.nothing_to_do:
        return "Nothing to do: the Hub holds this release already"
    if high:
        return f"Review needed: {plural(high, 'high risk')}" + (f", {medium} medium" if medium else "")
    if medium:
        return f"Review needed: {plural(medium, 'medium risk')}"
    count = sum(file.action in _COMMITTED for file in plan.files)
    return f"No surprises: {plural(count, 'file')} {'changes' if count == 1 else 'change'}"


def review_page(evidence: Evidence) -> str:
    """Return the page of a plan.

    Args:
        evidence: the plan, and everything that is known about it.
    """
    plan = evidence.plan
    surprises = sorted(evidence.surprises, key=lambda each: each.level != "high")
    diffs, left_out = _fitting(evidence)
    findings = {(found.code, found.message) for found in plan.findings}
    shown = {
        "plan": plan,
        "digest": evidence.digest,
        "level": _level(plan, surprises),
        "verdict": verdict(plan, surprises),
        "sends": any(file.action in _COMMITTED for file in plan.files),
        "counts": _counts(plan),
        "facts": list(_facts(plan)),
        "surprises": surprises[:_MOST_SURPRISES],
        "more_surprises": surprises[_MOST_SURPRISES:],
        "anchors": {path: f"diff-{index}" for index, path in enumerate(diffs)},
        "tree": file_tree(plan.files),
        "marks": MARKS,
        "excluded": [_excluded(file) for file in plan.excluded[:_MOST_EXCLUDED]],
        "diffs": [(diff, _is_open(index, diff)) for index, diff in enumerate(diffs.values())],
        "left_out": left_out,
        "cards": list(_cards(evidence)),
        "warnings": [each for each in evidence.warnings if (each.code, each.message) not in findings],
        "provenance": evidence.provenance,
        "variables": {**plan.variables, **plan.surroundings},
    }
    return with_policy(_template().render(shown))


@cache
def _template() -> "Template":
    return environment().get_template("review.html.j2")


def _level(plan: PlanDocument, surprises: Iterable[Surprise]) -> str:
    levels = {surprise.level for surprise in surprises}
    return "high" if "high" in levels or plan.refusals else "medium" if levels else "none"


def _counts(plan: PlanDocument) -> list[tuple[str, str, int, str, str]]:
    """Return a mark, a word, the number of files, their size and the action, for each action that occurs."""
    found: dict[str, tuple[int, int]] = {}
    for file in plan.files:
        count, size = found.get(file.action, (0, 0))
        found[file.action] = count + 1, size + file.size
    return [
        (mark, word, found[action][0], format_size(found[action][1]), action)
        for action, (mark, word) in MARKS.items()
        if action in found
    ]


def _facts(plan: PlanDocument) -> Iterator[tuple[str, str]]:
    yield "Repo", f"{plan.repo_type} {plan.repo_id}"
    yield "Hub", plan.endpoint
    if plan.visibility is not None:
        gated = f", gated ({plan.gated})" if plan.gated in ("auto", "manual") else ""
        yield "Visibility", plan.visibility + gated
    yield "Branch", f"{plan.revision}, as a pull request" if plan.create_pr else plan.revision
    created = "a new branch" if plan.repo_exists else "a new repo"
    yield "Parent", plan.parent_commit[:12] if plan.parent_commit else created
    if plan.restores is not None:
        known = "as its lock records it" if plan.restores.locked else "which no lock records"
        yield "Restores", f"{plan.restores.name} at {plan.restores.commit[:12]}, {known}"
    yield "Tag", plan.tag or "none"
    yield from (("Moves", str(move)) for move in plan.moves)
    yield from ((name.capitalize(), value) for name, value in (plan.attestation.facts if plan.attestation else ()))
    yield "To send", format_size(plan.bytes_to_send)
    if plan.last_release is not None:
        last = plan.last_release
        yield "Last release", f"{last.tag or last.revision} at {last.commit[:12]}"


def _excluded(file: ExcludedFile) -> tuple[str, str]:
    place = f"{file.location.source}:{file.location.line}" if file.location else ""
    return short(file.source), short(", ".join(part for part in (file.reason, place) if part))


def _fitting(evidence: Evidence) -> tuple[dict[str, ShownDiff], int]:
    """Return the diffs that the page has room for, by path, and how many files have others."""
    secret = _secret_files(evidence.plan)
    room, found, left_out = _ROOM_FOR_DIFFS, dict[str, ShownDiff](), 0
    # Stable: the others keep the order of the plan.
    order = sorted(evidence.diffs, key=_by_interest)
    for diff in order:
        if not (diff.hunks or diff.entries) and diff.kind != "unread" and diff.action == "added":
            continue  # an added file of which only the size is known, as the list of files shows it
        shown = shown_diff(_without_secret(diff) if diff.path_in_repo in secret else diff, min(room, _ROOM_FOR_DIFF))
        if shown.cost > room:
            left_out += 1
            continue
        room -= shown.cost
        found[diff.path_in_repo] = shown
    return found, left_out


def _secret_files(plan: PlanDocument) -> set[str]:
    return {found.path_in_repo for found in plan.findings if found.code == _SECRET}


def _by_interest(diff: FileDiff) -> tuple[bool, int]:
    return diff.path_in_repo not in (CARD_FILE, MANIFEST_FILE), _ORDER.index(diff.action)


def _without_secret(diff: FileDiff) -> FileDiff:
    summary = "not shown: the audit found a secret in this file"
    return FileDiff(diff.path_in_repo, "unread", summary, before_size=diff.before_size, after_size=diff.after_size)


def _is_open(index: int, diff: ShownDiff) -> bool:
    lines = sum(len(hunk.lines) for hunk in diff.hunks) + len(diff.entries)
    return index < _MOST_OPEN and 0 < lines <= _SHORT_DIFF


def _cards(evidence: Evidence) -> Iterator[_Card]:
    """Yield the card before and after, if the plan changes it."""
    plan = evidence.plan
    diff = next((diff for diff in evidence.diffs if diff.path_in_repo == CARD_FILE), None)
    if diff is None or CARD_FILE in _secret_files(plan):
        return
    room = [_ROOM_FOR_PICTURES]
    sides = (
        ("Before", diff.before_text, evidence.before, plan.parent_commit or plan.revision),
        ("After", diff.after_text, evidence.after, plan.tag or plan.revision),
    )
    for title, text, read, revision in sides:
        if text is not None:
            shown = Shown(plan.repo_id, plan.repo_type, revision, evidence.website)
            yield _card(title, text, shown, _within(read, room))


def _card(title: str, text: str, shown: Shown, read: ReadFile) -> _Card:
    # A long one would take the room of everything else; its diff is shown.
    fits = len(text) <= _ROOM_FOR_CARD
    text = redact(text) if fits else text
    body = card_body(text, shown, read, prefix=f"{title.lower()}-", level=4) if fits else None
    return _Card(title, card_chips(text, shown), body)


def _within(read: ReadFile, room: list[int]) -> ReadFile:
    """Return a function that reads files as long as there is room for them in the page."""

    def fitting(path: str) -> bytes | None:
        data = read(path) if room[0] > 0 else None
        if data is None or len(data) > room[0]:
            return None
        room[0] -= len(data)
        return data

    return fitting
