"""Keep one comment on a pull request: write the first of the given Markdown files that is not empty.

A comment of an earlier push is updated, when it begins with the same marker and the owner of the token wrote it. Anyone
can post the marker; a comment of theirs would show whatever they edit into it later.
"""

import hashlib
import json
import os
import posixpath
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

# The characters of a comment that GitHub accepts.
LIMIT = 65_536
TIMEOUT = 30
TRIES = 3
FIND = """query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    id comments(first: 100, after: $after) {
      nodes { id body viewerDidAuthor } pageInfo { hasNextPage endCursor } } } } }"""
ADD = "mutation($id: ID!, $body: String!) { addComment(input: {subjectId: $id, body: $body}) { clientMutationId } }"
UPDATE = "mutation($id: ID!, $body: String!) { updateIssueComment(input: {id: $id, body: $body}) { clientMutationId } }"
HOW = "a comment needs `permissions: pull-requests: write`, which pull requests from forks do not get"


class ForbiddenError(Exception):
    """The token may not comment."""


class FailedError(Exception):
    """GitHub did not do what it was asked for."""


class BusyError(FailedError):
    """Another try may succeed."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow no redirect: it would send the token to another host."""

    def redirect_request(self, *_: Any) -> None:
        return None


def main(environ: Mapping[str, str], files: Sequence[str], sleep: Callable[[float], None] = time.sleep) -> int:
    """Write the comment and return the exit code; a token without permission is not a failure."""
    text = next((text for file in files if (text := read(Path(file)))), "")
    if not text:
        return 0
    try:
        for each in range(1, TRIES + 1):
            try:
                write(environ, body(environ, text))
                break
            except BusyError:
                if each == TRIES:
                    raise
                sleep(each * 2)
    except ForbiddenError as error:
        annotate("notice", f"the plan is in the summary of the job: {HOW} ({error})")
    except FailedError as error:
        annotate("error", f"the comment with the plan was not written: {error}")
        return 1
    return 0


def read(path: Path) -> str:
    """Return the text of a file, empty without one."""
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def marker(environ: Mapping[str, str]) -> str:
    """Return the first line of the comment, one for each manifest. A digest cannot end the HTML comment."""
    name = posixpath.normpath(environ["MANIFEST"])
    return f"<!-- hublish {hashlib.sha256(name.encode()).hexdigest()[:16]} -->"


def body(environ: Mapping[str, str], text: str) -> str:
    """Return the comment: marker, text, and the commit and the page that it is about."""
    page = f" [Plan and review]({environ['PAGE']})" if environ.get("PAGE") else ""
    end = f"\n\n*For {environ['HEAD']}.*{page}\n"
    start = f"{marker(environ)}\n"
    return f"{start}{text[: LIMIT - len(start) - len(end)]}{end}"


def write(environ: Mapping[str, str], text: str) -> None:
    """Update the own comment, or add one."""
    first, found = marker(environ), list(pages(environ))
    for comment in (each for page in found for each in page["comments"]["nodes"]):
        if comment["viewerDidAuthor"] and comment["body"].startswith(first):
            ask(environ, UPDATE, {"id": comment["id"], "body": text})
            return
    ask(environ, ADD, {"id": found[0]["id"], "body": text})


def pages(environ: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the pull request, each time with the next of its comments."""
    owner, _, name = environ["GITHUB_REPOSITORY"].partition("/")
    after: str | None = None
    while True:
        variables = {"owner": owner, "name": name, "number": int(environ["PULL_REQUEST"]), "after": after}
        found: dict[str, Any] = ask(environ, FIND, variables)["repository"]["pullRequest"]
        yield found
        info = found["comments"]["pageInfo"]
        if not info["hasNextPage"]:
            return
        after = info["endCursor"]


def ask(environ: Mapping[str, str], query: str, variables: Mapping[str, Any]) -> Any:
    """Send one GraphQL request and return its data."""
    data = json.dumps({"query": query, "variables": variables}).encode()
    headers = {"Authorization": f"Bearer {environ['GH_TOKEN']}", "Content-Type": "application/json"}
    url = environ.get("GITHUB_GRAPHQL_URL") or "https://api.github.com/graphql"
    request = urllib.request.Request(url, data, headers)  # noqa: S310 - the runner names the host
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        refuse(error.code)
    except (OSError, ValueError) as error:
        raise BusyError(type(error).__name__) from None
    if errors := answer.get("errors"):
        kinds = {error.get("type") for error in errors}
        message = "; ".join(str(error.get("message")) for error in errors)
        raise ForbiddenError(message) if "FORBIDDEN" in kinds else FailedError(message)
    return answer["data"]


def refuse(status: int) -> NoReturn:
    """Raise what a status means."""
    if status == 403:
        raise ForbiddenError("HTTP 403")
    kind = BusyError if status >= 500 or status == 429 else FailedError
    raise kind(f"HTTP {status}")


def annotate(level: str, message: str) -> None:
    """Print a message that GitHub shows on the page of the run."""
    safe = message[:1000].replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{level} title=hublish::{safe}")


if __name__ == "__main__":
    sys.exit(main(os.environ, sys.argv[1:]))
