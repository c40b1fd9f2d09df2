"""Routes: which handler serves a method and a path, and what the placeholders in the path contain."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from hublish.hub.server.http import Request, Response
from hublish.hub.server.refusals import HubError, repo_not_found
from hublish.schemas.documents.hub_names import URL_KINDS

# A coroutine function reads the body as a stream. A plain function runs in a thread, with `request.content`.
Handler = Callable[[Request], Response | Awaitable[Response]]

# A repository in a pattern.
R = "{namespace}/{name}"

# The expression of each placeholder; any other placeholder matches one segment. huggingface_hub quotes the slashes
# of a revision (`refs%2Fpr%2F1`); people and other clients also write refs/pr/1.
_SEGMENTS = {
    "kind": "|".join(URL_KINDS),
    "buckets": "buckets",
    # Names that no user can have: the pages of repositories have paths without a word of their own.
    "namespace": "(?!(?:api|lfs|oauth|xet)/)[^/]+",
    "prefix": f"(?:(?:{'|'.join(URL_KINDS)})/)?",
    "revision": "refs/(?:pr|convert)/[^/]+|[^/]+",
    "path": ".*",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table: `Route("GET", "/api/{kind}/{namespace}/{name}/refs", list_refs)`.

    `{kind}` is the plural type in API paths, `{prefix}` the optional type before a repository in other paths,
    `{revision}` one segment (or refs/pr/N unquoted), `{path}` the rest of the path.
    """

    method: str
    pattern: str
    handler: Handler
    guard: Callable[[Request], object] | None = None  # raises unless the caller may send a body to the handler


class Router:
    """Finds the first route that matches."""

    def __init__(self, routes: Iterable[Route]) -> None:
        routes = list(routes)
        self._routes = [(re.compile(_expression(route.pattern)), route) for route in routes]
        # Ids without a namespace (`gpt2`): on the Hub, names of repositories; here, of missing ones.
        short = {route.pattern.replace(R, "{name}") for route in routes if R in route.pattern}
        self._short_ids = [re.compile(_expression(pattern)) for pattern in sorted(short)]

    def match(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """Return the route and the unquoted placeholders for a request.

        HEAD falls back to the GET handler. Raise 404 for an unknown path, 405 for one that has other methods, and 404
        RepoNotFound for one whose repository has no namespace.
        """
        # Placeholders match the path as sent and are unquoted afterwards: a revision or path may contain %2F.
        allowed = []
        for wanted in (method, "GET") if method == "HEAD" else (method,):
            for expression, route in self._routes:
                if not (match := expression.fullmatch(path)):
                    continue
                if route.method == wanted:
                    return route, {name: unquote(value) for name, value in match.groupdict().items()}
                allowed.append(route.method)
        if any(expression.fullmatch(path) for expression in self._short_ids):
            raise repo_not_found()
        if allowed:
            raise HubError(405, None, f"{method} is not allowed here").with_headers(
                {"allow": ", ".join(dict.fromkeys(allowed))}
            )
        raise HubError(404, None, f"Sorry, there is nothing at {path}")


def _expression(pattern: str) -> str:
    # `re.escape` escapes the braces.
    placeholders = re.compile(r"\\{(\w+)\\}")
    return placeholders.sub(lambda found: f"(?P<{found[1]}>{_SEGMENTS.get(found[1], '[^/]+')})", re.escape(pattern))
