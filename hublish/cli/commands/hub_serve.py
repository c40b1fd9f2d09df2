"""`hublish hub serve`: the embedded Hub, for people and test suites."""

import json
import shlex
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from hublish.base.errors import UsageError
from hublish.cli.command import Command, Example, Outcome
from hublish.cli.failures import SystemFailedError
from hublish.cli.report.terminal import Format, Terminal

if TYPE_CHECKING:
    from hublish.hub.server.server import EmbeddedHub

LAST_PORT = 65535


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        metavar="DIR",
        type=Path,
        default=Path(".hublish/hub"),
        help="where it keeps its repos (default: .hublish/hub)",
    )
    parser.add_argument("--port", metavar="N", type=_port, default=0, help="the port (default: a free one)")
    parser.add_argument("--token", metavar="TOKEN", help="the token it accepts (default: its own)")
    parser.add_argument(
        "--host", metavar="HOST", default="127.0.0.1", help="the address it listens on (default: 127.0.0.1)"
    )
    parser.add_argument(
        "--expose-beyond-this-machine",
        action="store_true",
        help="allow a --host that other machines can reach; whoever holds the token may then write",
    )


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= LAST_PORT):
        msg = f"{text!r} is not a port: 0 to {LAST_PORT}"
        raise ArgumentTypeError(msg)
    return int(text)


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    from hublish.hub.server.server import EmbeddedHub, serve

    try:
        hub = EmbeddedHub(
            arguments.root,
            host=arguments.host,
            port=arguments.port,
            token=arguments.token,
            expose=arguments.expose_beyond_this_machine,
        )
    except ValueError:
        msg = f"{arguments.host} can be reached from other machines"
        raise UsageError(msg, hint="add --expose-beyond-this-machine if that is wanted") from None
    try:
        serve(hub, lambda ready: _announce(ready, terminal))
    except OSError as error:
        # What concerns a file names it; what concerns the address does not.
        if error.filename is not None:
            raise
        msg = f"cannot listen on {arguments.host}:{arguments.port}: {error.strerror or error}"
        raise SystemFailedError(msg, hint="name another --port; without one a free port is taken") from error
    return Outcome(None)


def _announce(hub: "EmbeddedHub", terminal: Terminal) -> None:
    """Say where the Hub is, in one line, for a shell or for a program."""
    if terminal.format is Format.JSON:
        line = json.dumps({"endpoint": hub.endpoint, "token": hub.token, "root": str(hub.root)})
    else:
        line = f"export HF_ENDPOINT={shlex.quote(hub.endpoint)} HF_TOKEN={shlex.quote(hub.token)}"
    terminal.show_text(f"{line}\n")
    if terminal.format in (Format.HUMAN, Format.GITHUB):
        terminal.say(f"Serving {hub.root}; Ctrl-C stops it.")


COMMAND = Command(
    description="""Runs a Hub on loopback that the real clients talk to: models, datasets, Spaces and kernels, LFS and
    xet, pull requests, tags and branches, on bare git repositories. The first line on standard output sets HF_ENDPOINT
    and HF_TOKEN for a shell, and comes once connections are accepted. Ctrl-C or SIGTERM ends it with exit code 0; its
    repos stay.""",
    examples=(
        Example("hublish hub serve", "start it; paste its first line into another shell"),
        Example("hublish hub serve --root /tmp/hub --port 8000 --token hf_local", "at a known place, for a test suite"),
    ),
    configure=_configure,
    run=_run,
)
