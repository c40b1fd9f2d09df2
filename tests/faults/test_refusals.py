"""The Hub refuses one step: its own words are reported, and no repo or branch of the refused run is left behind."""

import json
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import close_session, constants

import hublish
from hublish.base.errors import HublishError, RemoteConflictError, RemoteError
from hublish.hub.server import EmbeddedHub
from hublish.hub.server.stores import Limits
from tests.faults.projects import LARGE, REGULAR, Release
from tests.faults.proxy import Answer, Behavior, Call, Forward, Proxy, doing, edited, instead

REPO = r"/api/(models|datasets|spaces)/[^?]*"
BEFORE_THE_COMMIT = {
    "create": "^POST /api/repos/create",
    "preupload": f"^POST {REPO}/preupload/",
    "settings": f"^PUT {REPO}/settings",
    "branch": f"^POST {REPO}/branch/",
    "lfs batch": "^POST .*/info/lfs/objects/batch",
    "lfs put": "^PUT /lfs",
    "commit": f"^POST {REPO}/commit/",
}
AFTER_THE_COMMIT = {"history": f"^GET {REPO}/commits/", "tag": f"^POST {REPO}/tag/"}


def saying(status: int, words: str, **headers: str) -> Behavior:
    return instead(status, json.dumps({"error": words}).encode(), Content_Type="application/json", **headers)


WORDS = "Private repository storage limit reached, please upgrade your plan"
REFUSALS = {
    "400": saying(400, "A file in your commit is not allowed"),
    "403": saying(403, WORDS),
    "413": saying(413, "Payload too large"),
    "429": saying(429, "You have exceeded 128 commits per hour", Retry_After="5400"),
    "507": saying(507, "Insufficient storage"),
}


def refuse(release: Release, step: str, behavior: Behavior, repo_type: str = "model") -> HublishError:
    """Publish with one refused step, and return the error."""
    revision = "next" if step == "branch" else "main"
    repo: dict[str, Any] = {"tag": "v1", "revision": revision, "repo_type": repo_type}
    # Spaces have no gate.
    release.declare(**repo | ({"space_sdk": "static"} if repo_type == "space" else {"gated": "auto"}))
    release.proxy.on({**BEFORE_THE_COMMIT, **AFTER_THE_COMMIT}[step], behavior)
    with pytest.raises(RemoteError) as failure:
        release.publish()
    return failure.value


CASES = [(step, refusal, "model") for step in BEFORE_THE_COMMIT for refusal in REFUSALS] + [
    (step, "403", kind)
    for kind in ("dataset", "space")
    for step in BEFORE_THE_COMMIT
    if (step, kind) != ("settings", "space")
]


@pytest.mark.parametrize(("step", "refusal", "repo_type"), CASES)
def test_a_refusal_is_reported_in_the_words_of_the_hub_and_leaves_no_repo(
    release: Release, by_lfs: None, sleeps: list[float], step: str, refusal: str, repo_type: str
) -> None:
    error = refuse(release, step, REFUSALS[refusal], repo_type)
    answer = REFUSALS[refusal](None, None)  # type: ignore[arg-type]
    assert json.loads(answer.body)["error"] in error.message
    assert release.repo_id in error.message or "branch next" in error.message
    assert "applied" not in error.message
    assert ("5400 s" in error.hint) == (refusal == "429")
    assert "log in" not in error.hint
    assert sum(sleeps) <= 320
    assert release.proxy.count(BEFORE_THE_COMMIT[step]) == 1
    assert not release.api.repo_exists(release.repo_id, repo_type=repo_type)
    release.proxy.clear()
    assert release.publish().verified


@pytest.mark.parametrize("step", AFTER_THE_COMMIT)
def test_a_refusal_after_the_commit_names_the_commit(
    release: Release, by_lfs: None, sleeps: list[float], step: str
) -> None:
    # The history is read before, while the repo is prepared, and after the commit.
    error = refuse(release, step, REFUSALS["403"])
    assert WORDS in error.message
    assert release.head() in error.message
    assert ("v1" in error.message) == (step == "tag")
    assert "publish again" in error.hint
    release.proxy.clear()
    assert release.publish().tag == "v1"
    assert release.is_published_once()


@pytest.mark.parametrize(
    "body", ["null", "[]", '{"branches": []}', '{"tags": [{"name": "v1"}]}', '{"tags": {}}', "<html>log in</html>"]
)
def test_an_invalid_listing_of_tags_names_the_tag_and_the_commit(
    release: Release, by_lfs: None, sleeps: list[float], body: str
) -> None:
    release.declare(tag="v1")
    release.publish()
    release.api.delete_tag(release.repo_id, tag="v1")
    commit = release.head()
    release.proxy.on("^GET .*/refs", instead(200, body.encode(), Content_Type="application/json"), skip=1)
    with pytest.raises(RemoteError, match="tag v1") as failure:
        release.publish()
    assert commit in failure.value.message
    assert "None" not in failure.value.message


