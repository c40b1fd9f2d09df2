"""Every exception of the client becomes one of our errors, by the protocol."""

import errno
import importlib
import json

import pytest
from huggingface_hub import get_session
from huggingface_hub.errors import FileMetadataError, LocalEntryNotFoundError, OfflineModeIsEnabled

from hublish.base import errors
from hublish.hub.client import failures

# The HTTP library of the client: httpx or httpx2, by its version.
httpx = importlib.import_module(type(get_session()).__module__.partition(".")[0])
TOKEN = "hf_" + "aB3dE6gH9j" * 4


class AnsweredError(Exception):
    def __init__(self, status: int, text: str = "no", **headers: str) -> None:
        super().__init__(text)
        self.response = httpx.Response(
            status, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )


def caused(outer: Exception, cause: Exception) -> Exception:
    outer.__cause__ = cause
    return outer


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AnsweredError(401), errors.AuthenticationError),
        (AnsweredError(403), errors.AuthenticationError),
        (AnsweredError(403, X_Error_Code="GatedRepo"), errors.AuthenticationError),
        (AnsweredError(404), errors.NotFoundError),
        (AnsweredError(404, X_Error_Code="EntryNotFound"), errors.NotFoundError),
        (AnsweredError(409), errors.RemoteConflictError),
        (AnsweredError(412), errors.RemoteConflictError),
        (AnsweredError(400), errors.RemoteError),
        (AnsweredError(500), errors.RemoteError),
        (ConnectionResetError("reset"), errors.OfflineError),
        (TimeoutError("late"), errors.OfflineError),
        (OfflineModeIsEnabled("off"), errors.OfflineError),
        (RuntimeError("Cannot send a request, as the client has been closed."), errors.OfflineError),
        (AttributeError("no session", name="request", obj=None), errors.OfflineError),
        (AttributeError("no answer", name="request", obj=()), errors.RemoteError),
        (AttributeError("no answer", name="get", obj=None), errors.RemoteError),
        (LocalEntryNotFoundError("not here"), errors.OfflineError),
        (caused(LocalEntryNotFoundError("not here"), ConnectionError("down")), errors.OfflineError),
        (caused(LocalEntryNotFoundError("not here"), AnsweredError(500)), errors.RemoteError),
        (caused(LocalEntryNotFoundError("not here"), FileMetadataError("no header")), errors.RemoteError),
        (caused(RuntimeError("Error while uploading 'a'"), AnsweredError(403)), errors.AuthenticationError),
        (json.JSONDecodeError("no", "<html>", 0), errors.RemoteError),
        (KeyError("commitOid"), errors.RemoteError),
        (TypeError("not a mapping"), errors.RemoteError),
        (ValueError("malformed"), errors.RemoteError),
        (PermissionError(13, "Permission denied", "/cache"), errors.HublishError),
        (OSError(28, "No space left on device"), errors.DiskFullError),
        (RuntimeError("anything"), errors.RemoteError),
    ],
)
def test_each_exception_has_its_error(error: Exception, kind: type[errors.HublishError]) -> None:
    translated = failures.translate(error, "reading acme/model")
    assert type(translated) is kind
    assert translated.message.startswith("reading acme/model: ")
    assert "\n" not in translated.message


def test_our_own_errors_pass_from_any_depth() -> None:
    ours = errors.RemoteError("enough")
    assert failures.translate(ours, "reading") is ours
    assert failures.translate(caused(RuntimeError("thread"), ours), "reading") is ours


def test_an_error_that_is_its_own_cause_is_classified() -> None:
    ours = errors.RemoteError("enough")
    ours.__cause__ = caused(RuntimeError("thread"), ours)
    assert failures.response_of(ours) is None
    assert not failures.is_transient(ours)


