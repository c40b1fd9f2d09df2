"""The client's HTTP session: only the Hub receives the token, and a response takes bounded memory and time.

This is the one place that decides which host receives the token. Every request of this room carries the endpoint that
its token is for; before it is sent, here, the token is removed when the URL has another scheme, host or port. That
covers each URL that a server supplies: the next page of a list, a redirect, the `href` of LFS. The check compares the
URL that is about to be used, so that no trick in its spelling matters.
"""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

from hublish.base.errors import RemoteError

RESPONSE_BYTES: Final = 32 << 20
"""The limit of one response that is not a file. The largest, a repo's description, has about 100 bytes a file."""
RESPONSE_SECONDS: Final = 300.0
"""The limit for reading one response that is not a file."""

# JSON is larger in memory than on the wire: `[[],[],...` by a factor of 25. Separators bound the number of its values.
_RESPONSE_VALUES: Final = 4_000_000
# A file may take any time, but not at a pace that never ends: on average, after the first minutes.
_SLOWEST_BYTES_PER_SECOND: Final = 100

# Names the endpoint that a request's token is for. It is removed before the request is sent.
_HOME_HEADER: Final = "x-hublish-endpoint"
# Redirects are built from the request that they answer, and inherit its extensions.
_HOME: Final = "hublish.endpoint"
_IS_FILE: Final = "hublish.is_file"
_AGENT_LIST: Final = "/api/agent-harnesses"

_INSTALLING = threading.Lock()


def home_headers(endpoint: str) -> Mapping[str, str]:
    """Return the headers by which a request names the endpoint that its token is for."""
    return {_HOME_HEADER: endpoint}


class SessionFactory:
    """Creates the client's sessions, each with our checks.

    The client has one session per process, and replaces it when a connection fails: checks added to one session would
    be lost, at a moment that a server can choose.

    Args:
        create: the factory that the client used before, which may be the user's own.
    """

    def __init__(self, create: Callable[[], Any]) -> None:
        self._create = create
        self.event_hooks: dict[str, list[Callable[[Any], None]]] = {"request": [], "response": []}
        """Further checks, of the commands that run now; in the form of an httpx client."""
        self.known_heads: dict[str, Mapping[str, str]] = {}
        """The headers that requests for the metadata of files would get, by URL: such requests are not sent."""

    def __call__(self) -> Any:
        """Return a new session."""
        session = self._create()
        send = session.send

        def answer(request: Any, **options: Any) -> Any:
            headers = self.known_heads.get(str(request.url)) if request.method == "HEAD" else None
            # The client then requests the file itself from this URL, which may redirect.
            if headers is None or not session.follow_redirects:
                return send(request, **options)
            return _response_to(request, headers)

        session.send = answer
        session.event_hooks["request"].append(self._before)
        session.event_hooks["response"].append(self._after)
        return session

    def _before(self, request: Any) -> None:
        _keep_token_home(request)
        for check in tuple(self.event_hooks["request"]):
            check(request)

    def _after(self, response: Any) -> None:
        for check in tuple(self.event_hooks["response"]):
            check(response)
        request = response.request
        home = request.extensions.get(_HOME)
        if home is not None:
            _drop_foreign_xet_route(response, home)
        # A transfer to a storage server carries no headers of ours; its response is small.
        if home is not None or (request.method != "GET" and self.event_hooks["response"]):
            _limit(response, is_file=request.extensions.get(_IS_FILE, False))


def without_agent_list(endpoint: str) -> Callable[[Any], None]:
    """Return a check that stops the client from asking another Hub than the one in use for its list of coding agents.

    For the User-Agent header, the client asks HF_ENDPOINT. It does without the list when that fails.
    """

    def check(request: Any) -> None:
        if request.url.path.endswith(_AGENT_LIST) and not is_same_origin(request.url, endpoint):
            raise RemoteError(f"{request.url.host} is not the Hub in use")

    return check


@contextmanager
def commit_requests() -> Iterator[list[str]]:
    """Collect the paths of the requests for a commit that this thread sends."""
    sent: list[str] = []
    own = threading.get_ident()

    def collect(request: Any) -> None:
        # The hooks see the requests of every thread.
        if threading.get_ident() == own and request.method == "POST" and "/commit/" in request.url.path:
            sent.append(request.url.path)

    hooks = session_factory().event_hooks["request"]
    hooks.append(collect)
    try:
        yield sent
    finally:
        hooks.remove(collect)


@contextmanager
def knowing_head(url: str, headers: Mapping[str, str]) -> Iterator[None]:
    """Answer the client's request for the metadata of a file, for the length of a `with` block.

    The client makes one for each file before it downloads the file, and a listing contains the same facts.
    """
    factory = session_factory()
    factory.known_heads[url] = headers
    try:
        yield
    finally:
        # Another thread may download the same file.
        factory.known_heads.pop(url, None)


def session_factory() -> SessionFactory:
    """Return the factory of the client's sessions; the first call installs ours around the one in use."""
    from huggingface_hub.utils import _http, set_client_factory

    with _INSTALLING:
        # The client offers a function to replace the factory, but none to read it.
        found = _http._GLOBAL_CLIENT_FACTORY  # noqa: SLF001
        if isinstance(found, SessionFactory):
            return found
        made = SessionFactory(found)
        set_client_factory(made)
        return made


