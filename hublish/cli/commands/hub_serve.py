"""`hublish hub serve`: the embedded Hub, for people and test suites."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from hublish.cli.command import Command, Example, Outcome
from hublish.cli.terminal import Terminal

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


def _run(arguments: Namespace, terminal: Terminal) -> Outcome: ...


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
