"""Every exception of the client becomes one of our errors, by the protocol."""

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
        (OSError(28, "No space left on device"), errors.HublishError),
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
        *[(AnsweredError(status), False, False) for status in (400, 401, 403, 404, 413, 422)],
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
