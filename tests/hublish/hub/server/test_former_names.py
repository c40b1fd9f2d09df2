"""Repositories under another name: one in another case, a former one, or one without a namespace."""

import itertools
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.git.repository import Signature
from hublish.hub.server.refusals import HubError
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repositories import FormerNames, Repositories, Settings, timestamp
from tests.hublish.hub.server.conftest import Caller

Call = Callable[..., Any]
OLD, NEW = RepoId("model", "acme", "old"), RepoId("model", "acme", "new")
ME = Signature("me", 0)


def git(*words: str, cwd: Path) -> bool:
    return subprocess.run(["git", *words], cwd=cwd, capture_output=True, timeout=60).returncode == 0


@pytest.fixture(params=["former", "case", "former, in another case"])
def other(request: pytest.FixtureRequest, api: HfApi, repo: str) -> str:
    """Return another name of `repo`, which has a file."""
    api.upload_file(repo_id=repo, path_in_repo="a.txt", path_or_fileobj=b"1")
    if request.param == "case":
        return repo.upper()
    was = f"{repo}-was"
    api.move_repo(repo, was)
    api.move_repo(was, repo)
    return was if request.param == "former" else was.title()


def test_every_kind_of_call_works_under_another_name(
    api: HfApi, hub: EmbeddedHub, repo: str, other: str, transfer: str, tmp_path: Path
) -> None:
    (tmp_path / "w.bin").write_bytes(b"\0" * 70_000)
    info = api.model_info(other)
    assert (info.id, api.repo_exists(other), api.file_exists(other, "a.txt")) == (repo, True, True)
    assert Path(hf_hub_download(other, "a.txt", endpoint=hub.endpoint, token=hub.token)).read_text() == "1"
    adds = [CommitOperationAdd("w.bin", tmp_path / "w.bin"), CommitOperationAdd("b/c.txt", b"2" * 3_000_000)]
    commit = api.create_commit(other, adds, commit_message="Second")
    assert commit.oid == api.model_info(repo).sha
    copy = Path(snapshot_download(other, endpoint=hub.endpoint, token=hub.token))
    assert (copy / "w.bin").read_bytes() == b"\0" * 70_000
    number = api.create_commit(other, [CommitOperationAdd("p", b"p")], commit_message="Proposal", create_pr=True).pr_num
    assert number is not None
    api.comment_discussion(other, number, "Good")
    api.merge_pull_request(other, number)
    assert "p" in api.list_repo_files(other, revision="main")
    api.create_branch(other, branch="dev")
    api.create_tag(other, tag="v1")
    api.delete_branch(other, branch="dev")
    api.update_repo_settings(other, gated="auto")
    assert api.model_info(repo).gated == "auto"
    with pytest.raises(HfHubHTTPError, match="404"):
        api.model_info(other, revision="none")


def test_git_works_under_another_name(api: HfApi, hub: EmbeddedHub, repo: str, other: str, tmp_path: Path) -> None:
    assert git("clone", f"{hub.endpoint}/{other}", "copy", cwd=tmp_path)
    assert (tmp_path / "copy" / "a.txt").read_text() == "1"
    api.upload_file(repo_id=repo, path_in_repo="a.txt", path_or_fileobj=b"2")
    assert git("pull", cwd=tmp_path / "copy")
    assert (tmp_path / "copy" / "a.txt").read_text() == "2"


def test_the_api_redirects_to_the_name_as_created(call: Call, repo: str, other: str) -> None:
    head = call("HEAD", f"/{other}/resolve/main/a.txt")
    assert (head.status, "location" in head.headers) == (200, False)
    answer = call("POST", f"/api/models/{other}/branch/a%2Fb?x=1&x=%C3%A4+b", {})
    assert (answer.status, answer.headers["location"]) == (307, f"/api/models/{repo}/branch/a%2Fb?x=1&x=%C3%A4+b")


@pytest.mark.parametrize("kind", ["dataset", "space", "kernel"])
def test_every_type_has_its_own_names(api: HfApi, call: Call, kind: str) -> None:
    sdk = "static" if kind == "space" else None
    api.create_repo(f"acme/Type-{kind}", repo_type=kind, space_sdk=sdk)
    api.move_repo(f"acme/Type-{kind}", f"acme/moved-{kind}", repo_type=kind)
    assert api.repo_info(f"ACME/type-{kind}", repo_type=kind).id == f"acme/moved-{kind}"
    assert call("GET", f"/{kind}s/acme/type-{kind}/resolve/main/.gitattributes").status == 200
    assert not api.repo_exists(f"acme/Type-{kind}", repo_type="model")


