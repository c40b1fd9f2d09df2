"""Titles and dates of commits, from a Hub that is not trusted to list them well."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd

from hublish.base.errors import RemoteError
from hublish.base.values import Reference
from hublish.base.workers import workers
from hublish.hub.client.commit_summaries import CommitSummary, summaries, trees
from hublish.hub.client.hub import Hub
from hublish.hub.server import EmbeddedHub
from tests.faults.proxy import Answer, Proxy, edited

REPO = Reference("acme/summaries")


@pytest.fixture
def hub(own_hub: EmbeddedHub, proxy: Proxy, own_home: Path) -> Iterator[Hub]:
    hub = Hub(proxy.endpoint, own_hub.token)
    hub.api.create_repo(REPO.repo_id, exist_ok=True)
    yield hub
    hub.api.delete_repo(REPO.repo_id)


def commit(hub: Hub, number: int) -> str:
    add = CommitOperationAdd("a.txt", str(number).encode())
    return str(hub.api.create_commit(REPO.repo_id, [add], commit_message=f"Number {number}").oid)


def listing(change: Callable[[dict[str, Any]], None]) -> Callable[[Answer], Answer]:
    """Return a change of every commit in a list."""

    def changed(answer: Answer) -> Answer:
        entries = json.loads(answer.body)
        for entry in entries:
            change(entry)
        return replace(answer, body=json.dumps(entries).encode())

    return changed


@pytest.mark.parametrize("count", [3, 12])
def test_every_commit_has_its_title_and_its_date(count: int, hub: Hub, proxy: Proxy) -> None:
    made = [commit(hub, number) for number in range(count)]
    proxy.clear()
    found = summaries(hub, REPO, "main", made, workers())
    assert [found[each].title for each in made] == [f"Number {number}" for number in range(count)]
    assert all(found[each].date for each in made)
    assert proxy.count("/commits/") == (count if count < 9 else 1)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"date": "2026-01-31T23:30:00-02:00"}, CommitSummary("Number 1", datetime(2026, 2, 1, 1, 30, tzinfo=UTC))),
        ({"date": "2026-01-31"}, CommitSummary("Number 1", datetime(2026, 1, 31, tzinfo=UTC))),
        ({"date": "yesterday"}, CommitSummary("Number 1", None)),
        ({"date": "0001-01-01T00:00:00+14:00"}, CommitSummary("Number 1", None)),
        ({"date": 7, "title": None}, CommitSummary("", None)),
        ({"date": None, "title": ["x"]}, CommitSummary("['x']", None)),
        ({"date": None, "title": "x" * 9_000}, CommitSummary("x" * 1_000, None)),
    ],
)
def test_a_date_or_title_of_any_kind_is_no_error(
    change: dict[str, Any], expected: CommitSummary, hub: Hub, proxy: Proxy
) -> None:
    made = commit(hub, 1)
    proxy.on("/commits/", edited(listing(lambda entry: entry.update(change))))
    assert summaries(hub, REPO, "main", [made], workers()) == {made: expected}


@pytest.mark.parametrize("value", [None, 7, "../x", "HEAD", {}])
def test_what_is_no_commit_is_refused(value: Any, hub: Hub, proxy: Proxy) -> None:
    made = commit(hub, 1)
    proxy.on("/commits/", edited(listing(lambda entry: entry.update(id=value))))
    with pytest.raises(RemoteError):
        summaries(hub, REPO, "main", [made], workers())


def test_a_commit_that_is_not_listed_is_missing(hub: Hub) -> None:
    assert summaries(hub, REPO, "main", ["0" * 40], workers()) == {}
    assert summaries(hub, REPO, "main", [], workers()) == {}
    assert trees(hub, REPO, [], workers()) == {}


def test_trees_are_listed_once_for_each_commit(hub: Hub, proxy: Proxy) -> None:
    first, second = commit(hub, 1), commit(hub, 2)
    proxy.clear()
    found = trees(hub, REPO, [first, second, first], workers())
    assert found.keys() == {first, second}
    assert found[first]["a.txt"] != found[second]["a.txt"]
    assert proxy.count("/tree/") == 2