@pytest.mark.parametrize(
    "error",
    [
        AnsweredError(401, f"token {TOKEN} is wrong"),
        AnsweredError(401, X_Error_Message=f"token {TOKEN} is wrong"),
        AnsweredError(401, "token my-own-secret is wrong"),
        AnsweredError(401, X_Error_Message="Bearer my-own-secret"),
        ValueError(f"Illegal header value b'Bearer {TOKEN}'"),
        caused(RuntimeError(TOKEN), AnsweredError(500)),
    ],
)
def test_no_message_contains_the_token(error: Exception) -> None:
    text = str(failures.translate(error, "reading", "my-own-secret"))
    assert TOKEN not in text
    assert "my-own-secret" not in text


@pytest.mark.parametrize(
    ("error", "unknown", "transient"),
    [
        (ConnectionResetError(), True, True),
        (TimeoutError(), True, True),
        (RuntimeError("Cannot send a request, as the client has been closed."), True, True),
        (AttributeError("no session", name="request", obj=None), True, True),
        (AttributeError("no answer", name="get", obj=None), True, False),
        (json.JSONDecodeError("no", "", 0), True, False),
        (KeyError("commitOid"), True, False),
        (OfflineModeIsEnabled(), True, False),
        *[(AnsweredError(status), True, True) for status in (408, 429, 500, 502, 503, 504)],
        *[(AnsweredError(status), True, False) for status in (409, 412)],
        *[(AnsweredError(status), False, False) for status in (400, 401, 402, 403, 404, 413, 422, 501, 507)],
        (failures.RequestedWaitError(AnsweredError(429).response, 7200, 300), True, False),
        (
            ConnectionError("Network error: HTTP status client error (403 Forbidden), domain: http://x/xorbs"),
            False,
            False,
        ),
    ],
)
def test_an_unknown_outcome_and_a_transient_failure_are_distinguished(
    error: Exception, unknown: bool, transient: bool
) -> None:
    assert failures.outcome_is_unknown(error) is unknown
    assert failures.is_transient(error) is transient


@pytest.mark.parametrize(
    ("error", "absent"),
    [
        (AnsweredError(404, X_Error_Code="RepoNotFound"), True),
        (AnsweredError(401, X_Error_Code="RepoNotFound"), True),
        (AnsweredError(404, X_Error_Code="RevisionNotFound"), True),
        (AnsweredError(404, X_Error_Code="EntryNotFound", Content_Type="application/json"), False),
        (AnsweredError(404, Content_Type="application/json; charset=utf-8"), True),
        (AnsweredError(404, Content_Type="text/html"), False),
        (AnsweredError(404), False),
        (AnsweredError(500, Content_Type="application/json"), False),
        (ConnectionError(), False),
    ],
)
def test_a_missing_repo_is_distinguished_from_a_missing_page(error: Exception, absent: bool) -> None:
    assert failures.is_missing(error) is absent


LOG_IN, STORAGE, SIZE, LATER = "log in", "free storage", "max_shard_size", "run the same command again later"


