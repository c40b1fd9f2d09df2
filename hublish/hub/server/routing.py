"""From a method and a raw path to a handler."""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from hublish.hub.server.http import HubError, Request, Response

Handler = Callable[[Request], Response | Awaitable[Response]]
"""A coroutine function gets the body as a stream; a plain function runs in a thread, with `request.content`."""

_SEGMENTS = {
    # (placeholder name) -> what it matches; any other placeholder matches one segment
    "kind": "models|datasets|spaces|kernels",
    "prefix": "(?:datasets/|spaces/|kernels/|models/)?",
    "revision": "refs/(?:pr|convert)/[^/]+|[^/]+",
    "path": ".*",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the table: `Route("GET", "/api/{kind}/{namespace}/{name}/refs", list_refs)`.

    Placeholders match on the path as it was sent and are unquoted afterwards. `{kind}` is the plural type in
    API paths, `{prefix}` the optional type before a repository in other paths, `{revision}` one segment
    (or refs/pr/N unquoted), `{path}` everything that is left.
    """

    method: str
    pattern: str
    handler: Handler


class Router:
    """Finds the first route that matches."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(re.compile(_expression(route.pattern)), route) for route in routes]

    def match(self, method: str, path: str) -> tuple[Handler, Mapping[str, str]]:
        """Return the handler and the unquoted placeholders for a request.

        HEAD falls back to the GET handler where it has no route of its own.

        Raises:
            HubError: 404, no such path; 405, the path exists for other methods.
        """
        allowed = []
        for wanted in (method, "GET") if method == "HEAD" else (method,):
            for expression, route in self._routes:
                if not (match := expression.fullmatch(path)):
                    continue
                if route.method == wanted:
                    return route.handler, {name: unquote(value) for name, value in match.groupdict().items()}
                allowed.append(route.method)
        if allowed:
            raise HubError(405, None, f"{method} is not allowed here").with_headers({"allow": ", ".join(allowed)})
        raise HubError(404, None, f"Sorry, there is nothing at {path}")


def _expression(pattern: str) -> str:
    def placeholder(match: re.Match[str]) -> str:
        name = match.group(1)
        return f"(?P<{name}>{_SEGMENTS.get(name, '[^/]+')})"

    return re.sub(r"\\{(\w+)\\}", placeholder, re.escape(pattern))
