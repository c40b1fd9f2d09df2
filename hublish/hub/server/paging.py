"""Long lists in pages, chained by the `Link` header the client follows."""

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

from hublish.hub.server.http import Request, bad_request

T = TypeVar("T")


def page_of(request: Request, items: Sequence[T], size: int) -> tuple[Sequence[T], dict[str, str]]:
    """Return one page of `items` and the header that leads to the next.

    The request's `limit` may make pages smaller; its `cursor` is where the page starts.

    Raises:
        HubError: 400, limit or cursor is no number.
    """
    start = _number(request, "cursor", 0)
    size = min(size, _number(request, "limit", size)) or size
    page = items[start : start + size]
    if start + size >= len(items):
        return page, {}
    query = {**request.query, "cursor": (str(start + size),)}
    return page, {"link": f'<{request.base_url}{request.path}?{urlencode(query, doseq=True)}>; rel="next"'}


def _number(request: Request, name: str, default: int) -> int:
    value = request.first(name, str(default))
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        raise bad_request(f'"{name}" must be a number')
    return int(value)