def test_the_first_name_survives_a_chain_of_moves(api: HfApi, repo: str) -> None:
    names = [repo, *(f"{repo}-{step}" for step in range(4))]
    for source, target in itertools.pairwise(names):
        api.move_repo(source, target)
    assert {api.model_info(name).id for name in names} == {names[-1]}
    api.move_repo(names[-1], repo)
    assert {api.model_info(name).id for name in names} == {repo}


def test_a_new_repository_takes_a_former_name_over(api: HfApi, repo: str) -> None:
    names = [repo, f"{repo}-b", f"{repo}-c"]
    for source, target in itertools.pairwise(names):
        api.move_repo(source, target)
    api.create_repo(names[1])
    assert [api.model_info(name).id for name in names] == [names[2], names[1], names[2]]
    api.delete_repo(names[1])
    assert not api.repo_exists(names[1]), "the name belonged to the deleted repository"
    assert api.model_info(names[0]).id == names[2]


def test_a_former_name_ends_with_its_repository(api: HfApi, repo: str) -> None:
    api.move_repo(repo, f"{repo}-new")
    api.delete_repo(f"{repo}-new")
    api.create_repo(f"{repo}-new")
    assert not api.repo_exists(repo)


def test_a_move_from_an_id_without_a_namespace_finds_nothing(call: Call) -> None:
    answer = call("POST", "/api/repos/move", {"fromRepo": "gpt2", "toRepo": "acme/gpt2", "type": "model"})
    assert (answer.status, answer.headers.get("x-error-code")) == (404, "RepoNotFound")


def test_nothing_is_deleted_or_moved_by_a_former_name(api: HfApi, repo: str) -> None:
    api.move_repo(repo, f"{repo}-new")
    with pytest.raises(RepositoryNotFoundError):
        api.delete_repo(repo)
    with pytest.raises(RepositoryNotFoundError):
        api.move_repo(repo, f"{repo}-third")
    assert api.repo_exists(f"{repo}-new")


@pytest.mark.parametrize("taken", ["{}", "{}-TAKEN"])
def test_a_move_to_an_existing_name_is_refused(api: HfApi, repo: str, taken: str) -> None:
    api.create_repo(f"{repo}-taken")
    with pytest.raises(HfHubHTTPError) as caught:
        api.move_repo(repo, taken.format(repo))
    assert caught.value.response.status_code == 409
    assert {api.model_info(name).id for name in (repo, f"{repo}-taken")} == {repo, f"{repo}-taken"}


def test_the_case_of_a_name_can_be_changed(api: HfApi, repo: str) -> None:
    api.move_repo(repo, repo.replace("model", "Model"))
    assert api.model_info(repo).id == repo.replace("model", "Model")


def test_names_that_differ_in_case_alone_are_one_name(api: HfApi, call: Call, repo: str) -> None:
    for name in (repo.upper(), repo.title(), repo.replace("acme", "Acme")):
        namespace, _, short = name.partition("/")
        answer = call("POST", "/api/repos/create", {"name": short, "organization": namespace, "type": "model"})
        assert (answer.status, answer.json()["url"]) == (409, f"{api.endpoint}/{repo}")
        assert api.create_repo(name, exist_ok=True).repo_id == repo
    assert api.create_repo("ACME/another-one").repo_id == "acme/another-one"
    api.delete_repo("Acme/Another-One")
    assert not api.repo_exists("acme/another-one")


@pytest.mark.parametrize("who", ["stranger", "anonymous", "unknown"])
def test_other_names_of_a_private_repository_look_like_missing_ones(
    api: HfApi, hub: EmbeddedHub, repo: str, other: str, who: str
) -> None:
    api.update_repo_settings(repo, private=True)
    token = {"stranger": hub.add_user("eve"), "anonymous": None, "unknown": "hf_" + "x" * 34}[who]
    for method, path in (
        ("GET", "/api/models/{}"),
        ("GET", "/api/models/{}/tree/main"),
        ("POST", "/api/models/{}/commit/main"),
        ("PUT", "/api/models/{}/settings"),
        ("GET", "/{}/resolve/main/a.txt"),
        ("HEAD", "/{}/raw/main/a.txt"),
        ("GET", "/{}/info/refs?service=git-upload-pack"),
        ("POST", "/{}.git/git-upload-pack"),
        ("POST", "/{}.git/info/lfs/objects/batch"),
    ):
        answers = [
            Caller(hub.endpoint, token)(method, path.format(name), {} if method[0] == "P" else None)
            for name in (other, other[:-1] + "x")
        ]
        assert answers[0].status == answers[1].status != 307, path
        assert answers[0].body == answers[1].body, path
        assert set(answers[0].headers) == set(answers[1].headers), path


