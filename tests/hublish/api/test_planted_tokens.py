"""No exception of the library contains a token: neither its texts and attributes, nor the exceptions that led to it."""

import json
import threading
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import hublish
from hublish.base.errors import HublishError
from tests.hublish.cli.leaks import leaked, leaked_in, of_kind

KINDS = ["huggingface-token", "url-password"]
# Of no known kind.
IN_USE = "correct7Horse-Battery"
MANIFEST = "repo: {repo_id: acme/x}\nartifacts: [{source: config.json}]\n"


def texts(error: BaseException) -> Iterator[str]:
    """Yield everything that a caller may print of an exception."""
    yield from ("".join(traceback.format_exception(error)), repr(error), repr(error.args), repr(vars(error)))
    for linked in (error.__cause__, error.__context__):
        if linked is not None:
            yield from texts(linked)


def refused(token: str, call: Callable[[], Any]) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it raises
        call()
    for text in texts(caught.value):
        # A traceback quotes the lines of this file, and none of the values in them.
        assert leaked(token, text) is None, text
    return caught.value


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


CALLS: dict[str, Callable[[str, Path], Any]] = {
    "a missing manifest": lambda token, _: hublish.read_project(token),
    "a broken manifest": lambda token, folder: hublish.check(written(folder, "hub.yaml", f"a: [{token}\n b: '")),
    "an unknown key": lambda token, folder: hublish.check(written(folder, "hub.yaml", json.dumps({token: 1}))),
    "an unknown argument": lambda token, _: hublish.Manifest(**{token: 1}),
    "a wrong type": lambda token, _: hublish.Manifest.model_validate({"repo": {"repo_id": 5, "tag": [token]}}),
    "a repo": lambda token, _: hublish.pull(token),
    "an endpoint": lambda token, folder: hublish.plan(written(folder, "hub.yaml", MANIFEST), endpoint=token),
    "a password": lambda token, folder: hublish.plan(
        written(folder, "hub.yaml", MANIFEST), endpoint=f"https://me:{token}@127.0.0.1:9"
    ),
    "a variable": lambda token, folder: hublish.read_project(
        written(folder, "hub.yaml", MANIFEST), variables={"version": token}
    ),
    "a lock": lambda token, folder: hublish.pull(lock=written(folder, "hub.lock", json.dumps({token: token}))),
    "a broken lock": lambda token, folder: hublish.pull(lock=written(folder, "hub.lock", f'{{"{token}": "{token}')),
    "a missing lock": lambda token, folder: hublish.pull(lock=folder / token),
    "a plan": lambda token, folder: hublish.publish(
        written(folder, "hub.yaml", MANIFEST), plan=written(folder, "plan.json", json.dumps({"repo_id": token}))
    ),
    "a message": lambda token, _: hublish.push_to_hub({}, repo_id="acme/x", commit_message=token),
    "a folder": lambda token, folder: hublish.init(folder / token),
}


@pytest.fixture
def folder(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.json").write_text("{}\n")
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    return tmp_path


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", KINDS)
def test_an_error_contains_no_token(folder: Path, kind: str, call: str) -> None:
    token = of_kind(kind)
    refused(token, lambda: CALLS[call](token, folder))


@pytest.mark.parametrize("call", ["a repo", "a missing lock", "a folder", "a missing manifest"])
def test_the_token_in_use_is_in_no_error(folder: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    monkeypatch.setenv("HF_TOKEN", IN_USE)
    with pytest.raises(HublishError) as caught:
        CALLS[call](IN_USE, folder)
    if call == "a repo":
        assert not [text for text in texts(caught.value) if "7Horse" in text]


class EchoingHub(ThreadingHTTPServer):
    """A Hub whose answers contain a token, in every place that a client may quote."""

    def __init__(self, token: str, status: int) -> None:
        super().__init__(("127.0.0.1", 0), _Echo)
        self.token, self.status = token, status


class _Echo(BaseHTTPRequestHandler):
    server: EchoingHub

    def do_GET(self) -> None:
        token = self.server.token
        body: Any = {"error": f"the token '{token}' is invalid", token: token}
        if self.server.status == 200:
            oid = "0" * 40
            body = {"id": "acme/x", "sha": oid, "private": False, "branches": [], "tags": [], "converts": []}
            if "/tree/" in self.path:
                body = [{"type": "file", "path": "a.txt" if "/" in token else f"{token}.txt", "oid": oid, "size": 1}]
            if "/refs" in self.path:
                body["tags"] = [{"name": token, "ref": f"refs/tags/{token}", "targetCommit": oid}]
                body["branches"] = [{"name": "main", "ref": "refs/heads/main", "targetCommit": oid}]
        self.send_response(self.server.status)
        for header in ("X-Error-Message", "X-Error-Code", "WWW-Authenticate", "X-Request-Id", "Location"):
            self.send_header(header, token.replace("\n", " "))
        self.send_header("Content-Type", "application/json")
        data = json.dumps(body).encode()
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        self.do_GET()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


@pytest.mark.parametrize("status", [200, 401, 404, 409])
@pytest.mark.parametrize("kind", ["huggingface-token", "json-web-token"])
def test_no_answer_of_a_hub_is_quoted_with_a_token(
    folder: Path, sleeps: list[float], capfd: pytest.CaptureFixture[str], kind: str, status: int
) -> None:
    token = of_kind(kind)
    manifest = written(folder, "hub.yaml", MANIFEST)
    with EchoingHub(token, status) as hub:
        threading.Thread(target=hub.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{hub.server_port}"
        for call in (
            lambda: hublish.pull("acme/x", endpoint=endpoint),
            lambda: hublish.load("acme/x", endpoint=endpoint),
            lambda: hublish.init(folder / "drafted", from_repo="acme/x", endpoint=endpoint),
        ):
            refused(token, call)
        from hublish.cli import main

        for words in (["plan", "--all", "--out", "../plan.json"], ["pull", "acme/x"], ["doctor"], ["publish", "-y"]):
            main([*words, *(["-f", str(manifest)] if words[0] in ("plan", "publish") else []), "--endpoint", endpoint])
        hub.shutdown()
    assert leaked(token, "".join(capfd.readouterr())) is None
    assert leaked_in([token], folder, set()) == []
