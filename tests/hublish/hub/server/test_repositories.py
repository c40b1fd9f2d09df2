import threading
from contextlib import suppress
from pathlib import Path

import pytest

from hublish.hub.server.git.repository import Signature
from hublish.hub.server.refusals import HubError
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repositories import Repositories, Settings, timestamp

ME = Signature("me", 0)
REPO = RepoId("model", "acme", "x")
OTHER = RepoId("model", "acme", "y")


@pytest.fixture
def repositories(tmp_path: Path) -> Repositories:
    repositories = Repositories(tmp_path)
    repositories.create(REPO, Settings(timestamp(0)), {"a": b"a"}, ME)
    return repositories


def test_one_of_many_creators_of_a_name_wins(repositories: Repositories, tmp_path: Path) -> None:
    outcomes: list[int] = []

    def create() -> None:
        try:
            repositories.create(OTHER, Settings(timestamp()), {}, ME)
            outcomes.append(200)
        except HubError as error:
            outcomes.append(error.status)

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [200] + [409] * 7
    assert list((tmp_path / "incoming").iterdir()) == []


def test_opposite_moves_do_not_deadlock(repositories: Repositories) -> None:
    def move(source: RepoId, target: RepoId) -> None:
        for _ in range(30):
            with suppress(HubError):  # the other thread was faster
                repositories.move(source, target)

    pairs = [(REPO, OTHER), (OTHER, REPO)]
    threads = [threading.Thread(target=move, args=pair, daemon=True) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    assert not any(thread.is_alive() for thread in threads)
    assert len(list(repositories.list("model"))) == 1


def test_a_deleted_repository_cannot_be_changed(repositories: Repositories) -> None:
    repositories.delete(REPO)
    for change in (
        lambda: repositories.update_settings(REPO, visibility="private"),
        lambda: repositories.delete(REPO),
        lambda: repositories.move(REPO, OTHER),
        lambda: repositories.changing(REPO).__enter__(),
    ):
        with pytest.raises(HubError, match="not found"):
            change()
    assert not repositories.path(REPO).exists()


def test_times_are_written_in_the_form_of_the_hub() -> None:
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"