@pytest.mark.parametrize("step", ["preupload", "lfs put", "commit"])
def test_a_repo_that_existed_outlives_a_refusal(release: Release, by_lfs: None, step: str) -> None:
    before = release.create()
    refuse(release, step, REFUSALS["403"])
    assert release.head() == before


def test_a_new_branch_of_an_existing_repo_is_deleted_again(release: Release, by_lfs: None) -> None:
    before = release.create()
    release.declare(revision="next")
    release.proxy.on(BEFORE_THE_COMMIT["commit"], REFUSALS["403"])
    with pytest.raises(RemoteError):
        release.publish()
    assert [branch.name for branch in release.api.list_repo_refs(release.repo_id).branches] == ["main"]
    assert release.head() == before


FILLED = {
    "a commit": lambda api, repo_id: api.upload_file(path_or_fileobj=b"x", path_in_repo="theirs.txt", repo_id=repo_id),
    "a branch": lambda api, repo_id: api.create_branch(repo_id, branch="theirs"),
    "a tag": lambda api, repo_id: api.create_tag(repo_id, tag="theirs"),
    "a proposal": lambda api, repo_id: api.create_pull_request(repo_id, title="theirs"),
}


@pytest.mark.parametrize("filled", FILLED)
@pytest.mark.parametrize("step", ["preupload", "commit"])
def test_a_repo_that_another_publisher_used_meanwhile_is_not_deleted(
    release: Release, by_lfs: None, step: str, filled: str
) -> None:

    def refuses(call: Call, forward: Forward) -> Answer:
        FILLED[filled](release.api, release.repo_id)
        return REFUSALS["403"](call, forward)

    release.proxy.on(BEFORE_THE_COMMIT[step], refuses)
    with pytest.raises(RemoteError, match="storage limit"):
        release.publish()
    assert release.api.repo_exists(release.repo_id)


def test_a_refused_reading_of_the_new_repo_also_removes_it(release: Release, by_lfs: None) -> None:
    release.proxy.on(f"^GET {REPO}/tree/", REFUSALS["403"], times=1)
    with pytest.raises(RemoteError, match="storage limit"):
        release.publish()
    assert not release.api.repo_exists(release.repo_id)


@pytest.mark.parametrize("status", [403, 500])
def test_a_repo_that_cannot_be_deleted_again_is_named(
    release: Release, by_lfs: None, sleeps: list[float], status: int
) -> None:
    release.proxy.on(BEFORE_THE_COMMIT["commit"], REFUSALS["403"])
    release.proxy.on("^DELETE /api/repos/delete", saying(status, "only owners may delete"))
    with pytest.raises(RemoteError, match="storage limit") as failure:
        release.publish()
    assert f"{release.repo_id} was created for this release and is still there" in failure.value.hint
    assert "only owners may delete" in failure.value.hint


def test_a_hub_that_is_busy_for_everything_refused_the_commit(
    release: Release, by_lfs: None, sleeps: list[float]
) -> None:
    busy = saying(429, "You have exceeded 1000 requests per hour", Retry_After="1800")

    def everything(call: Call, forward: Forward) -> Answer:
        release.proxy.on("", busy)
        return busy(call, forward)

    release.create()
    release.proxy.on(BEFORE_THE_COMMIT["commit"], everything)
    with pytest.raises(RemoteError) as failure:
        release.publish()
    assert failure.value.message.startswith(f"committing to {release.repo_id}: ")
    assert "1000 requests per hour" in failure.value.message
    assert "applied" not in failure.value.message
    assert "1800 s (30 min)" in failure.value.hint


@pytest.mark.parametrize("body", [b'["no more storage"]', b'"no more storage"', b'{"errors": ["no more storage"]}'])
@pytest.mark.parametrize("step", ["create", "lfs batch", "commit"])
def test_words_in_any_json_are_read(
    release: Release, by_lfs: None, sleeps: list[float], step: str, body: bytes
) -> None:
    error = refuse(release, step, instead(403, body, Content_Type="application/json"))
    assert "no more storage" in error.message
    assert "not from a Hub" not in error.message
    assert release.proxy.count(BEFORE_THE_COMMIT[step]) == 1


