"""Every request gets bad answers forever: the command ends, with one of our own errors and without the token in it."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hublish
from hublish.base.errors import AuthenticationError, HublishError, NotFoundError, OfflineError, RemoteError
from tests.faults.projects import COMMIT, Release, rounds
from tests.faults.proxy import Answer, Behavior, Call, Forward, edited, instead, lost_before, truncated

REQUESTS = {
    "info": "^GET /api/models/[^/]+/[^/?]+($|[?])",
    "revision": "^GET /api/models/[^?]*/revision/",
    "tree": "^GET /api/models/[^?]*/tree/",
    "refs": "^GET /api/models/[^?]*/refs",
    "history": "^GET /api/models/[^?]*/commits/",
    "preupload": "^POST .*/preupload/",
    "create": "^POST /api/repos/create",
    "settings": "^PUT .*/settings",
    "card": "^POST /api/validate-yaml",
    "xet token": "^GET .*/xet-write-token/",
    "lfs batch": "^POST .*/info/lfs/objects/batch",
    "lfs put": "^PUT /lfs",
    "commit": COMMIT,
    "tag": "^POST /api/models/[^?]*/tag/",
}


def echoing(status: int) -> Behavior:
    """Refuse, and repeat the token in every message."""

    def behave(call: Call, forward: Forward) -> Answer:
        token = call.headers.get("Authorization", call.headers.get("authorization", ""))
        headers = (("Content-Type", "application/json"), ("X-Error-Message", f"no: {token}"))
        return Answer(status, headers, b'{"error": "no: %s"}' % token.encode())

    return behave


ANSWERS: dict[str, Behavior] = {
    "400": echoing(400),
    "401": echoing(401),
    "403": echoing(403),
    "404": echoing(404),
    "429, wait a second": instead(429, Retry_After="1"),
    "429, wait for days": instead(429, Retry_After="999999"),
    "429, wait until": instead(429, Retry_After="Fri, 31 Dec 2100 23:59:59 GMT"),
    "429, wait a negative time": instead(429, Retry_After="-5"),
    "429, by ratelimit": instead(429, ratelimit='"api";r=0;t=7000'),
    "500": echoing(500),
    "503, wait for days": instead(503, Retry_After="999999"),
    "a page for people": instead(200, b"<html>welcome</html>", Content_Type="text/html"),
    "nothing": instead(200),
    "half of the body": edited(truncated),
    "JSON of another kind": instead(200, b"[1, 2]", Content_Type="application/json"),
    "null": instead(200, b"null", Content_Type="application/json"),
    "a reset": lost_before,
}


REPRESENTATIVE = ("401", "500", "503, wait for days", "JSON of another kind", "a reset")
# All answers to some requests and some answers to all requests; all combinations when HUBLISH_TEST_ROUNDS is set.
PAIRS = [
    (request, answer)
    for request in REQUESTS
    for answer in ANSWERS
    if rounds(1) > 1 or answer in REPRESENTATIVE or request in ("preupload", "commit")
]


def is_ours(error: BaseException) -> bool:
    return type(error).__module__ == "hublish.base.errors"


def outcome(action: Callable[[], Any]) -> HublishError | None:
    """Return our own error; any other exception fails the test."""
    try:
        action()
    except HublishError as error:
        return error
    return None


@pytest.fixture
def chatty(release: Release) -> Release:
    """Return a release whose publishing makes every kind of request."""
    (release.folder / "README.md").write_text("---\nlicense: mit\n---\n# A model\n")
    release.declare(sources=("*.bin", "*.json", "README.md"), tag="v1", gated="auto")
    return release


@pytest.mark.parametrize(("request_", "answer"), PAIRS)
def test_publishing_fails_cleanly_for_every_bad_answer(
    chatty: Release,
    by_lfs: None,
    sleeps: list[float],
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
    request_: str,
    answer: str,
) -> None:
    if request_ == "xet token":
        request.getfixturevalue("monkeypatch").setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", False)
    caplog.set_level(logging.INFO)
    chatty.proxy.on(REQUESTS[request_], ANSWERS[answer])
    error = outcome(chatty.publish)
    assert chatty.proxy.count(REQUESTS[request_]) > 0
    assert len(chatty.proxy.calls) < 80
    assert sum(sleeps) <= 320
    assert chatty.hub.token not in f"{error}{caplog.text}"
    assert (error is None) == chatty.lock.exists()
    assert chatty.tree() in ({}, chatty.planned_tree())
    assert len(chatty.titles()) <= 1
    chatty.proxy.clear()
    assert chatty.publish().verified
    assert chatty.is_published_once()


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (401, AuthenticationError, "remote.unauthorized"),
        (403, AuthenticationError, "remote.unauthorized"),
        (404, NotFoundError, "remote.not_found"),
        (400, RemoteError, "remote.failed"),
        (500, RemoteError, "remote.failed"),
    ],
)
@pytest.mark.parametrize("request_", ["preupload", "create", "commit", "tag"])
def test_each_status_has_its_error(
    release: Release,
    by_lfs: None,
    sleeps: list[float],
    request_: str,
    status: int,
    kind: type[HublishError],
    code: str,
) -> None:
    release.declare(tag="v1")
    release.proxy.on(REQUESTS[request_], instead(status))
    error = outcome(release.publish)
    assert type(error) is kind
    assert error.code == code
    assert "\n" not in error.message


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_a_refused_request_is_not_repeated(release: Release, by_lfs: None, sleeps: list[float], status: int) -> None:
    release.proxy.on(COMMIT, instead(status))
    assert is_ours(outcome(release.publish))  # type: ignore[arg-type]
    assert release.proxy.count(COMMIT) == 1
    assert sleeps == []


def test_a_requested_wait_is_honored(release: Release, by_lfs: None, sleeps: list[float]) -> None:
    release.proxy.on(REQUESTS["create"], instead(429, Retry_After="17"), times=2)
    release.proxy.on(REQUESTS["refs"], instead(429, ratelimit='"api";r=0;t=23'), times=1)
    release.proxy.on(REQUESTS["info"], instead(503, ratelimit='"api";r=9;t=99'), times=1)
    release.publish()
    assert sorted(sleeps) == [1, 17, 17, 23]


def test_waits_are_summed_over_the_whole_command(release: Release, by_lfs: None, sleeps: list[float]) -> None:
    for name in ("create", "preupload", "refs", "commit", "tag"):
        release.proxy.on(REQUESTS[name], instead(429, Retry_After="100"), times=1)
    release.declare(tag="v1")
    with pytest.raises(RemoteError, match="waits at most 300 s in all"):
        release.publish()
    # Our own short pauses before retries come on top.
    assert [wait for wait in sleeps if wait >= 100] == [100, 100, 100]
    assert sum(sleeps) <= 320


def test_an_unreachable_hub_is_reported_without_retries(release: Release, by_lfs: None, sleeps: list[float]) -> None:
    for endpoint in ("http://127.0.0.1:9", "http://nowhere.invalid", "https://127.0.0.1:9"):
        with pytest.raises(OfflineError, match="cannot be reached"):
            release.publish(endpoint=endpoint)
    assert sleeps == []


@pytest.mark.parametrize("page", [b"<html>welcome</html>", b"", b"\xff\xfe", b"{"])
@pytest.mark.parametrize("status", [200, 404])
def test_a_server_that_is_not_a_hub_is_reported(
    release: Release, by_lfs: None, sleeps: list[float], status: int, page: bytes
) -> None:
    release.proxy.on("", instead(status, page, Content_Type="text/html"))
    actions: list[Callable[[], Any]] = [release.plan, release.publish, release.pull]
    for action in actions:
        error = outcome(action)
        assert isinstance(error, RemoteError)
        assert "HF_ENDPOINT" in error.hint or "endpoint" in error.hint


def test_an_interrupt_propagates_unchanged(release: Release, by_lfs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(huggingface_hub.HfApi, "create_commit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        release.publish()
    assert not release.lock.exists()


@pytest.mark.parametrize(
    ("request_", "answer"),
    [(request, answer) for request in ("revision", "head") for answer in REPRESENTATIVE]
    + [(request, answer) for request in ("tree", "file") for answer in ANSWERS],
)
def test_pulling_fails_cleanly_for_every_bad_answer(
    published_by_lfs: Release,
    sleeps: list[float],
    caplog: pytest.LogCaptureFixture,
    request_: str,
    answer: str,
) -> None:
    patterns = {**REQUESTS, "head": "^HEAD .*/resolve/", "file": "^GET .*/resolve/|^GET /lfs"}
    release = published_by_lfs
    caplog.set_level(logging.INFO)
    release.proxy.on(patterns[request_], ANSWERS[answer])
    error = outcome(release.pull)
    assert error is not None or answer in ("429, wait a second", "429, wait a negative time")
    assert release.hub.token not in f"{error}{caplog.text}"
    assert sum(sleeps) <= 320 * len(release.planned_tree())  # files are downloaded in parallel
    release.proxy.clear()
    assert all(file.path.stat().st_size == file.promised.size for file in release.pull().files)


@pytest.mark.parametrize("answer", ANSWERS)
def test_verifying_fails_cleanly_for_every_bad_answer(
    published_by_lfs: Release, sleeps: list[float], answer: str
) -> None:
    release = published_by_lfs
    release.proxy.on(REQUESTS["tree"], ANSWERS[answer])

    def verify() -> None:
        hublish.verify(release.manifest, endpoint=release.proxy.endpoint, token=release.hub.token)

    assert isinstance(outcome(verify), RemoteError)


def test_a_redirect_to_another_host_gets_no_token(published_by_lfs: Release, tmp_path: Path) -> None:
    from tests.faults.proxy import Proxy

    release = published_by_lfs
    with Proxy(release.hub.endpoint).running() as elsewhere:
        release.proxy.on(
            "^(HEAD|GET) .*/resolve/.*weights",
            edited(lambda answer: Answer(302, (*answer.headers, ("Location", f"{elsewhere.endpoint}/stolen")))),
        )
        elsewhere.on("", instead(200, b"x"))
        outcome(release.pull)
        assert elsewhere.calls
        assert all("authorization" not in {name.lower() for name in call.headers} for call in elsewhere.calls)
