"""Nobody can change a signed release on the Hub unnoticed: `pull` and `verify` refuse every tampering."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete

from hublish.base.errors import LoadError, TrustError
from hublish.hub.server import EmbeddedHub
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import CARD_FILE, MANIFEST_FILE
from hublish.schemas.documents.lock import Lock
from tests.attested_release import REPO, Repo
from tests.pipeline.authenticate.accepting import accepting, lock_of
from tests.pipeline.authenticate.changes import METHODS, Files, Method, release
from tests.pipeline.authenticate.tamperings import TAMPERINGS, Tampering


class Published:
    """The releases of all methods, each on a branch of the repo that they were signed for."""

    def __init__(self, hub: EmbeddedHub) -> None:
        self.repo, self._numbers = Repo(hub, REPO), count(1)
        self.repo.api.create_repo(REPO)
        self.commits = {method: self._commit(method, {}, release(method)) for method in METHODS}

    def _commit(self, branch: str, before: Files, files: Files) -> str:
        api = self.repo.api
        api.create_branch(REPO, branch=branch, revision=self.repo_start if not before else branch.partition("-")[0])
        return self.change(branch, before, files)

    @property
    def repo_start(self) -> str:
        """The first commit of the repo, which has no file of a release."""
        return self.repo.api.list_repo_commits(REPO)[-1].commit_id

    def change(self, branch: str, before: Files, files: Files) -> str:
        """Make commits that leave a branch with these files, and return the last one."""
        changed = {path: data for path, data in files.items() if before.get(path) != data}
        card = changed.pop(CARD_FILE, None)
        added = [CommitOperationAdd(path, data) for path, data in changed.items()]
        deleted = [CommitOperationDelete(path) for path in before if path not in files]
        commit = ""
        if added or deleted:
            done = self.repo.api.create_commit(REPO, [*deleted, *added], commit_message="x", revision=branch)
            commit = str(done.oid)
        return commit if card is None else self._change_card(branch, card)

    def _change_card(self, branch: str, card: bytes) -> str:
        # As somebody who has the Hub would: the client refuses to send a card with invalid metadata.
        file = {"path": CARD_FILE, "content": base64.b64encode(card).decode(), "encoding": "base64"}
        lines = ({"key": "header", "value": {"summary": "x"}}, {"key": "file", "value": file})
        request = Request(
            f"{self.repo.endpoint}/api/models/{REPO}/commit/{branch}",
            "\n".join(map(json.dumps, lines)).encode(),
            {"authorization": f"Bearer {self.repo.token}", "content-type": "application/x-ndjson"},
        )
        with urlopen(request) as response:
            return str(json.load(response)["commitOid"])

    def tampered(self, tampering: Tampering) -> str:
        """Return a branch with the tampered release."""
        branch = f"{tampering.method}-{next(self._numbers)}"
        self._commit(branch, release(tampering.method), tampering.files)
        return branch

    def lock(self, method: Method, revision: str) -> Lock:
        """Return the lock of the release as it was signed, whose branch is another one."""
        locked = lock_of(method, self.commits[method], self.repo.endpoint)
        return locked.model_copy(update={"revision": revision})


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    with EmbeddedHub(tmp_path_factory.mktemp("hub")) as hub:
        yield Published(hub)


def codes(problems: Iterable[Problem]) -> set[str]:
    return {problem.code for problem in problems}


@pytest.mark.usefixtures("own_home")
@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS)
def test_a_tampering_is_refused_and_nothing_of_it_is_left(
    tampering: Tampering, published: Published, tmp_path: Path
) -> None:
    branch, policy = published.tampered(tampering), accepting(tmp_path, tampering.method)
    with pytest.raises((TrustError, LoadError)) as caught:
        published.repo.pull(policy, revision=branch, local_dir=tmp_path / "here")
    if isinstance(caught.value, TrustError):
        assert codes(caught.value.problems) <= {*tampering.codes}
        assert caught.value.problems
    else:  # a load plan that cannot be read is refused before anything else is read
        assert tampering.files.get(MANIFEST_FILE) != release(tampering.method)[MANIFEST_FILE]
    for path, content in tampering.files.items():
        there = tmp_path / "here" / path
        assert not there.exists() or there.read_bytes() == release(tampering.method).get(path), content

    lock = published.lock(tampering.method, branch)
    found = published.repo.verify(policy, lock)
    assert not found.ok
    assert found.examination is not None
    assert codes(found.examination.problems) <= {*tampering.codes}
    assert found.examination.problems


@pytest.mark.usefixtures("own_home")
@pytest.mark.parametrize("method", METHODS)
def test_what_was_signed_is_pulled_and_verified(method: Method, published: Published, tmp_path: Path) -> None:
    policy, lock = accepting(tmp_path, method), published.lock(method, method)
    local = published.repo.pull(policy, revision=method, local_dir=tmp_path / "here")
    assert local.checked
    for path, content in release(method).items():
        assert hashlib.sha256((tmp_path / "here" / path).read_bytes()).digest() == hashlib.sha256(content).digest()
    assert published.repo.pull(policy, lock=lock).checked
    found = published.repo.verify(policy, lock)
    assert found.ok, found