def is_same_origin(url: Any, endpoint: str) -> bool:
    """Return whether a URL of the HTTP client has the scheme, host and port of an endpoint."""
    # The client's own parser for both: it decides where the request goes. It omits default ports, lowers the case and
    # encodes international names.
    url_class: Any = type(url)
    home = _parsed(url_class, endpoint)
    return (url.scheme, url.raw_host, url.port) == (home.scheme, home.raw_host, home.port)


# Parsing takes longer than comparing, and every request of a command has the same endpoint.
@lru_cache(maxsize=16)
def _parsed(url_class: Any, url: str) -> Any:
    return url_class(url)


def _response_to(request: Any, headers: Mapping[str, str]) -> Any:
    # The HTTP client is huggingface_hub's choice, and has changed: the class beside that of its request.
    return sys.modules[type(request).__module__].Response(200, headers=headers, request=request)


def _keep_token_home(request: Any) -> None:
    named = request.headers.pop(_HOME_HEADER, None)
    if named is not None:
        request.extensions[_HOME] = named
        # A repo may be called `resolve`: a call of the API is never a file.
        url_class: Any = type(request.url)
        root = _parsed(url_class, named).path.rstrip("/")
        is_file = "/resolve/" in request.url.path and not request.url.path.startswith(f"{root}/api/")
        elsewhere = not is_same_origin(request.url, named)
        request.extensions[_IS_FILE] = request.method == "GET" and (is_file or elsewhere)
    home = request.extensions.get(_HOME)
    # Without an endpoint, it is a request of another library in this process.
    if home is not None and not is_same_origin(request.url, home):
        request.headers.pop("authorization", None)


def _drop_foreign_xet_route(response: Any, home: str) -> None:
    """Remove a xet route to another origin, to which the client would send the token; it then downloads plainly."""
    from huggingface_hub import constants

    if constants.HUGGINGFACE_HEADER_X_XET_HASH not in response.headers:
        return
    link = response.links.get(constants.HUGGINGFACE_HEADER_LINK_XET_AUTH_KEY, {}).get("url")
    route = link or response.headers.get(constants.HUGGINGFACE_HEADER_X_XET_REFRESH_ROUTE, "")
    # The client replaces the address of the public Hub, which mirrors pass on, by the endpoint.
    if route.startswith(constants.HUGGINGFACE_CO_URL_HOME):
        return
    try:
        at_home = is_same_origin(type(response.request.url)(route), home)
    except Exception:  # the parser of another library; an address that it rejects is not ours
        at_home = False
    if not at_home:
        del response.headers[constants.HUGGINGFACE_HEADER_X_XET_HASH]


def _limit(response: Any, *, is_file: bool) -> None:
    """Bound the body of a response while it is read, by its decoded bytes: a few of them may be compressed gigabytes.

    The two methods of this one response are replaced, since the client reads a body through nothing else.
    """
    if is_file:
        response.iter_raw = _paced(response.iter_raw, response.request.url)
        if "content-encoding" not in response.headers:
            response.iter_bytes = _unbuffered(response)
    else:
        response.iter_bytes = _bounded(response.iter_bytes, response.request.url)


def _unbuffered(response: Any) -> Callable[..., Iterator[bytes]]:
    """Return a reader of a body that is not encoded, in pieces of the size in which it arrives."""
    read = response.iter_bytes

    # The client asks for pieces of 10 MB. The HTTP client joins them, and copies every byte three times for that.
    def unbuffered(*args: Any, **kwargs: Any) -> Iterator[bytes]:
        yield from (read(*args, **kwargs) if response.is_stream_consumed else response.iter_raw())

    return unbuffered


def _paced(read: Callable[..., Iterator[bytes]], url: Any) -> Callable[..., Iterator[bytes]]:
    def paced(*args: Any, **kwargs: Any) -> Iterator[bytes]:
        begin, received = time.monotonic(), 0
        for piece in read(*args, **kwargs):
            received += len(piece)
            elapsed = time.monotonic() - begin
            if elapsed > RESPONSE_SECONDS and received < elapsed * _SLOWEST_BYTES_PER_SECOND:
                raise RemoteError(
                    f"{url.host} sends a file at {received / elapsed:.0f} bytes a second; it was given up"
                )
            yield piece

    return paced


def _bounded(read: Callable[..., Iterator[bytes]], url: Any) -> Callable[..., Iterator[bytes]]:
    def bounded(*args: Any, **kwargs: Any) -> Iterator[bytes]:
        begin, size, values = time.monotonic(), 0, 0
        for piece in read(*args, **kwargs):
            size += len(piece)
            values += sum(map(piece.count, (b",", b"[", b"{")))
            if size > RESPONSE_BYTES or values > _RESPONSE_VALUES:
                msg = f"a response of {url.host} has more than {RESPONSE_BYTES >> 20} MB or too many values"
                raise RemoteError(msg, hint=_HINT)
            if time.monotonic() - begin > RESPONSE_SECONDS:
                msg = f"a response of {url.host} did not end within {RESPONSE_SECONDS:.0f} s"
                raise RemoteError(msg, hint=_HINT)
            yield piece

    return bounded


_HINT: Final = "a Hub does not respond like this: check the endpoint, and proxies that respond in its place"