@pytest.mark.parametrize(
    ("status", "words", "hint"),
    [
        (401, "Invalid user token.", LOG_IN),
        (403, "", LOG_IN),
        (403, "Forbidden", LOG_IN),
        (403, "You don't have the rights to create a model under the namespace acme", LOG_IN),
        (403, "Your token has no permission for the storage of acme", LOG_IN),
        (403, "Private repository storage limit reached, please upgrade your plan.", STORAGE),
        (403, "You have exceeded your storage quota", STORAGE),
        (403, "Not enough disk space left", STORAGE),
        (402, "Upgrade to create more repos", STORAGE),
        (400, "Storage quota exceeded", STORAGE),
        (422, "Your organization is over: the quota is full", STORAGE),
        (507, "", STORAGE),
        (413, "", SIZE),
        (422, "File exceeds the maximum size of 50 GB", SIZE),
        (403, "The file is too large", SIZE),
        (403, "API rate limit exceeded", LATER),
        (403, "Too many commits in this repo", LATER),
        (429, "", LATER),
        (429, "You hit the quota of 128 commits per hour. You can retry this action in about 1 hour.", LATER),
        (503, "maintenance", LATER),
        (403, "This account is suspended", ""),
        (403, "The repo has too many files", ""),
        (400, "Invalid metadata", ""),
        (422, "Invalid name", ""),
    ],
)
def test_each_refusal_has_a_hint_that_helps(status: int, words: str, hint: str) -> None:
    error = failures.translate(AnsweredError(status, X_Error_Message=words), "committing to acme/model")
    assert words in error.message
    assert hint in error.hint
    assert hint or not error.hint


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [
        ("application/json", b'{"error": "no  more\\nroom"}', "no more room"),
        ("application/json", b'{"errors": ["a", {"message": "b"}]}', "a b"),
        ("application/json", b'["a", "a"]', "a"),
        ("application/json", b'"a"', "a"),
        ("application/json", b'{"title": "Full", "detail": "no room"}', "Full no room"),
        ("application/json", b'{"error": "invalid_grant", "error_description": "expired"}', "invalid_grant expired"),
        ("application/json", b"null", "Forbidden"),
        ("application/json", b'{"error": 5, "errors": 5}', "Forbidden"),
        ("text/plain; charset=utf-8", b"no\nroom", "no room"),
        ("application/xml", b"<Error><Code>A</Code><Message>no &amp; room</Message></Error>", "no & room"),
        ("text/html", b"<html>no room</html>", "Forbidden"),
        ("", b"", "Forbidden"),
    ],
)
def test_words_are_read_in_every_form(kind: str, body: bytes, words: str) -> None:
    error = AnsweredError(403)
    error.response = httpx.Response(403, headers={"Content-Type": kind}, content=body)
    assert failures.translate(error, "committing").message.partition(": ")[2].partition(". ")[2] == words


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7200"}, 7200),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "-7200"}, 0),
        ({"Retry-After": "7200.5"}, 0),
        ({"Retry-After": "soon"}, 0),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0),
        ({"Retry-After": "Mon, 01 Jan 0001 00:00:00 +2359"}, 0),
        ({"Retry-After": "Fri, 31 Dec 99999 23:59:59 GMT"}, 0),
        ({"Retry-After": "Fri, 99 Foo 2100"}, 0),
        ({"ratelimit": '"api";r=0;t=55'}, 55),
        ({"ratelimit": '"api"; r = 0; t = 55'}, 55),
        ({"ratelimit": '"api";r=0;t=55, "pages";r=9;t=1'}, 55),
        ({"ratelimit": '"api";r=9;t=55', "Retry-After": "7"}, 7),
    ],
)
def test_a_requested_wait_is_read_as_the_client_reads_it(headers: dict[str, str], seconds: float) -> None:
    assert failures.requested_wait(httpx.Response(429, headers=headers)) == seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1, "1 s"), (119, "119 s"), (300, "300 s (5 min)"), (5400, "5400 s (90 min)"), (7200, "7200 s (2 h)")],
)
def test_a_long_wait_is_given_in_a_larger_unit(seconds: float, text: str) -> None:
    assert failures.duration(seconds) == text
    error = failures.RequestedWaitError(AnsweredError(503).response, seconds, 300)
    assert failures.translate(error, "committing").hint == f"run the same command again in {text}"


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (OfflineModeIsEnabled("off"), "unset HF_HUB_OFFLINE"),
        (caused(LocalEntryNotFoundError("not here"), OfflineModeIsEnabled("off")), "unset HF_HUB_OFFLINE"),
        (ConnectionError("refused"), "check the network"),
        (OSError(errno.ENOSPC, "No space left on device"), "free some space"),
        (PermissionError(errno.EACCES, "Permission denied", "/cache"), "permissions"),
        (OSError(errno.EROFS, "Read-only file system"), "permissions"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), ""),
    ],
)
def test_a_failure_of_this_machine_has_a_hint_for_its_cause(error: Exception, hint: str) -> None:
    translated = failures.translate(error, "reading acme/model")
    assert hint in translated.hint
    assert hint or not translated.hint
