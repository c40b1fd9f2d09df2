"""A GitHub on loopback: comments of pull requests over GraphQL, and ID tokens for jobs."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

BOT = "github-actions[bot]"
# Comments of one response; GitHub returns up to 100.
PAGE = 2


@dataclass
class Comment:
    """A comment of a pull request."""

    author: str
    body: str
    id: str = ""


@dataclass
class GitHub:
    """A running GitHub; tests change what it holds and answers."""

    url: str
    comments: list[Comment] = field(default_factory=list)
    id_token: Callable[[str], str] = str
    """Issues an ID token for an audience."""
    forbidden: bool = False
    """Whether tokens may only read."""
    statuses: list[int] = field(default_factory=list)
    """Statuses of the next responses, before the server does anything."""
    seen: list[str] = field(default_factory=list)
    """The credentials of all other requests; this host may be taken for a Hub."""
    token_statuses: list[int] = field(default_factory=list)
    """Statuses of the next responses to requests for an ID token."""
    audiences: list[str] = field(default_factory=list)
    """The audiences of the ID tokens that were issued."""
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """The token and the body of each request for comments."""

    def answer(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Return the response to a query."""
        if query.startswith("query"):
            return {"data": {"repository": {"pullRequest": self._page(variables)}}}
        if self.forbidden:
            error = {"type": "FORBIDDEN", "message": "Resource not accessible by integration"}
            return {"data": None, "errors": [error]}
        if len(variables["body"]) > 65_536:
            return {"errors": [{"type": "UNPROCESSABLE", "message": "Body is too long (maximum is 65536 characters)"}]}
        if "addComment" in query:
            assert variables["id"] == "PR_7"
            self.comments.append(Comment(BOT, variables["body"]))
        else:
            assert "updateIssueComment" in query
            self.comments[int(variables["id"])].body = variables["body"]
        return {"data": {}}

    def _page(self, variables: dict[str, Any]) -> dict[str, Any]:
        assert (variables["owner"], variables["name"], variables["number"]) == ("acme", "training", 7)
        start = int(variables["after"] or 0)
        end = min(start + PAGE, len(self.comments))
        nodes = [
            {"id": str(number), "body": each.body, "viewerDidAuthor": each.author == BOT}
            for number, each in list(enumerate(self.comments))[start:end]
        ]
        info = {"hasNextPage": end < len(self.comments), "endCursor": str(end)}
        return {"id": "PR_7", "comments": {"nodes": nodes, "pageInfo": info}}


@contextmanager
def running() -> Iterator[GitHub]:
    """Serve a GitHub during a `with` block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if not self.path.startswith("/token"):
                github.seen.append(str(self.headers["authorization"]))
                self._send(404, {})
                return
            assert self.headers["authorization"] == "Bearer token-of-the-job"
            query = parse_qs(urlsplit(self.path).query)
            if github.token_statuses:
                self._send(github.token_statuses.pop(0), {"message": "no token-of-the-job"})
                return
            audience = query["audience"][0]
            github.audiences.append(audience)
            self._send(200, {"value": github.id_token(audience)})

        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
            github.requests.append((self.headers["authorization"], sent))
            if github.statuses:
                self._send(github.statuses.pop(0), {}, location="/elsewhere")
            else:
                self._send(200, github.answer(sent["query"], sent["variables"]))

        def _send(self, status: int, document: Any, **headers: str) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        github = GitHub(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield github
        finally:
            server.shutdown()
            thread.join()
