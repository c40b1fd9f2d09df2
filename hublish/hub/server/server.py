"""A hub as a running server: in a thread for tests and commands, or in the foreground for people."""

import contextlib
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from hublish.hub.server.access import authorize_xet
from hublish.hub.server.accounts import Account
from hublish.hub.server.app import App
from hublish.hub.server.background import BackgroundServer
from hublish.hub.server.hub import Hub, Limits, open_hub
from hublish.hub.server.names import KINDS
from hublish.hub.server.objects import ObjectStore
from hublish.hub.server.sessions import session
from hublish.hub.server.xet.routes import xet_routes
from hublish.hub.server.xet.store import XetStore

HANDLERS = 32
"""Handlers that run at once."""


class EmbeddedHub:
    """A Hugging Face Hub on loopback, with all of its state under one folder.

    with EmbeddedHub(root) as hub:
        HfApi(endpoint=hub.endpoint, token=hub.token).create_repo("me/model")

    Several of them, in several processes, may serve one folder at once.
    """

    def __init__(
        self,
        root: Path | str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        user: str = "me",
        token: str | None = None,
        xet: bool = True,
        limits: Limits | None = None,
        expose: bool = False,
    ) -> None:
        """Describe a hub; `start`, or the `with` block, makes it run.

        Args:
            root: The folder of its state; made if it is not there.
            host: The address to listen on.
            port: The port; 0 takes a free one.
            user: The owner, who may write in every namespace.
            token: The owner's token; without one the owner's last token is used again, or a new one is made.
            xet: Whether the xet protocol is offered besides LFS.
            limits: Sizes at which uploads change their form.
            expose: Allow a host that other machines can reach.

        Raises:
            ValueError: The host is no loopback address and `expose` is not set.
        """
        if not expose and not _is_loopback(host):
            msg = f"{host} can be reached from other machines; pass expose=True if that is wanted"
            raise ValueError(msg)
        self.root = Path(root).absolute()
        self._address = (host, port)
        self._owner = Account(user, admin=True)
        self._wanted_token = token
        self._xet = xet
        self._limits = limits or Limits()
        self._running: ExitStack | None = None
        self._endpoint = ""
        self._token = ""
        self._hub: Hub | None = None

    @property
    def endpoint(self) -> str:
        """`http://host:port`, without a slash at the end; empty before the start."""
        return self._endpoint

    @property
    def token(self) -> str:
        """A token of the owner; empty before the start."""
        return self._token

    def add_user(self, name: str, *, orgs: tuple[str, ...] = (), role: str = "write") -> str:
        """Register a user beside the owner and return a token; `role` is `write` or `read`."""
        assert self._hub is not None
        return self._hub.accounts.add(Account(name, orgs, role=role))

    def clear(self) -> None:
        """Delete every repository; accounts and tokens stay."""
        assert self._hub is not None
        for repo in [repo for kind in KINDS for repo in self._hub.repositories.list(kind)]:
            self._hub.repositories.delete(repo)

    def start(self) -> Self:
        """Start serving in a thread and return once connections are accepted.

        Raises:
            OSError: The port is taken, or the folder cannot be written.
            RuntimeError: The server did not start.
        """
        if self._running:
            return self
        with ExitStack() as stack:
            stack.enter_context(session(self.root))
            executor = stack.enter_context(ThreadPoolExecutor(HANDLERS, "hub-handler"))
            application = _application(self.root, self._limits, executor, xet=self._xet)
            self._hub, app = stack.enter_context(application)
            self._token = self._hub.accounts.add(self._owner, self._wanted_token)
            listener = stack.enter_context(_listen(self._address))
            stack.enter_context(BackgroundServer(app).running(listener))
            host, port = listener.getsockname()[:2]
            self._endpoint = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            self._running = stack.pop_all()
        return self

    def stop(self) -> None:
        """Stop serving; requests under way may finish for a moment. Harmless when it does not run."""
        running, self._running = self._running, None
        if running:
            running.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextlib.contextmanager
def _listen(address: tuple[str, int]) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        yield listener


@contextlib.contextmanager
def _application(root: Path, limits: Limits, executor: Executor, *, xet: bool) -> Iterator[tuple[Hub, App]]:
    objects = ObjectStore(root)
    if not xet:
        hub = open_hub(root, limits, objects, None)
        yield hub, App(hub, executor)
        return
    with contextlib.closing(XetStore(root, objects)) as store:
        hub = open_hub(root, limits, objects, store)
        yield hub, App(hub, executor, xet_routes(store, partial(authorize_xet, hub)))


def serve(hub: EmbeddedHub, on_ready: Callable[[EmbeddedHub], None]) -> None:
    """Run a hub in the foreground until SIGINT or SIGTERM; call it from the main thread.

    Args:
        hub: Not started yet.
        on_ready: Called once connections are accepted.
    """
    stopping = threading.Event()
    previous = {number: signal.signal(number, lambda *_: stopping.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with hub:
            on_ready(hub)
            stopping.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
