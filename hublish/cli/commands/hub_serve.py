"""`hublish hub serve`: run the embedded Hub for people and test suites."""

import shlex
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path

from hublish.base.errors import UsageError
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import SystemFailedError
from hublish.cli.report import Report

DESCRIPTION = """Runs a Hub on loopback that the real clients talk to: models, datasets, Spaces and kernels, LFS and
xet, pull requests, tags and branches, on bare git repositories. Once it accepts connections, its first line on
standard output sets HF_ENDPOINT and HF_TOKEN for a shell. Ctrl-C or SIGTERM stops it with exit code 0; its repos are
kept."""
EXAMPLES = (
    Example("hublish hub serve", "start it; paste its first line into another shell"),
    Example("hublish hub serve --root /tmp/hub --port 8000 --token hf_local", "at a fixed place, for a test suite"),
)

_LAST_PORT = 65535


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--root",
        metavar="DIR",
        type=Path,
        default=Path(".hublish/hub"),
        help="the folder of its repos (default: .hublish/hub)",
    )
    parser.add_argument("--port", metavar="N", type=_port, default=0, help="the port (default: a free one)")
    parser.add_argument("--token", metavar="TOKEN", help="the token it accepts (default: its own)")
    parser.add_argument(
        "--host", metavar="HOST", default="127.0.0.1", help="the address it listens on (default: 127.0.0.1)"
    )
    parser.add_argument(
        "--expose-beyond-this-machine",
        action="store_true",
        help="allow a --host that other machines can reach; everyone with the token can then write",
    )


def _port(text: str) -> int:
    if not (text.isdecimal() and int(text) <= _LAST_PORT):
        raise ArgumentTypeError(f"{text!r} is not a port: 0 to {_LAST_PORT}")
    return int(text)


def run(arguments: Namespace, report: Report) -> Outcome:
    # The server brings a web framework and git, which no other command needs.
    from hublish.hub.server.server import EmbeddedHub, serve

    try:
        hub = EmbeddedHub(
            arguments.root,
            host=arguments.host,
            port=arguments.port,
            token=arguments.token,
            expose=arguments.expose_beyond_this_machine,
        )
    # The server refuses an address beyond loopback unless --expose-beyond-this-machine allows it: the token travels
    # unencrypted.
    except ValueError:
        msg = f"{arguments.host} can be reached from other machines"
        raise UsageError(msg, hint="add --expose-beyond-this-machine to allow that") from None

    def announce(ready: EmbeddedHub) -> None:
        # One line, which shells and programs wait for.
        line = f"export HF_ENDPOINT={shlex.quote(ready.endpoint)} HF_TOKEN={shlex.quote(ready.token)}\n"
        document = {"endpoint": ready.endpoint, "token": ready.token, "root": str(ready.root)}
        report.show_text(line, document, one_line=True)
        # On stderr: the first line on stdout has to stay the only one.
        if report.verbose:
            report.note(f"Serving {ready.root}; Ctrl-C stops it.")

    try:
        serve(hub, announce)
    except OSError as error:
        # An error about a file names the file; one about the address does not.
        if error.filename is not None:
            raise
        msg = f"cannot listen on {arguments.host}:{arguments.port}: {error.strerror or error}"
        raise SystemFailedError(msg, hint="choose another --port, or leave it out for a free one") from error
    return Outcome(None)
