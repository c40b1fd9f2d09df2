"""A hub as a running server: in a thread for tests and commands, or in the foreground for people."""

import fcntl
import ipaddress
import os
import re
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Self

import uvicorn

from hublish.hub.server.accounts import Account, Organization, check_token
from hublish.hub.server.app import App
from hublish.hub.server.connections import BoundedProtocol
from hublish.hub.server.id_tokens import require_library
from hublish.hub.server.objects import ObjectStore
from hublish.hub.server.repo_ids import BUCKET
from hublish.hub.server.stores import Hub, Limits
from hublish.hub.server.trusted_publishers import Publisher, repo_of
from hublish.hub.server.xet.cas_routes import xet_routes
from hublish.hub.server.xet.content_store import XetStore
from hublish.hub.server.xet_rights import XetRights
from hublish.schemas.documents.hub_names import REPO_TYPES

# Handlers that run at once.
HANDLERS = 32

# Seconds until the server must accept connections. A slow start on a busy machine is not an error.
START_TIMEOUT = 60.0

# Seconds that unfinished requests have when the server stops.
GRACE = 3

# Seconds after which an unfinished upload in parts is deleted.
MULTIPART_AGE = 24 * 3600


class EmbeddedHub:
    """A Hugging Face Hub on loopback, with all of its state under one folder.

    with EmbeddedHub(root) as hub:
        HfApi(endpoint=hub.endpoint, token=hub.token).create_repo("me/model")

    Several of them, in several processes, may serve one folder at once.

    Attributes:
        endpoint: `http://host:port`, without a trailing slash; empty before the start.
        token: A token of the owner; empty before the start.
    """

    def __init__(
        self,
        root: Path | str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        user: str = "me",
        token: str | None = None,
        users: Iterable[tuple[str, str]] = (),
        publishers: Iterable[Publisher] = (),
        xet: bool = True,
        limits: Limits | None = None,
        expose: bool = False,
    ) -> None:
        """Describe a hub; `start`, or the `with` block, makes it run.

        Args:
            root: The folder of its state; created when it does not exist.
            host: The address to listen on.
            port: The port; 0 picks a free one.
            user: The owner, who may write in every namespace.
            token: The owner's token; by default the owner's last token, or a new one.
            users: Names and tokens of other users, who exist from the start.
            publishers: CI jobs that may write to one repository each, by the exchange of an ID token.
            xet: Offer the xet protocol in addition to LFS.
            limits: Sizes at which uploads change their form.
            expose: Allow a host that other machines can reach.

        Raises:
            ValueError: The host is not a loopback address and `expose` is not set, or a publisher is not valid.
            AccountError: A token has spaces or characters other than ASCII.
            RuntimeError: There are publishers, and the packages of `hublish[oidc]` are not installed.
        """
        if not expose and not _is_loopback(host):
            raise ValueError(f"{host} can be reached from other machines; pass expose=True if that is wanted")
        self.root = Path(root).absolute()
        self._address = (host, port)
        self._owner = Account(user, admin=True)
        self._wanted_token = token
        self._users = tuple(users)
        for wanted in (token, *(token for _, token in self._users)):
            if wanted is not None:
                check_token(wanted)
        self._xet = xet
        self._limits = limits or Limits()
        self._running: ExitStack | None = None
        self.endpoint = ""
        self.token = ""
        self._hub: Hub | None = None
        self._publishers: tuple[Publisher, ...] = ()
        for publisher in publishers:
            self.trust_issuer(publisher.issuer, publisher.resource, publisher.claims, audience=publisher.audience)

    @property
    def pages(self) -> str:
        """The address of the pages for a browser on this machine; empty before the start."""
        # A server that listens on every address has no single one.
        return re.sub(r"//(?:0\.0\.0\.0|\[::\])(?=:)", "//localhost", self.endpoint)

    def add_user(
        self,
        name: str,
        *,
        token: str | None = None,
        orgs: Iterable[str] | Mapping[str, str] = (),
        role: str = "write",
        scopes: Iterable[str] = (),
        full_name: str = "",
    ) -> str:
        """Register another user of a running hub, and return a token.

        Args:
            name: The name of the user.
            token: The token; by default an existing one with the same rights, or else a new one.
            orgs: The user's organizations, or the role in each: `{"acme": "read", "lab": "write"}`.
            role: The role of the token: `write`, `read` or `fineGrained`.
            scopes: Where a fine-grained token may write: namespaces, and repositories such as `acme/digits` or
                `datasets/acme/rows`.
            full_name: The name as shown to people.

        Raises:
            AccountError: The name or the token is not valid, or belongs to another user.
            RuntimeError: The hub is not running.
        """
        roles = orgs if isinstance(orgs, Mapping) else dict.fromkeys(orgs, "write")
        readers = tuple(org for org, in_org in roles.items() if in_org == "read")
        keys = tuple(repo_of(scope).key if "/" in scope else scope for scope in scopes)
        user = Account(name, tuple(roles), role=role, full_name=full_name, readers=readers, scopes=keys)
        return self._started().accounts.add(user, token)

    def add_organization(
        self,
        name: str,
        *,
        full_name: str = "",
        private: bool = False,
        resource_groups: Mapping[str, str] | None = None,
    ) -> None:
        """Register an organization of a running hub.

        Users become its members with `add_user(..., orgs=(name,))`.

        Args:
            name: Its name.
            full_name: Its name as shown to people.
            private: Whether its new repositories are private by default.
            resource_groups: The names of its resource groups, by their ids of 24 hexadecimal digits. New repositories
                can be created in them; they do not limit access here.

        Raises:
            AccountError: The name is not valid, or a user has it.
            RuntimeError: The hub is not running.
        """
        self._started().accounts.add_organization(Organization(name, full_name, private, resource_groups or {}))

    def trust_issuer(
        self, issuer: str, resource: str, claims: Mapping[str, str], *, audience: str | None = None
    ) -> None:
        """Let the CI jobs of an issuer write to a repository: those whose ID tokens have all of the claims.

        The client exchanges such a token when HF_OIDC_RESOURCE names the repository. Other processes that serve the
        same folder do not learn of it.

        Args:
            issuer: The URL of the issuer, which publishes its keys below `/.well-known/openid-configuration`.
            resource: `namespace/name` of a model, `datasets/namespace/name`, and so on.
            claims: Names and values: `{"repository": "acme/training", "workflow": "release"}`.
            audience: The audience of the ID tokens; by default the endpoint.

        Raises:
            ValueError: The issuer is not an https:// or a loopback URL, or there are no claims.
            RuntimeError: The packages of `hublish[oidc]` are not installed.
        """
        publisher = Publisher(resource, issuer, dict(claims), audience)
        publisher.check()
        require_library()
        self._publishers = (*self._publishers, publisher)
        if self._hub:
            self._hub.publishers.add(publisher)

    def _started(self) -> Hub:
        if self._hub is None:
            raise RuntimeError("start the embedded Hub before you add users, or pass them as `users`")
        return self._hub

    def clear(self) -> None:
        """Delete every repository, bucket and collection; accounts and tokens stay."""
        assert self._hub is not None
        for repo in [repo for kind in (*REPO_TYPES, BUCKET) for repo in self._hub.repositories.list(kind)]:
            self._hub.repositories.delete(repo)
        with self._hub.collections.changing():
            for collection in self._hub.collections.list():
                self._hub.collections.delete(collection)

    def start(self) -> Self:
        """Start serving in a thread and return once connections are accepted.

        Raises:
            OSError: The port is in use, or the folder cannot be written.
            AccountError: The name or the token of a user is not valid, or belongs to another user.
            RuntimeError: The server did not start.
        """
        if self._running:
            return self
        with ExitStack() as stack:
            stack.enter_context(session(self.root))
            executor = stack.enter_context(ThreadPoolExecutor(HANDLERS, "hub-handler"))
            application = _application(self.root, self._limits, executor, xet=self._xet)
            self._hub, app = stack.enter_context(application)
            self.token = self._hub.accounts.add(self._owner, self._wanted_token)
            for name, token in self._users:
                self._hub.accounts.add(Account(name), token)
            listener = stack.enter_context(_listen(self._address))
            stack.enter_context(BackgroundServer(app).running(listener))
            host, port = listener.getsockname()[:2]
            for publisher in self._publishers:
                self._hub.publishers.add(publisher)
            self._hub.hosts = frozenset((host, self._address[0].lower()))
            self.endpoint = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            # Both names of this machine: callers write either.
            self._hub.publishers.endpoints = frozenset({self.endpoint, f"http://localhost:{port}"})
            self._running = stack.pop_all()
        return self

    def stop(self) -> None:
        """Stop serving after a short grace period for unfinished requests. Does nothing when not running."""
        running, self._running = self._running, None
        if running:
            running.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _listen(address: tuple[str, int]) -> Iterator[socket.socket]:
    # Bound here instead of by uvicorn: a port in use raises in the caller, and port 0 is known before the start.
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    # With the protocol named, asyncio disables Nagle's algorithm, which delays small responses by 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        # A restarted hub can listen on its old port at once.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        yield listener


