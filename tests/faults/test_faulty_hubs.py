"""Faults of real self-hosted Hubs: the result is right, or an error names the fault."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from huggingface_hub import constants

from hublish.base.errors import HublishError, RemoteConflictError, RemoteError, VerificationError
from tests.faults.projects import COMMIT, LARGE, Release
from tests.faults.proxy import Answer, Call, Forward, doing, edited, instead, rewritten, without_header

XET = "xet-write-token"


def json_edited(change: Callable[[Any], Any]) -> Callable[[Answer], Answer]:
    """Return a function that changes the JSON of an answer."""

    def edit(answer: Answer) -> Answer:
        return replace(answer, body=json.dumps(change(json.loads(answer.body))).encode())

    return edit


def without_create_pr(call: Call) -> Call:
    return replace(call, path=call.path.replace("?create_pr=1", ""))


def without_parent(call: Call) -> Call:
    header, _, rest = call.body.partition(b"\n")
    fields = json.loads(header)
    fields["value"].pop("parentCommit", None)
    return replace(call, body=json.dumps(fields).encode() + b"\n" + rest)


@pytest.mark.parametrize("answers", ["as it does", "without the pull request"])
def test_a_hub_that_ignores_create_pr_is_reported(
    release: Release, by_lfs: None, sleeps: list[float], answers: str
) -> None:
    release.create()
    release.declare(create_pr=True)

    def ignores(call: Call, forward: Forward) -> Answer:
        answer = forward(without_create_pr(call))
        if answers == "as it does":
            return answer
        url = f"{release.proxy.endpoint}/{release.repo_id}/discussions/7"
        return json_edited(lambda body: {**body, "pullRequestUrl": url})(answer)

    release.proxy.on(COMMIT, ignores)
    with pytest.raises(HublishError, match=r"on main|refs/pr/7") as failure:
        release.publish()
    assert isinstance(failure.value, VerificationError | RemoteError)
    assert not release.lock.exists()
    assert len(release.titles()) == 1


def test_an_accepted_stale_parent_is_detected_and_nothing_is_tagged(release: Release, by_lfs: None) -> None:
    release.create()
    release.declare(tag="v1")
    release.proxy.on(COMMIT, rewritten(without_parent))
    # Another user's version of the same file: the trees alone do not reveal the stale parent.
    release.proxy.on("^POST .*/info/lfs/objects/batch", doing(lambda: release.commit_as_other("config.json")), times=1)
    with pytest.raises(VerificationError, match="not on the planned"):
        release.publish()
    assert not release.lock.exists()
    assert list(release.api.list_repo_refs(release.repo_id).tags) == []


def test_a_missing_oid_in_preupload_does_not_cause_a_second_commit(release: Release, by_lfs: None) -> None:
    def forget(body: Any) -> Any:
        return {"files": [{name: entry[name] for name in entry if name != "oid"} for entry in body["files"]]}

    release.proxy.on("/preupload/", edited(json_edited(forget)))
    release.publish()
    assert not release.publish().created
    assert release.is_published_once()


@pytest.mark.parametrize(
    "answer",
    [
        instead(404),
        instead(404, b"<html>no such page</html>", Content_Type="text/html"),
        instead(200, b"<html>an app</html>", Content_Type="text/html"),
        instead(200, b"{}", Content_Type="application/json"),
    ],
    ids=["404", "a page with 404", "a page with 200", "an empty answer"],
)
@pytest.mark.parametrize("create_pr", [False, True])
def test_lfs_is_used_for_a_hub_without_xet(
    release: Release, own_home: object, monkeypatch: pytest.MonkeyPatch, answer: Any, create_pr: bool
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    release.create()
    release.declare(create_pr=create_pr)
    release.proxy.on(XET, answer)
    assert release.publish().verified
    assert release.proxy.count("^PUT ") == 1
    assert not constants.HF_HUB_DISABLE_XET


def test_a_small_lfs_file_also_requests_a_xet_token(
    release: Release, own_home: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    (release.folder / LARGE).write_bytes(b"\0\1\2")
    release.proxy.on(XET, instead(404))
    assert release.publish().verified


def test_an_error_for_a_tag_that_was_created_is_resolved_by_the_refs(
    release: Release, by_lfs: None, sleeps: list[float]
) -> None:
    release.declare(tag="v1")

    def fails(call: Call, forward: Forward) -> Answer:
        forward(call)
        return Answer(500)

    release.proxy.on("^POST /api/models/[^?]*/tag/", fails)
    assert release.publish().tag == "v1"
    assert release.head("v1") == release.head()


@pytest.mark.parametrize("body", [b"", b"<html>log in</html>", b"null"])
@pytest.mark.parametrize("times", [1, 2, 99])
def test_success_without_a_tag_is_not_believed(
    release: Release, by_lfs: None, sleeps: list[float], body: bytes, times: int
) -> None:
    release.declare(tag="v1")
    release.proxy.on("^POST /api/models/[^?]*/tag/", instead(200, body), times=times)
    if times == 99:
        with pytest.raises(RemoteError, match=r"is published as .*, but the Hub has no tag v1") as failure:
            release.publish()
        assert "publish again" in failure.value.hint
        release.proxy.clear()
    assert release.publish().tag == "v1"
    assert [tag.target_commit for tag in release.api.list_repo_refs(release.repo_id).tags] == [release.head()]
    assert release.is_published_once()


@pytest.mark.parametrize(
    ("message", "about_storage"),
    [
        ("Private repository storage limit reached, please upgrade your plan.", True),
        ("Your storage quota is exceeded", True),
        ("Payment required to store more", True),
        ("Your token has no write access", False),
        ("", False),
    ],
)
def test_a_full_account_is_not_sent_to_log_in(
    release: Release, by_lfs: None, message: str, about_storage: bool
) -> None:
    release.proxy.on(COMMIT, instead(403, b"", X_Error_Message=message))
    with pytest.raises(RemoteError) as failure:
        release.publish()
    assert message in failure.value.message
    assert ("storage" in failure.value.hint) == about_storage
    assert ("log in" in failure.value.hint) != about_storage


def test_a_hub_that_does_not_resolve_tags_is_tagged_nevertheless(release: Release, by_lfs: None) -> None:
    release.declare(tag="v1")
    release.proxy.on("^GET /api/models/[^?]*/revision/v1", instead(404))
    assert release.publish().tag == "v1"
    assert not release.publish().created


def test_a_release_on_a_hub_that_cannot_tag_is_not_locked(release: Release, by_lfs: None, sleeps: list[float]) -> None:
    release.declare(tag="v1")
    release.proxy.on("^POST /api/models/[^?]*/tag/", instead(500))
    with pytest.raises(RemoteError, match="tag v1"):
        release.publish()
    assert not release.lock.exists()
    release.proxy.clear()
    assert not release.publish().created
    assert release.lock.exists()
    assert release.is_published_once()


def test_a_tag_created_elsewhere_meanwhile_is_not_moved(release: Release, by_lfs: None) -> None:
    release.declare(tag="v1")

    def taken() -> None:
        elsewhere = release.api.list_repo_commits(release.repo_id)[-1].commit_id
        release.api.create_tag(release.repo_id, tag="v1", revision=elsewhere)

    release.proxy.on("^POST /api/models/[^?]*/tag/", doing(taken), times=1)
    with pytest.raises(RemoteConflictError, match="the tag v1 is at"):
        release.publish()
    assert not release.lock.exists()


def test_missing_repos_and_revisions_are_recognized_without_an_error_code(release: Release, by_lfs: None) -> None:
    release.declare(revision="next")
    release.proxy.on("", edited(without_header("X-Error-Code")))
    assert release.publish().verified
    assert release.tree("next") == release.planned_tree()


def test_a_release_on_a_hub_without_a_history_is_verified_by_its_trees(release: Release, by_lfs: None) -> None:
    release.proxy.on("/commits/", instead(404))
    assert release.publish().verified


def test_a_commit_without_one_of_the_files_is_detected(release: Release, by_lfs: None) -> None:
    def drop(call: Call) -> Call:
        kept = [line for line in call.body.splitlines(keepends=True) if b'"config.json"' not in line]
        return replace(call, body=b"".join(kept))

    release.declare(tag="v1")
    release.proxy.on(COMMIT, rewritten(drop))
    with pytest.raises(VerificationError, match=r"'config.json' is missing"):
        release.publish()
    assert not release.lock.exists()
    assert list(release.api.list_repo_refs(release.repo_id).tags) == []


def test_a_commit_with_other_bytes_is_detected(release: Release, by_lfs: None) -> None:
    def alter(call: Call) -> Call:
        lines = [json.loads(line) for line in call.body.splitlines()]
        for line in lines:
            if line["value"].get("path") == "config.json":
                line["value"]["content"] = "e30K"
        return replace(call, body=b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    release.proxy.on(COMMIT, rewritten(alter))
    with pytest.raises(VerificationError, match=r"'config.json' has other bytes"):
        release.publish()


def test_a_wrong_commit_id_in_the_answer_is_detected(release: Release, by_lfs: None) -> None:
    first = release.create()
    release.proxy.on(COMMIT, edited(json_edited(lambda body: {**body, "commitOid": first})))
    with pytest.raises(VerificationError, match="is missing"):
        release.publish()


def test_a_changed_upload_mode_still_sends_the_planned_bytes(
    release: Release, by_lfs: None, sleeps: list[float]
) -> None:
    release.create()

    def regular(body: Any) -> Any:
        return {"files": [{**entry, "uploadMode": "regular"} for entry in body["files"]]}

    release.proxy.on("/preupload/", edited(json_edited(regular)), skip=1)
    assert release.publish().verified


def test_a_preupload_response_without_one_of_the_files_is_refused(release: Release, by_lfs: None) -> None:
    release.create()
    release.proxy.on("/preupload/", edited(json_edited(lambda body: {"files": body["files"][1:]})))
    with pytest.raises(RemoteError, match="does not mention"):
        release.plan()


def test_an_existing_repo_is_used_even_without_its_url_in_the_409(
    release: Release, by_lfs: None, sleeps: list[float]
) -> None:
    def exists(call: Call, forward: Forward) -> Answer:
        forward(call)
        return Answer(409, (("Content-Type", "application/json"),), b'{"error": "You already created this repo"}')

    release.proxy.on("^POST /api/repos/create", exists)
    assert release.publish().verified
    assert release.is_published_once()


def test_retries_of_a_busy_repo_creation_end(release: Release, by_lfs: None, sleeps: list[float]) -> None:
    busy = b'{"error": "Cannot create repo: another conflicting operation is in progress"}'
    release.proxy.on("^POST /api/repos/create", instead(409, busy, Content_Type="application/json"))
    with pytest.raises(RemoteError, match="waits at most 300 s"):
        release.publish()
    assert 290 <= sum(sleeps) <= 310
