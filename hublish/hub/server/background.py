"""uvicorn in a thread."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import uvicorn

from hublish.hub.server.app import App

START_TIMEOUT = 30.0
"""Seconds a server may take until it accepts connections."""
GRACE = 3
"""Seconds that requests under way have to end when the server stops."""


class BackgroundServer(uvicorn.Server):
    """A server that tells when it accepts connections."""

    def __init__(self, app: App) -> None:
        # httptools parses in C; signals and logging stay the program's own; no telling who serves.
        super().__init__(
            uvicorn.Config(
                app,
                http="httptools",
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
        """Begin to accept connections, and say so."""
        await super().startup(sockets)
        self._ready.set()

    @contextlib.contextmanager
    def running(self, listener: socket.socket) -> Iterator[None]:
        """Serve on `listener` in a thread for the length of a `with` block."""
        thread = threading.Thread(target=self._run_on, args=(listener,), name="hub", daemon=True)
        thread.start()
        try:
            if not self._ready.wait(START_TIMEOUT) or self._failure:
                msg = "the embedded Hub did not start"
                raise RuntimeError(msg) from self._failure
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
