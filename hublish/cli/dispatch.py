"""Run a command line: find the command, parse its arguments, show its result, return the exit code."""

import gc
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

from hublish._version import __version__
from hublish.base.errors import UsageError
from hublish.cli.commands import ENTRIES, Entry
from hublish.cli.exit_codes import USAGE, report_failure
from hublish.cli.parser import PROGRAM, HelpRequested, group_overview, overview, parser_for
from hublish.cli.report import FORMATS, Report, report_for
from hublish.cli.terminal.streams import standard_terminal

HELP = ("-h", "--help")
VERSION = ("-V", "--version")
# New objects between two garbage collections. A check makes 60,000, a release of 100,000 files 1,200,000, and they keep
# most of them.
_OBJECTS = 2_000_000
_PLUGIN_SEARCH = "pydantic.plugin._loader"
# Characters of the shortest word of which a part is long enough to be a part of a token.
_LONG_WORD = 16


def main(argv: Sequence[str] | None = None, *, program: str = PROGRAM) -> int:
    """Run one command line and return its exit code.

    Args:
        argv: the arguments without the program's name; None for those of this process, which then serves this command
            alone.
        program: the program's name in help pages and in errors about usage.
    """
    if argv is None:
        with short_lived_process():
            return main(sys.argv[1:], program=program)
    # The errors of the parser need format and token too, so these two are found before it runs.
    terminal = standard_terminal([*given_tokens(argv), *tokens_in(argv)])
    report = report_for(requested_format(argv), terminal)
    with terminal.as_standard_streams():
        try:
            return run(argv, report, program)
        # BaseException: Ctrl-C is reported like every other failure.
        except BaseException as failure:
            return report_failure(failure, report)


def extension() -> int:
    """Run the command line of this process as `hf hublish`: huggingface_hub's command starts `hf-hublish`."""
    return main(program="hf hublish")


def run(argv: Sequence[str], report: Report, program: str = PROGRAM) -> int:
    """Run one command line and write its result.

    Raises:
        UsageError: when the command does not exist or does not take these arguments.
        HublishError: when the command refuses or fails.
    """
    if not argv:
        report.note(overview(program).rstrip())
        return USAGE
    if argv[0] in (*VERSION, *HELP):
        report.show_text(overview(program) if argv[0] in HELP else f"hublish {__version__}\n")
        return 0
    # As in git and cargo: `hublish help plan`.
    if argv[0] == "help":
        return run([*argv[1:], "--help"], report, program)
    return _run_command(argv, report, program)


def find(argv: Sequence[str]) -> tuple[Entry, Sequence[str]]:
    """Return the command and the arguments after its name.

    Raises:
        UsageError: when the command does not exist; the hint names the nearest one.
    """
    # A name has one word or two: `plan`, `hub serve`.
    for entry in ENTRIES:
        length = len(entry.name.split())
        if " ".join(argv[:length]) == entry.name:
            return entry, argv[length:]
    # Global options are a common mistake: every option belongs to a command.
    if argv[0].startswith("-"):
        msg = f"{argv[0]} comes before a command"
        raise UsageError(msg, hint="the command comes first, its options follow: hublish plan --json")
    raise _unknown(argv, _group(argv[0]))


def requested_format(argv: Sequence[str]) -> str:
    """Return the output format that the arguments ask for. The last one counts, as in argparse."""
    requested = next(iter(FORMATS))
    for option, value in _options(argv):
        if option == "--json":
            requested = "json"
        elif option in ("-q", "--quiet"):
            requested = "quiet"
        elif option == "--format" and value in FORMATS:
            requested = value
    return requested


def given_tokens(argv: Sequence[str]) -> list[str]:
    """Return the values of `--token` and the tokens of `--user NAME:TOKEN`, to mask them everywhere."""
    given = [(option, value) for option, value in _options(argv) if option in ("--token", "--user")]
    # Without a colon, the whole value may be a token.
    return [value if option == "--token" else value.partition(":")[2] or value for option, value in given]


def tokens_in(argv: Sequence[str]) -> list[str]:
    """Return the parts of arguments that look like a token: argparse may quote a part of it, which does not."""
    long = [word for word in argv if len(word) >= _LONG_WORD]
    if not long:
        return []
    # Its rules take longer to compile than a run of `--help` takes.
    from hublish.schemas.secrets.masking import find_tokens

    return [word[start:end] for word in long for start, end in find_tokens(word)]


@contextmanager
def short_lived_process() -> Iterator[None]:
    """Turn off work that pays off only in long-lived processes: it took 60 of the 300 ms of a check."""
    # By default Python looks for garbage every 700 new objects: 75 times in a check, which has none.
    gc.set_threshold(_OBJECTS)
    # The client's warning before each file that does not fit, with its source line; the error names path and space.
    warnings.filterwarnings("ignore", message="Not enough free disk space")
    # pydantic searches the metadata of every installed distribution for plugins that observe validation. Its search
    # imports importlib.metadata, and email with it, even where no plugin is wanted.
    if os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__") == "__all__":
        sys.modules.setdefault(_PLUGIN_SEARCH, _NoPlugins(_PLUGIN_SEARCH))
    try:
        yield
    finally:
        # At exit Python would visit every object twice more before it returns all memory at once.
        gc.freeze()


class _NoPlugins(ModuleType):
    """Replaces pydantic's search for plugins, and finds none."""

    @staticmethod
    def get_plugins() -> tuple[()]:
        """Return no plugins."""
        return ()

    def __getattr__(self, name: str) -> object:
        # Another version of pydantic may use more of its module.
        if name.startswith("__"):
            raise AttributeError(name)
        del sys.modules[_PLUGIN_SEARCH]
        return getattr(import_module(_PLUGIN_SEARCH), name)


def _run_command(argv: Sequence[str], report: Report, program: str) -> int:
    group = _group(argv[0])
    if group and list(argv[1:]) in [[option] for option in HELP]:
        report.show_text(group_overview(argv[0], group, program))
        return 0
    entry, rest = find(argv)
    command = entry.load()
    try:
        arguments = parser_for(entry, command, program).parse_all(rest)
    except HelpRequested as requested:
        report.show_text(requested.text)
        return 0
    # A view is shown only now: a command that fails halfway leaves stdout empty.
    outcome = command.run(arguments, report)
    if outcome.view is not None:
        report.show(outcome.view)
    return outcome.exit_code


def _unknown(argv: Sequence[str], group: tuple[Entry, ...]) -> UsageError:
    if group and len(argv) == 1:
        return UsageError(f"`hublish {argv[0]}` needs a command", hint=f"such as `hublish {group[0].name}`")
    name = " ".join(argv[:2]) if group else argv[0]
    # difflib is slow to import, and only needed for a mistake.
    from difflib import get_close_matches

    near = get_close_matches(name, [entry.name for entry in group or ENTRIES], n=1)
    hint = f"did you mean `hublish {near[0]}`?" if near else "`hublish --help` lists the commands"
    return UsageError(f"unknown command: {name}", hint=hint)


def _group(word: str) -> tuple[Entry, ...]:
    """Return the commands whose names begin with this word, such as `hub`."""
    return tuple(entry for entry in ENTRIES if entry.name.startswith(f"{word} "))


def _options(argv: Sequence[str]) -> list[tuple[str, str]]:
    # Values may belong to other options, or be paths: a wrong guess only masks or formats an error differently.
    pairs = []
    for index, argument in enumerate(argv):
        option, equals, value = argument.partition("=")
        pairs.append((option, value if equals else "".join(argv[index + 1 : index + 2])))
    return pairs