@pytest.mark.parametrize("prefix", ["", "datasets/", "spaces/", "kernels/"])
def test_an_id_without_a_namespace_is_a_missing_repository(call: Call, anonymous: Call, prefix: str) -> None:
    for method, path in (
        ("GET", "/api/{kind}/gpt2"),
        ("GET", "/api/{kind}/gpt2/revision/main"),
        ("GET", "/api/{kind}/gpt2/tree/main/folder"),
        ("GET", "/api/{kind}/gpt2/refs"),
        ("GET", "/api/{kind}/gpt2/commits/main"),
        ("GET", "/api/{kind}/gpt2/discussions"),
        ("GET", "/api/{kind}/gpt2/xet-read-token/main"),
        ("POST", "/api/{kind}/gpt2/paths-info/main"),
        ("POST", "/api/{kind}/gpt2/commit/main"),
        ("POST", "/api/{kind}/gpt2/discussions"),
        ("POST", "/api/{kind}/gpt2/branch/b"),
        ("DELETE", "/api/{kind}/gpt2/tag/v1"),
        ("PUT", "/api/{kind}/gpt2/settings"),
        ("HEAD", "/{prefix}gpt2/resolve/main/config.json"),
        ("GET", "/{prefix}gpt2/raw/main/a/b.txt"),
        ("POST", "/{prefix}gpt2.git/info/lfs/objects/batch"),
    ):
        address = path.format(kind=prefix.strip("/") or "models", prefix=prefix)
        for ask in (call, anonymous):
            answer = ask(method, address, {} if method[0] == "P" else None)
            assert (answer.status, answer.headers.get("x-error-code")) == (404, "RepoNotFound"), address


@pytest.mark.parametrize("path", ["/api/models/a/b/c/d", "/api/nothing", "/gpt2/none/main/x", "/api/gpt2"])
def test_other_addresses_are_not_taken_for_repositories(call: Call, path: str) -> None:
    answer = call("GET", path)
    assert (answer.status, answer.headers.get("x-error-code")) == (404, None)


class KilledError(BaseException):
    """The end of the process."""


@pytest.mark.parametrize("step", range(8))
def test_a_move_that_is_killed_leaves_the_old_name_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Every name that was ever given leads to the repository, whichever step was the last."""
    repositories = Repositories(tmp_path)
    first = RepoId("model", "acme", "first")
    repositories.create(first, Settings(timestamp(0)), {"a": b"a"}, ME)
    repositories.move(first, OLD)
    steps = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*values: Any, **named: Any) -> Any:
            nonlocal steps
            steps += 1
            if steps > step:
                raise KilledError
            return call(*values, **named)

        return run

    with monkeypatch.context() as patch, suppress(KilledError):
        for owner, name in ((FormerNames, "add"), (FormerNames, "place"), (FormerNames, "forget"), (Path, "rename")):
            patch.setattr(owner, name, counted(getattr(owner, name)))
        repositories.move(OLD, NEW)
    [here] = Repositories(tmp_path).list("model")
    assert here in (OLD, NEW)
    assert {Repositories(tmp_path).find(name) for name in (first, OLD)} == {here}
    repositories.move(here, first)
    assert {Repositories(tmp_path).find(name) for name in (first, OLD, here)} == {first}


def test_repositories_of_older_versions_can_be_moved(tmp_path: Path) -> None:
    repositories = Repositories(tmp_path)
    repositories.create(OLD, Settings(timestamp(0)), {"a": b"a"}, ME)
    repositories.update_settings(OLD, identity="")
    repositories.move(OLD, NEW)
    assert repositories.find(OLD) == NEW


def test_former_names_survive_a_restart(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path) as hub:
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        api.create_repo("acme/x")
        api.move_repo("acme/x", "acme/y")
    with EmbeddedHub(tmp_path) as hub:
        assert HfApi(endpoint=hub.endpoint, token=hub.token).model_info("acme/x").id == "acme/y"


def test_creators_of_one_name_in_two_cases_do_not_both_win(tmp_path: Path) -> None:
    repositories = Repositories(tmp_path)
    repositories.create(OLD, Settings(timestamp(0)), {}, ME)
    for name in ("OLD", "Old"):
        with pytest.raises(HubError, match="acme/old"):
            repositories.create(RepoId("model", "Acme", name), Settings(timestamp(0)), {}, ME)
    assert list(repositories.list("model")) == [OLD]
