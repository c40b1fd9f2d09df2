"""Completion in real shells: commands, options, values, and names of files that a shell must not run."""

import argparse
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hublish.cli.commands import ENTRIES, Entry
from hublish.cli.commands.completion import commands
from hublish.cli.completion import SHELLS, script_for
from hublish.cli.completion.command_tree import FREE, Value, command_node
from hublish.cli.parser import parser_for
from tests.hublish.cli.completion.shells import start

NAMES = ("my plan.json", "it's.lock", 'quo"te.json', "$(touch run).yaml", "`touch run`.json", "notes.txt", "a dir/x")
# Bash is on every machine that runs these tests.
EACH = pytest.mark.parametrize(
    "shell",
    [
        pytest.param(shell, marks=pytest.mark.skipif(not shutil.which(shell), reason=f"{shell} is not installed"))
        for shell in SHELLS
    ],
)

# What is typed before Tab, and the words of the line afterwards.
TYPED = {
    "pub": ["publish"],
    "hub se": ["hub", "serve"],
    "help ver": ["help", "verify"],
    "--vers": ["--version"],
    "plan --det": ["plan", "--detailed-exitcode"],
    "hub serve --po": ["hub", "serve", "--port"],
    "plan --format js": ["plan", "--format", "json"],
    "plan --format=js": ["plan", "--format=json"],
    "plan -f x.yaml --card th": ["plan", "-f", "x.yaml", "--card", "theirs"],
    "schema lo": ["schema", "lock"],
    "completion z": ["completion", "zsh"],
    "explain policy.pickle policy.sec": ["explain", "policy.pickle", "policy.secret"],
    "explain a.txt no": ["explain", "a.txt", "notes.txt"],
    "publish my": ["publish", "my plan.json"],
    "publish my\\ p": ["publish", "my plan.json"],
    "publish 'my": ["publish", "my plan.json"],
    'publish "my': ["publish", "my plan.json"],
    "plan --lock it": ["plan", "--lock", "it's.lock"],
    "show qu": ["show", 'quo"te.json'],
    "show \\`": ["show", "`touch run`.json"],
    "plan -f '$": ["plan", "-f", "$(touch run).yaml"],
    "plan --token no": ["plan", "--token", "no"],
    "pull no": ["pull", "no"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def written(shell: str, folder: Path) -> Path:
    script = folder / f"script.{shell}"
    script.write_text(script_for(shell, tuple(commands())))
    return script


@pytest.mark.parametrize(
    "shell",
    [
        "bash",
        pytest.param("zsh", marks=pytest.mark.skipif(not shutil.which("zsh"), reason="zsh is not installed")),
    ],
)
def test_tab_completes_a_typed_line_and_runs_no_name(shell: str, folder: Path) -> None:
    terminal = start(shell, written(shell, folder), folder)
    try:
        assert {line: terminal.completed(f"hublish {line}") for line in TYPED} == TYPED
        # bash adds the slash of a folder, and zsh removes it again at the end of a line.
        assert terminal.completed("hublish build --out a")[2].rstrip("/") == "a dir"
    finally:
        terminal.close()
    assert not (folder / "run").exists()


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
def test_fish_offers_the_same(folder: Path) -> None:
    script = written("fish", folder)
    offered = {line: words[-1] for line, words in TYPED.items() if words[-1] != "no" and "'" not in line + words[-1]}
    lines = [line for line in offered if not set(line) & {'"', "\\", "`"}]
    asked = "; echo next; ".join(f"complete -C {fish_quoted(f'hublish {line}')}" for line in lines)
    ran = subprocess.run(
        ["fish", "--no-config", "-c", f"source {script}; {asked}"],
        cwd=folder,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    found = [[row.partition("\t")[0] for row in part.split("\n") if row] for part in ran.stdout.split("next\n")]
    missing = {line: words for line, words in zip(lines, found, strict=True) if offered[line] not in words}
    assert missing == {}
    assert not (folder / "run").exists()


def fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def names_of(entry: Entry) -> set[str]:
    actions = parser_for(entry, entry.load())._actions
    return {name for action in actions if action.help is not argparse.SUPPRESS for name in action.option_strings}


@EACH
def test_a_script_has_every_option_of_every_command(shell: str, tmp_path: Path) -> None:
    script, sections = script_for(shell, tuple(commands())), SECTIONS[shell]
    for entry in ENTRIES:
        assert set(sections(script, entry.name)) == names_of(entry), entry.name


def bash_options(script: str, command: str) -> Iterator[str]:
    ran = subprocess.run(
        ["bash", "-c", f'{script}\n_hublish_options "$1"', "_", command], capture_output=True, text=True, check=True
    )
    yield from ran.stdout.split()


def zsh_options(script: str, command: str) -> Iterator[str]:
    label = f"    {command})\n" if " " not in command else f"    '{command}')\n"
    part = script.partition(label)[2].partition(";;")[0]
    # '(-f --file)--file=[the manifest]:file:_files', '*--set=[the value]:set:'
    yield from re.findall(r"^ +'(?:\([^)]*\)|\*)?(--?[\w-]+)=?\[", part, re.MULTILINE)


def fish_options(script: str, command: str) -> Iterator[str]:
    for line in script.splitlines():
        if line.startswith(f"complete -c hublish -n '__hublish_is {command}' -"):
            names = re.findall(r" -([sl]) (\S+)", line.partition(" -d ")[0])
            yield from (f"-{name}" if kind == "s" else f"--{name}" for kind, name in names)


SECTIONS: dict[str, Callable[[str, str], Iterator[str]]] = {
    "bash": bash_options,
    "zsh": zsh_options,
    "fish": fish_options,
}


def test_every_value_is_completed_or_known_to_be_free() -> None:
    """A new option needs a line in `command_tree.py`: which files complete it, or that no shell can guess it."""
    undecided = {
        (entry.name, action.dest, action.metavar)
        for entry in ENTRIES
        for action in parser_for(entry, entry.load())._actions
        if action.nargs != 0 and action.help is not argparse.SUPPRESS
        if action.metavar not in FREE and value_of(action) == Value()
    }
    assert undecided == set()


def value_of(action: argparse.Action) -> Value:
    parser = argparse.ArgumentParser(add_help=False)
    parser._add_action(action)
    one = command_node("one", "", parser)
    return one.options[0].value or Value() if one.options else one.arguments[0].value


@EACH
def test_help_texts_of_any_kind_are_only_shown(shell: str, tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    hostile = """it's [a]: `touch run` $(touch run) "x" \\ %% end"""
    parser.add_argument("--odd", metavar="FILE", help=hostile)
    parser.add_argument("--hidden", help=argparse.SUPPRESS)
    parser.add_argument("place", metavar="a:b[c]'d", help=hostile)
    script = script_for(shell, (command_node("odd one", hostile, parser),))
    assert "hidden" not in script
    (tmp_path / "script").write_text(script)
    loads = {"zsh": "autoload -Uz compinit; compinit -u; ", "bash": "", "fish": ""}[shell]
    none = {"zsh": ["-f"], "bash": ["--norc"], "fish": ["--no-config"]}[shell]
    ran = subprocess.run(
        [shell, *none, "-c", f"{loads}source ./script"],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stderr, (tmp_path / "run").exists()) == (0, "", False)
