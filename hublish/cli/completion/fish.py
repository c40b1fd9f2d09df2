"""The completion script for fish."""

import re
from collections.abc import Iterator, Sequence

from hublish.cli.completion.command_tree import (
    ANY_FILE,
    FOLDERS,
    CommandNode,
    Option,
    Value,
    first_words,
    groups,
)

_SCRIPT = """\
# Completion of hublish for fish. Once:
#   hublish completion fish > ~/.config/fish/completions/hublish.fish

# Whether the command line begins with these words and, with --end, has no others.
function __hublish_is
    argparse end -- $argv
    set -l typed (commandline -opc)[2..]
    test "$typed[1]" = help; and set -e typed[1]
    set -l length (count $argv)
    set -q _flag_end; and test (count $typed) -ne $length; and return 1
    test $length -eq 0; or test "$typed[1..$length]" = "$argv"
end

complete -c hublish -e
complete -c hublish -f
"""


def render(commands: Sequence[CommandNode]) -> str:
    """Return the script."""
    lines = [
        *_options("", [Option(("-h", "--help"), "show the commands", None, False)], end=True),
        *_options("", [Option(("-V", "--version"), "show the version", None, False)], end=True),
        *(_line("", f"-a {_quoted(name)}", summary, end=True) for name, summary in first_words(commands).items()),
    ]
    for first, second in groups(commands).items():
        lines += [_line(first, f"-a {_quoted(name)}", summary, end=True) for name, summary in second.items()]
    for node in commands:
        lines += _options(node.name, node.options)
        lines += [_line(node.name, given, each.shown) for each in node.arguments if (given := _given(each.value))]
    return _SCRIPT + "\n".join(lines) + "\n"


def _options(command: str, options: Sequence[Option], *, end: bool = False) -> Iterator[str]:
    for option in options:
        names = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names]
        value = [] if option.value is None else ["-x", _given(option.value)]
        yield _line(command, " ".join(filter(None, [*names, *value])), option.summary, end=end)


def _line(command: str, completes: str, summary: str, *, end: bool = False) -> str:
    condition = " ".join(filter(None, ["__hublish_is", "--end" if end else "", command]))
    return f"complete -c hublish -n {_quoted(condition)} {completes} -d {_quoted(summary)}"


def _given(value: Value) -> str:
    """Return the argument with the values; empty when there are none."""
    parts = [*value.words, *_files(value.files)]
    return f"-ka {_quoted(' '.join(parts))}" if parts else ""


def _files(suffixes: tuple[str, ...]) -> list[str]:
    if suffixes == FOLDERS:
        return ["(__fish_complete_directories)"]
    if suffixes == ANY_FILE:
        return ["(__fish_complete_path)"]
    return [f"(__fish_complete_suffix .{suffix})" for suffix in suffixes]


def _quoted(text: str) -> str:
    # In single quotes, fish reads only these two characters otherwise.
    return "'" + re.sub(r"[\\']", lambda found: f"\\{found[0]}", text) + "'"
