"""Every command documents itself, and imports only the modules it needs."""

import argparse
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hublish.cli.commands import ENTRIES, Entry
from hublish.cli.parser import Parser, overview, parser_for
from hublish.cli.report import FORMATS

EVERY = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
HEAVY = {"huggingface_hub", "numpy", "uvicorn", "jinja2", "dulwich", "tqdm", "pydantic", "yaml"}


def parser(entry: Entry) -> Parser:
    return parser_for(entry, entry.load())


def actions(entry: Entry) -> Iterator[argparse.Action]:
    return iter(parser(entry)._actions)


def arguments_of(line: str) -> tuple[Entry, list[str]]:
    words = shlex.split(re.split(r" [<>|] ", line)[0])
    assert words[0] == "hublish"
    entry = next(entry for entry in ENTRIES if " ".join(words[1:]).startswith(entry.name))
    return entry, words[1 + len(entry.name.split()) :]


EXAMPLE_LINES = [
    *re.findall(r"^  \$ (.+)", overview(), re.MULTILINE),
    *(example.line for entry in ENTRIES for example in entry.load().examples),
]


def test_the_overview_names_every_command_once() -> None:
    page = overview()
    assert all(page.count(f"\n  {entry.name} ") == 1 for entry in ENTRIES)
    assert all(entry.summary in page for entry in ENTRIES)


def test_the_overview_fits_eighty_columns_where_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = overview().split("\nEnvironment:")[0].splitlines()
    assert max(map(len, lines)) <= 80


@EVERY
def test_every_command_has_a_summary_a_paragraph_and_worked_examples(entry: Entry) -> None:
    command = entry.load()
    assert not entry.summary.endswith(".")
    assert len(command.description.split()) > 15
    assert 2 <= len(command.examples) <= 4
    assert all(example.line.startswith(f"hublish {entry.name}") for example in command.examples)


@EVERY
def test_every_option_has_a_help_text(entry: Entry) -> None:
    nameless = [action.dest for action in actions(entry) if not action.help]
    assert nameless == []


@EVERY
def test_the_help_shows_every_option_and_every_example(entry: Entry) -> None:
    shown = parser(entry).format_help()
    assert all(option in shown for action in actions(entry) for option in action.option_strings)
    assert all(example.line in shown for example in entry.load().examples)


@EVERY
def test_every_command_takes_every_format_except_those_of_other_commands(entry: Entry) -> None:
    options = {option: action for action in actions(entry) for option in action.option_strings}
    assert {"--format", "--json", "--quiet"} <= set(options)
    own = [name for name, each in FORMATS.items() if not each.commands or entry.name in each.commands]
    assert [*(options["--format"].choices or ())] == own


@EVERY
def test_every_command_that_reads_the_manifest_takes_variables(entry: Entry) -> None:
    options = {option for action in actions(entry) for option in action.option_strings}
    needs_the_folder_alone = entry.name == "verify"
    assert ("--set" in options) == ("--file" in options and not needs_the_folder_alone)


@pytest.mark.parametrize("line", EXAMPLE_LINES)
def test_every_example_parses(line: str) -> None:
    entry, words = arguments_of(line)
    parser(entry).parse_all(words)


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["plan", "--help"], ["hub", "serve", "--help"], ["plna"], ["plan", "--nope"]]
)
def test_help_and_mistakes_import_nothing_heavy(words: list[str]) -> None:
    assert imported(words) & HEAVY == set()


def test_the_schema_needs_the_documents_alone() -> None:
    assert imported(["schema"]) & HEAVY <= {"pydantic", "yaml"}


def test_checking_starts_no_server(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    assert imported(["check"]) & {"uvicorn", "dulwich", "jinja2", "tqdm"} == set()


def test_only_the_command_that_is_asked_for_is_imported() -> None:
    modules = {name for name in imported(["plan", "--help"], whole=True) if name.startswith("hublish.cli.commands.")}
    assert modules == {"hublish.cli.commands.plan"}


def imported(words: list[str], *, whole: bool = False) -> set[str]:
    """Modules, or packages, that a command line brings in."""
    code = (
        "import json, sys; from hublish.cli import main; main(sys.argv[1:]);"
        "print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    names = json.loads(run.stderr.splitlines()[-1])
    return set(names) if whole else {name.partition(".")[0] for name in names}