@contextmanager
def _application(root: Path, limits: Limits, executor: Executor, *, xet: bool) -> Iterator[tuple[Hub, App]]:
    objects = ObjectStore(root)
    with closing(XetStore(root, objects)) if xet else nullcontext() as store:
        hub = Hub(root, limits, objects, store)
        with closing(hub.unpacked), closing(hub.repositories):
            # Without xet, its token calls have no route: the client takes the 404 for a Hub that has no xet.
            yield hub, App(hub, executor, xet_routes(store, XetRights(hub)) if store else ())


@contextmanager
def session(root: Path) -> Iterator[None]:
    """Use `root` in a `with` block; the first server to come removes the temporary files of killed ones."""
    # Every running server holds the lock, shared; the kernel releases it with the process. So an exclusive lock
    # proves that no temporary file belongs to a running server.
    root.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(root / "session.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)) as file:
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _clean(root)
        fcntl.flock(file, fcntl.LOCK_SH)
        yield


def _clean(root: Path) -> None:
    for unused in [*root.glob("incoming/*"), *root.glob("repos/*/*/*.git/hub/scratch/*")]:
        shutil.rmtree(unused) if unused.is_dir() else unused.unlink()
    # A client may resume an upload in parts at the next server, so these are kept for a while.
    for part in root.glob("multipart/*"):
        if part.stat().st_mtime < time.time() - MULTIPART_AGE:
            part.unlink()


class BackgroundServer(uvicorn.Server):
    """uvicorn in a thread."""

    def __init__(self, app: App) -> None:
        # Signals and logging belong to the program that embeds the Hub. The keep-alive is longer than the client's
        # pauses between calls: reusing a connection that just closed is an error there.
        super().__init__(
            uvicorn.Config(
                app,
                http=BoundedProtocol,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=GRACE,
            )
        )
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections, and signal it."""
        await super().startup(sockets)
        self._ready.set()

    @contextmanager
    def running(self, listener: socket.socket) -> Iterator[None]:
        """Serve on `listener` in a thread during a `with` block."""
        # A daemon never keeps a program alive.
        thread = threading.Thread(target=self._run_on, args=(listener,), name="hub", daemon=True)
        thread.start()
        try:
            if not self._ready.wait(START_TIMEOUT) or self._failure:
                raise RuntimeError("the embedded Hub did not start") from self._failure
            yield
        finally:
            self.should_exit = True
            thread.join()

    def _run_on(self, listener: socket.socket) -> None:
        try:
            self.run(sockets=[listener])
        except BaseException as error:
            self._failure = error
        finally:
            self._ready.set()


def serve(hub: EmbeddedHub, on_ready: Callable[[EmbeddedHub], None]) -> None:
    """Start a hub, call `on_ready`, and serve until SIGINT or SIGTERM; call it from the main thread."""
    stopping = threading.Event()
    previous = {number: signal.signal(number, lambda *_: stopping.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with hub:
            on_ready(hub)
            stopping.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
