"""`hublish hub serve`: run the embedded Hub for people and test suites."""

import shlex
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from hublish.base.errors import SystemFailedError, UsageError
from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report

if TYPE_CHECKING:
    from hublish.hub.server.server import EmbeddedHub
    from hublish.hub.server.trusted_publishers import Publisher

DESCRIPTION = """Runs a Hub on loopback that the real clients talk to: models, datasets, Spaces and kernels, LFS and
xet, pull requests, tags and branches, on bare git repositories; collections and buckets. Its pages show a browser the
cards, files, commits and discussions, and private repos after a login by token. Once it accepts connections, its first
line on standard output sets HF_ENDPOINT and HF_TOKEN for a shell. Ctrl-C or SIGTERM stops it with exit code 0; its
repos are kept."""
EXAMPLES = (
    Example("hublish hub serve", "start it; paste its first line into another shell"),
    Example("hublish hub serve --open", "look at its repos in a browser"),
    Example("hublish hub serve --user eve:hf_of_eve", "with a second user, for tests of private and gated repos"),
    Example("hublish hub serve --root /tmp/hub --port 8000 --token hf_local", "at a fixed place, for a test suite"),
)

_LAST_PORT = 65535
_OTHER_USER = "choose another --user or --token, or another --root; each user has tokens of their own"


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
    parser.add_argument("--open", action="store_true", help="open its pages in a browser")
    parser.add_argument(
        "--user",
        metavar="NAME:TOKEN",
        type=_user,
        action="append",
        default=[],
        help="another user and their token (repeatable)",
    )
    parser.add_argument(
        "--trusted-publishers",
        metavar="FILE",
        type=Path,
        help="a JSON list of the CI jobs that may publish without a token: resource, issuer, claims of each",
    )
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


def _user(text: str) -> tuple[str, str]:
    name, _, token = text.partition(":")
    if not name or not token:
        # Not repeated: a value without a colon may be a token.
        raise ArgumentTypeError("a user is a name, a colon and a token, such as eve:hf_of_eve")
    return name, token


def _publishers(path: Path | None) -> "tuple[Publisher, ...]":
    if path is None:
        return ()
    from hublish.hub.server.id_tokens import require_library
    from hublish.hub.server.trusted_publishers import read_publishers

    hint = '[{"resource": "acme/model", "issuer": "https://...", "claims": {"repository": "acme/code"}}]'
    try:
        publishers = read_publishers(path)
        require_library()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"{path}: {error}", hint=f"write {hint}") from None
    except RuntimeError as error:
        raise UsageError(str(error)) from None
    return publishers


def _configured(arguments: Namespace) -> "EmbeddedHub":
    from hublish.hub.server.accounts import AccountError
    from hublish.hub.server.server import EmbeddedHub

    publishers = _publishers(arguments.trusted_publishers)
    try:
        return EmbeddedHub(
            arguments.root,
            host=arguments.host,
            port=arguments.port,
            token=arguments.token,
            users=arguments.user,
            publishers=publishers,
            expose=arguments.expose_beyond_this_machine,
        )
    except AccountError as error:
        raise UsageError(str(error), hint=_OTHER_USER) from None
    # The server refuses an address beyond loopback unless --expose-beyond-this-machine allows it: the token travels
    # unencrypted.
    except ValueError:
        msg = f"{arguments.host} can be reached from other machines"
        raise UsageError(msg, hint="add --expose-beyond-this-machine to allow that") from None


def _open(address: str, report: Report) -> None:
    import webbrowser  # few runs open one

    if not webbrowser.open(address):
        report.note(f"No browser was found here: open {address} in one.")


def run(arguments: Namespace, report: Report) -> Outcome:
    # The server brings a web framework and git, which no other command needs.
    from hublish.hub.server.accounts import AccountError
    from hublish.hub.server.server import serve

    hub = _configured(arguments)

    def announce(ready: "EmbeddedHub") -> None:
        # One line, which shells and programs wait for.
        line = f"export HF_ENDPOINT={shlex.quote(ready.endpoint)} HF_TOKEN={shlex.quote(ready.token)}\n"
        document = {"endpoint": ready.endpoint, "token": ready.token, "root": str(ready.root)}
        report.show_text(line, document, one_line=True)
        # On stderr: the first line on stdout has to stay the only one.
        if report.verbose:
            report.note(f"Serving {ready.root}; Ctrl-C stops it.", f"Pages for a browser: {ready.pages}")
        if arguments.open:
            _open(ready.pages, report)

    try:
        serve(hub, announce)
    except AccountError as error:
        raise UsageError(str(error), hint=_OTHER_USER) from None
    except OSError as error:
        # An error about a file names the file; one about the address does not.
        if error.filename is not None:
            raise
        msg = f"cannot listen on {arguments.host}:{arguments.port}: {error.strerror or error}"
        raise SystemFailedError(msg, hint="choose another --port, or leave it out for a free one") from error
    return Outcome(None)
