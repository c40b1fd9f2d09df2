"""The login by token: a form, and a cookie with the random id of a login."""

import re
from typing import Final
from urllib.parse import parse_qs

from hublish.hub.server.browser_sessions import LIFETIME
from hublish.hub.server.http import Request, Response
from hublish.hub.server.pages.web_page import cookie_name, for_people, render, require_own_name, session_of
from hublish.hub.server.refusals import HubError, bad_request, forbidden
from hublish.hub.server.stores import Hub

# Bytes of a form: a token, and the address to return to.
_MOST_FORM: Final = 32 << 10
# A path of this Hub. With a second slash, or a backslash for one, it would name another host.
_LOCAL: Final = re.compile(r"/(?![/\\])[!-~]*")


def check_origin(hub: Hub, request: Request) -> None:
    """Raise 403 unless a page of this Hub sent the form: no other site may log a person in or out."""
    require_own_name(hub, request)
    # Browsers leave out Sec-Fetch-Site where a connection is neither to this machine nor encrypted.
    site = request.headers.get("sec-fetch-site")
    if site != "same-origin" if site else request.headers.get("origin") != request.base_url:
        raise forbidden("Open the page of the login on this Hub, and send its form from there")
    if request.declares_more_than(_MOST_FORM):
        raise HubError(413, None, "The form is too large")


@for_people
def show(hub: Hub, request: Request) -> Response:
    """`GET /login?next=..`."""
    return _form(hub, request, _local(request.first("next")))


def _form(hub: Hub, request: Request, following: str, *, status: int = 200, problem: str = "") -> Response:
    page = render(hub, request, "login", status=status, following=following, problem=problem)
    # With `no-referrer`, browsers would send `Origin: null` with the form.
    return Response(page.status, {**page.headers, "referrer-policy": "same-origin"}, page.body)


def log_in(hub: Hub, request: Request) -> Response:
    """`POST /login`, a form with `token` and `next`."""
    form = _fields(request)
    following = _local(form.get("next", ""))
    if wait := hub.sessions.seconds_to_wait():
        refused = _form(
            hub, request, following, status=429, problem=f"Too many wrong tokens. Try again in {wait} seconds."
        )
        return Response(429, {**refused.headers, "retry-after": str(wait)}, refused.body)
    token = form.get("token", "").strip()
    if not token or hub.accounts.of(token) is None:
        hub.sessions.fail()
        return _form(hub, request, following, status=403, problem="This Hub does not know the token.")
    if previous := session_of(request):
        hub.sessions.close(previous)
    return _leave(request, following, f"{hub.sessions.open(token)}; Max-Age={LIFETIME}")


def log_out(hub: Hub, request: Request) -> Response:
    """`POST /logout`."""
    if session := session_of(request):
        hub.sessions.close(session)
    return _leave(request, "/", "; Max-Age=0")


def _leave(request: Request, following: str, cookie: str) -> Response:
    # Strict: not even a link on another site brings the cookie along. The server has no TLS, so it cannot be Secure.
    cookie = f"{cookie_name(request)}={cookie}; Path=/; HttpOnly; SameSite=Strict"
    return Response(303, {"location": following, "set-cookie": cookie, "cache-control": "no-store"})


def _fields(request: Request) -> dict[str, str]:
    try:
        form = parse_qs(request.content.decode("ascii"), max_num_fields=10)
    except ValueError:
        raise bad_request("The form is not valid") from None
    return {name: values[0] for name, values in form.items()}


def _local(path: str) -> str:
    return path if _LOCAL.fullmatch(path) else "/"
