"""The completion script for bash, 3.2 of macOS included."""

from collections.abc import Iterable, Iterator, Sequence
from shlex import quote

from hublish.cli.completion.command_tree import CommandNode, Value, first_words, groups

# Without `eval`, so that a name such as `$(rm x)` is never run; `compopt -o filenames` lets readline quote it.
# COMP_WORDBREAKS usually contains `=`, which then is a word of its own.
_SCRIPT = """\
# Completion of hublish for bash. In ~/.bashrc: source <(hublish completion bash)

_hublish_options() {
  case $1 in
OPTIONS
  esac
}

# Sets the values of an option, or of the argument with this number; fails for a flag.
_hublish_value() {
  case $1 in
VALUES
    *) return 1 ;;
  esac
}

_hublish_files() {
  local name
  compopt -o filenames 2>/dev/null
  while IFS= read -r name; do
    if [[ -d ${name/#\\~/$HOME} || $files == '*' || " $files " == *" ${name##*.} "* ]]; then
      COMPREPLY+=("$name")
    fi
  done < <(compgen -f -- "$current")
}

_hublish() {
  local current=${COMP_WORDS[COMP_CWORD]} prefix='' command='' option='' words='' files='' index=1 place=1 word
  COMPREPLY=()
  [[ ${COMP_WORDS[1]} == help ]] && ((COMP_CWORD > 1)) && index=2
  if ((COMP_CWORD == index)); then
    COMPREPLY=($(compgen -W FIRST -- "$current"))
    return
  fi
  command=${COMP_WORDS[index++]}
  case $command in
GROUPS
  esac
  for (( ; index < COMP_CWORD; index++)); do
    word=${COMP_WORDS[index]}
    if [[ $option && $word == = ]]; then
      continue
    elif [[ $option ]]; then
      option=''
    elif [[ $word == -?* ]]; then
      _hublish_value "$command $word" && option=$word
    else
      ((place++))
    fi
  done
  words='' files=''
  if [[ $current == --*=* ]]; then
    option=${current%%=*} prefix=${current%%=*}= current=${current#*=}
  elif [[ $option && $current == = ]]; then
    current=''
  elif [[ ! $option && $current == -* ]]; then
    COMPREPLY=($(compgen -W "$(_hublish_options "$command")" -- "$current"))
    return
  fi
  _hublish_value "$command ${option:-$place}" || [[ $option ]] || _hublish_value "$command *"
  case $current in
    [\\"\\']*) current=${current:1} ;;
    *) current=${current//\\\\/} ;;
  esac
  [[ $words ]] && COMPREPLY=($(compgen -P "$prefix" -W "$words" -- "$current"))
  [[ $files && ! $prefix ]] && _hublish_files
}

complete -F _hublish hublish
"""


def render(commands: Sequence[CommandNode]) -> str:
    """Return the script."""
    first = " ".join([*first_words(commands), "--help", "--version"])
    parts = {
        "OPTIONS": [f"{quote(node.name)}) echo {quote(_names(node))} ;;" for node in commands],
        "VALUES": [line for node in commands for line in _values(node)],
        "GROUPS": [_group(name, second) for name, second in groups(commands).items()],
    }
    script = _SCRIPT.replace("FIRST", quote(first))
    for mark, lines in parts.items():
        script = script.replace(f"{mark}\n", "".join(f"    {line}\n" for line in lines))
    return script


def _names(node: CommandNode) -> str:
    return " ".join(name for option in node.options for name in option.names)


def _values(node: CommandNode) -> Iterator[str]:
    for option in node.options:
        if option.value is not None:
            yield _case([f"{node.name} {name}" for name in option.names], option.value)
    for place, argument in enumerate(node.arguments, 1):
        # An argument that repeats has no number.
        yield _case([f"{node.name} {'*' if argument.repeatable else place}"], argument.value)


def _case(patterns: Iterable[str], value: Value) -> str:
    set_ = f"words={quote(' '.join(value.words))} files={quote(' '.join(value.files))}"
    return f"{'|'.join(map(quote, patterns))}) {set_} ;;"


def _group(name: str, second: Iterable[str]) -> str:
    reply = f'COMPREPLY=($(compgen -W {quote(" ".join(second))} -- "$current"))'
    return f'{name}) ((COMP_CWORD == index)) && {{ {reply}; return; }}; command="{name} ${{COMP_WORDS[index++]}}" ;;'
