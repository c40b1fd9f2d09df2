"""The titles and dates of many commits, and their trees, in few requests."""

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from hublish.base.values import RemoteFile, RepoRef
from hublish.base.workers import run_each
from hublish.hub.client import failures, listings
from hublish.hub.client.hub import Hub
from hublish.hub.client.listings import quote

# Pages of the history in a row without a commit that is wanted: its tags may be older, or outside of the branch.
_MOST_EMPTY: Final = 3
# With fewer commits, one request for each is faster than reading the history.
_FEW: Final = 8
_PAGE: Final = 100
_LONGEST_TITLE: Final = 1_000


@dataclass(frozen=True, slots=True)
class CommitSummary:
    """A commit as the Hub lists it."""

    title: str
    """The first line of its message."""
    date: datetime | None
    """Its date, in UTC; None where the Hub gives none that can be read."""


def summaries(
    hub: Hub, repo: RepoRef, branch: str, commits: Collection[str], executor: Executor
) -> Mapping[str, CommitSummary]:
    """Return titles and dates by commit; a commit that the Hub does not list is missing.

    Args:
        hub: the Hub.
        repo: the repo.
        branch: the branch whose history has most of them.
        commits: the ids of the commits.
        executor: makes several requests at once.

    Raises:
        RemoteError: the Hub cannot be read.
    """
    path = f"{repo.repo_type}s/{repo.repo_id}/commits"
    found: dict[str, CommitSummary] = {}

    def alone(commit: str) -> CommitSummary | None:
        try:
            page: list[Any] = next(hub.pages(f"{path}/{commit}?limit=1"), [])
        except Exception as error:
            if failures.is_missing(error):  # some Hubs list no history
                return None
            raise
        return dict(_summaries(page)).get(commit)

    with hub.translating(f"reading the history of {repo.repo_id}"):
        if len(commits) > _FEW:
            found = _of_history(hub.pages(f"{path}/{quote(branch)}?limit={_PAGE}"), commits)
        left = [commit for commit in dict.fromkeys(commits) if commit not in found]
        others = zip(left, run_each(executor, alone, left), strict=True)
        return {**found, **{commit: summary for commit, summary in others if summary is not None}}


def trees(
    hub: Hub, repo: RepoRef, commits: Collection[str], executor: Executor
) -> Mapping[str, Mapping[str, RemoteFile]]:
    """Return the files at each commit, listed at the same time.

    Raises:
        RemoteError: the Hub cannot be read.
    """
    with hub.translating(f"listing {repo.repo_id} at {len(commits)} commits"):
        ordered = [*dict.fromkeys(commits)]
        read = run_each(executor, lambda each: listings.tree_of(hub.pages(listings.tree_path(repo, each))), ordered)
        return dict(zip(ordered, read, strict=True))


def _of_history(pages: Iterator[Any], commits: Collection[str]) -> dict[str, CommitSummary]:
    wanted, found, empty = set(commits), dict[str, CommitSummary](), 0
    for page in pages:
        here = {commit: summary for commit, summary in _summaries(page) if commit in wanted}
        found |= here
        empty = 0 if here else empty + 1
        if len(found) == len(wanted) or empty == _MOST_EMPTY:
            break
    return found


def _summaries(page: Any) -> Iterator[tuple[str, CommitSummary]]:
    for entry in page:
        title = str(entry.get("title") or "") if isinstance(entry, dict) else ""
        commit = listings.commit_id(listings.field(entry, "id", str))
        yield commit, CommitSummary(title[:_LONGEST_TITLE], _date(entry.get("date")))


def _date(value: Any) -> datetime | None:
    with suppress(ValueError, OverflowError):
        date = datetime.fromisoformat(value) if isinstance(value, str) else None
        return None if date is None else date.replace(tzinfo=date.tzinfo or UTC).astimezone(UTC)
    return None