def test_a_storage_server_that_refuses_is_quoted_without_the_signed_address(release: Release, by_lfs: None) -> None:
    body = b'<?xml version="1.0"?><Error><Code>EntityTooLarge</Code><Message>Your upload is too large</Message></Error>'
    error = refuse(release, "lfs put", instead(400, body, Content_Type="application/xml"))
    assert error.message.endswith("Your upload is too large")
    assert "max_shard_size" in error.hint
    release.proxy.clear()
    error = refuse(release, "lfs put", instead(403))
    assert "http" not in error.message


@pytest.mark.parametrize("count", [1, 2])
def test_files_that_lfs_refuses_are_named(release: Release, by_lfs: None, count: int) -> None:
    (release.folder / "more.bin").write_bytes((release.folder / LARGE).read_bytes()[::-1])
    release.declare(sources=("*.bin", REGULAR) if count == 2 else (LARGE, REGULAR))

    def refused(answer: Answer) -> Answer:
        objects = json.loads(answer.body)["objects"]
        error = {"code": 422, "message": "File is too large:\n50 GB at most"}
        listed = [{"oid": each["oid"], "size": each["size"], "error": error} for each in objects]
        return Answer(200, answer.headers, json.dumps({"objects": listed}).encode())

    release.proxy.on(BEFORE_THE_COMMIT["lfs batch"], edited(refused))
    with pytest.raises(RemoteError) as failure:
        release.publish()
    text = str(failure.value)
    assert f"'{LARGE}': File is too large: 50 GB at most" in text
    assert ("'more.bin': File is too large" in text) == (count == 2)
    assert "max_shard_size" in failure.value.hint
    assert not release.api.repo_exists(release.repo_id)


@pytest.mark.parametrize(
    ("step", "status", "hint"),
    [("/xorbs", 403, ""), ("/shards", 413, "max_shard_size"), ("/xet-write-token", 403, "free storage")],
)
def test_a_refusal_of_xet_is_not_a_missing_network(
    release: Release, own_home: object, monkeypatch: pytest.MonkeyPatch, step: str, status: int, hint: str
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    release.proxy.on(step, saying(status, WORDS), skip=1 if "token" in step else 0)
    with pytest.raises(RemoteError) as failure:
        release.publish()
    assert failure.value.code in ("remote.failed", "remote.unauthorized")
    assert (WORDS if "token" in step else str(status)) in failure.value.message or "Forbidden" in failure.value.message
    assert hint in failure.value.hint
    assert "network" not in failure.value.hint
    assert not release.api.repo_exists(release.repo_id)


@pytest.mark.parametrize("request_", ["/revision/", "/tree/", "^HEAD ", "^GET .*/resolve/"])
@pytest.mark.parametrize("refusal", ["403", "429", "507"])
def test_a_refused_download_is_reported_in_the_words_of_the_hub(
    release: Release, by_lfs: None, sleeps: list[float], request_: str, refusal: str
) -> None:
    release.publish()
    words = json.loads(REFUSALS[refusal](None, None).body)["error"]  # type: ignore[arg-type]
    answer = saying(int(refusal), words, X_Error_Message=words, **({"Retry_After": "5400"} if refusal == "429" else {}))
    release.proxy.on(request_, answer)
    with pytest.raises(HublishError) as failure:
        hublish.pull(release.repo_id, endpoint=release.proxy.endpoint, token=release.hub.token)
    assert words in str(failure.value)
    assert ("5400 s" in failure.value.hint) == (refusal == "429")
    assert sum(sleeps) <= 320


def test_a_conflict_is_not_a_refusal(release: Release, by_lfs: None, sleeps: list[float]) -> None:
    release.proxy.on(BEFORE_THE_COMMIT["commit"], doing(release.commit_as_other), times=1)
    with pytest.raises(RemoteConflictError):
        release.publish()
    assert release.api.file_exists(release.repo_id, "theirs.txt")


@pytest.mark.parametrize(("request_", "skip"), [("^PUT /lfs", 2), ("^POST /lfs", 0)], ids=["a part", "the last step"])
def test_a_refused_part_of_a_file_leaves_no_repo(
    tmp_path: Path, by_lfs: None, sleeps: list[float], request_: str, skip: int
) -> None:
    limits = Limits(multipart=100_000, part=64_000)
    with EmbeddedHub(tmp_path / "hub", limits=limits) as hub, Proxy(hub.endpoint).running() as proxy:
        release = Release.make(tmp_path / "project", "acme/in-parts", proxy, hub)
        proxy.on(request_, REFUSALS["507"], skip=skip)
        with pytest.raises(RemoteError, match="Insufficient storage") as failure:
            release.publish()
        assert failure.value.message.startswith("sending to acme/in-parts: ")
        assert "free storage" in failure.value.hint
        assert not release.api.repo_exists(release.repo_id)
        proxy.clear()
        assert release.publish().verified
    close_session()
