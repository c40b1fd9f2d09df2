"""The completion script for zsh."""

import re
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote

from hublish.cli.completion.command_tree import (
    ANY_FILE,
    FOLDERS,
    Argument,
    CommandNode,
    Option,
    Value,
    first_words,
    groups,
)

_SCRIPT = """\
#compdef hublish
# Completion of hublish for zsh. In ~/.zshrc, after compinit: source <(hublish completion zsh)
# Or in a folder of $fpath, as _hublish.

_hublish_arguments() {
  case $1 in
ARGUMENTS
  esac
}

_hublish() {
  local curcontext=$curcontext command
  local -a described
  [[ $words[2] == help ]] && (( CURRENT > 2 )) && { shift words; (( CURRENT-- )); }
  if (( CURRENT == 2 )); then
    if [[ $PREFIX == -* ]]; then
      _arguments '(- *)'{-h,--help}'[show the commands]' '(- *)'{-V,--version}'[show the version]'
      return
    fi
    described=(
FIRST
    )
    _describe -t commands command described
    return
  fi
  command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
GROUPS
  esac
  _hublish_arguments $command
}

if [[ $funcstack[1] == _hublish ]]; then
  _hublish
else
  compdef _hublish hublish
fi
"""


def render(commands: Sequence[CommandNode]) -> str:
    """Return the script."""
    parts = {
        "ARGUMENTS": [line for node in commands for line in _case(node)],
        "FIRST": [f"  {_described(*row)}" for row in first_words(commands).items()],
        "GROUPS": [line for name, second in groups(commands).items() for line in _group(name, second)],
    }
    script = _SCRIPT
    for mark, lines in parts.items():
        script = script.replace(f"{mark}\n", "".join(f"    {line}\n" for line in lines))
    return script


def _case(node: CommandNode) -> Iterator[str]:
    specs = [*(spec for option in node.options for spec in _options(option)), *map(_argument, node.arguments)]
    yield f"{quote(node.name)})"
    yield "  _arguments -s \\"
    yield from (f"    {quote(spec)} \\" for spec in specs[:-1])
    yield f"    {quote(specs[-1])} ;;"


def _options(option: Option) -> Iterator[str]:
    others = "" if option.repeatable else f"({' '.join(option.names)})"
    for name in option.names:
        # `--name=` takes its value as `--name value` too.
        equals = "=" if option.value is not None and name.startswith("--") else ""
        value = "" if option.value is None else f":{_plain(option.names[-1].lstrip('-'))}:{_action(option.value)}"
        yield f"{'*' if option.repeatable else others}{name}{equals}[{_plain(option.summary)}]{value}"


def _argument(argument: Argument) -> str:
    start = "*:" if argument.repeatable else "::" if argument.optional else ":"
    return f"{start}{_plain(argument.shown)}:{_action(argument.value)}"


def _action(value: Value) -> str:
    files = _files(value.files)
    if value.words and files:
        return f"{{compadd -- {' '.join(value.words)}; {files}}}"
    return f"({' '.join(value.words)})" if value.words else files


def _files(suffixes: tuple[str, ...]) -> str:
    if suffixes in ((), ANY_FILE, FOLDERS):
        return {(): "", ANY_FILE: "_files", FOLDERS: "_files -/"}[suffixes]
    # With one alternative, the parentheses would be qualifiers of the glob.
    return f'_files -g "*.{suffixes[0]}"' if len(suffixes) == 1 else f'_files -g "*.({"|".join(suffixes)})"'


def _plain(text: str) -> str:
    # The characters that end a part of a specification.
    return re.sub(r"[\\\[\]:]", lambda found: f"\\{found[0]}", text)


def _described(name: str, summary: str) -> str:
    return quote(f"{name}:{_plain(summary)}")


def _group(name: str, second: Mapping[str, str]) -> Iterator[str]:
    rows = " ".join(_described(*row) for row in second.items())
    yield f"{name})"
    yield f"  (( CURRENT == 2 )) && {{ described=({rows}); _describe -t commands command described; return; }}"
    yield f'  command="{name} $words[2]"'
    yield "  shift words"
    yield "  (( CURRENT-- )) ;;"
