"""How each page is made: for whom, from which template, with which headers."""

import ipaddress
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache, wraps
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from hublish.hub.server.access import identify, is_named, moved_repo, token_of
from hublish.hub.server.accounts import Account
from hublish.hub.server.http import Request, Response
from hublish.hub.server.refusals import HubError
from hublish.hub.server.stores import Hub
from hublish.pages.frame import environment, policy_of

if TYPE_CHECKING:
    from jinja2 import Environment

Handler = Callable[[Hub, Request], Response]

# Nothing may show a page in a frame, keep it, sniff another type in it, or learn its address.
_HEADERS: Final = {
    "content-type": "text/html; charset=utf-8",
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "vary": "accept, authorization, cookie",
}
_HOST: Final = re.compile(r"https?://(?P<name>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>[0-9]{1,5}))?")
# Paths of programs: a person who opens one gets the answer for a program.
_OF_PROGRAMS: Final = ("/api/", "/lfs/", "/oauth/", "/xet/")


def for_people(page: Handler) -> Handler:
    """Return the handler of a page: it answers under the server's own names, and accepts the cookie of a login."""

    @wraps(page)
    def handle(hub: Hub, request: Request) -> Response:
        require_own_name(hub, request)
        return page(hub, _at_its_place(hub, _with_login(hub, request)))

    return handle


def require_own_name(hub: Hub, request: Request) -> None:
    """Raise 421 for a request under a name that this server was not started for.

    Otherwise, a website could point a name of its own to this machine, and read the pages as if they were its own.
    """
    host = _HOST.fullmatch(request.base_url)
    if host is None or not _is_own(hub, host["name"].lower().strip("[]")):
        raise HubError(421, None, "This Hub has no pages under this name; open the address that it was started with")


def _is_own(hub: Hub, host: str) -> bool:
    # Browsers resolve these to this machine, without asking a name server.
    if host == "localhost" or host.endswith(".localhost") or host in hub.hosts:
        return True
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        # An address needs no name server. All of them lead here when the server listens on all.
        return address.is_loopback or not hub.hosts.isdisjoint(("0.0.0.0", "::"))  # noqa: S104 - compared, not bound
    return False


def cookie_name(request: Request) -> str:
    """Return the name of the cookie: browsers do not keep the ports of a machine apart."""
    host = _HOST.fullmatch(request.base_url)
    return f"hublish-{(host and host['port']) or 80}"


def session_of(request: Request) -> str | None:
    """Return the id of the login in the cookie of a request that was made by a person or by a page of this Hub."""
    # SameSite=Strict leaves out other sites; pages of other ports of this machine are the same site.
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return None
    wanted = cookie_name(request)
    pairs = (pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";"))
    return next((value for name, _, value in pairs if name == wanted), None)


def _with_login(hub: Hub, request: Request) -> Request:
    session = session_of(request)
    if session is None or token_of(request):
        return request
    token = hub.sessions.token(session)
    # A token may lose its account during a login.
    if token is None or hub.accounts.of(token) is None:
        return request
    # From here on, a page is authorized as a call of the API is. Only pages do this: a cookie never changes anything.
    return replace(request, headers={**request.headers, "authorization": f"Bearer {token}"})


def _at_its_place(hub: Hub, request: Request) -> Request:
    # The router looked for a former name before it knew the login.
    if "namespace" not in request.params or is_named(hub, request) or not (moved := moved_repo(hub, request)):
        return request
    return replace(request, params={**request.params, "namespace": moved.namespace, "name": moved.name})


def render(hub: Hub, request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """Return a page: the template `hub/<template>.html.j2` with some values."""
    page = (
        _environment()
        .get_template(f"hub/{template}.html.j2")
        .render(**values, user=_user(hub, request), here=_here(request), endpoint=request.base_url)
    )
    policy = policy_of(page, pictures="'self' data:", forms="'self'")
    headers = {**_HEADERS, "content-security-policy": f"{policy}; frame-ancestors 'none'"}
    headers["cache-control"] = "no-store" if token_of(request) else "no-cache"
    # Names on a disk may be bytes that are not UTF-8.
    return Response(status, headers, page.encode("utf-8", "replace"))


def _user(hub: Hub, request: Request) -> str:
    account: Account | None = None
    with suppress(HubError):
        account = identify(hub, request)
    return account.user if account else ""


def _here(request: Request) -> str:
    query = urlencode(request.query, doseq=True)
    return f"{request.path}?{query}" if query else request.path


def wants_page(request: Request) -> bool:
    """Return whether a person made the request: with a browser, and not below the paths of programs."""
    return "text/html" in request.headers.get("accept", "") and not request.path.startswith(_OF_PROGRAMS)


def refusal_page(hub: Hub, request: Request, error: HubError) -> Response:
    """Return the page for a person whose request was refused; raise 421 under a name of others."""
    require_own_name(hub, request)
    request = _with_login(hub, request)
    # A private repository and a missing one get the same page, for the same reason as in the API.
    return render(hub, request, "refusal", status=error.status, code=error.status, message=error.message)


def address(place: str, revision: str, path: str = "") -> str:
    """Return the address of a page of a revision, such as `/acme/model/tree/refs%2Fpr%2F1/data`."""
    # Slashes of a revision are quoted, as clients do, so that it ends where the path begins.
    parts = [place, quote(revision, safe="", errors="surrogateescape"), quote(path, errors="surrogateescape")]
    return "/".join(filter(None, parts))


@cache
def _environment() -> "Environment":
    # Imported by the first page: most servers are never opened in a browser.
    made = environment()
    made.filters["moment"] = _moment
    return made


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):  # commits may have any number
        return "unknown time"
