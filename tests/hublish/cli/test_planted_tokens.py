"""Planted tokens of every kind go through every command, field and output; none is shown, and `check` refuses them."""

import argparse
import io
import itertools
import json
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

import hublish.hub.server.server
from hublish.cli import main
from hublish.cli.commands import ENTRIES, Entry
from hublish.cli.parser import parser_for
from hublish.cli.report import FORMATS
from hublish.schemas.secrets.masking import holds_token
from hublish.schemas.secrets.token_rules import RULES
from tests.hublish.cli.leaks import (
    as_yaml,
    fields,
    leaked,
    leaked_in,
    of_kind,
    planted,
    shapes,
    tokens,
)
from tests.planted_tokens import TOKENS

FIELDS = list(fields())
# The commands that read a manifest, and what they need besides it.
MANIFEST_COMMANDS = (
    *(
        "files",
        "card",
        "plan",
        "publish -y",
        "build --out built",
        "explain config.json",
        "status",
        "verify",
        "rehearse",
    ),
    *("check --resolved", "check --strict"),
)
# The addresses that nothing listens on: a request fails at once.
NOWHERE = "http://127.0.0.1:9"


def chunks() -> Iterator[dict[str, str]]:
    """Yield a token of every kind, by kind; no more at once than problems are reported."""
    kinds = [*TOKENS]
    for start in range(0, len(kinds), 50):
        yield {kind: of_kind(kind) for kind in kinds[start : start + 50]}


class Desk:
    """Runs command lines in one folder, and searches all they write for a token."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._monkeypatch, self._capsys = folder, monkeypatch, capsys
        self._turn = itertools.count()
        self.shown = ""

    def run(
        self,
        words: list[str],
        token: str,
        *,
        typed: str = "",
        but: tuple[str, ...] = ("hub.yaml",),
        others: tuple[str, ...] = (),
    ) -> int:
        """Return the exit code of a command that shows no part of the token, in the next format and environment."""
        turn = next(self._turn)
        formats = [name for name, each in FORMATS.items() if not each.commands or words[0] in each.commands]
        format_ = formats[turn % len(formats)]
        self._monkeypatch.setenv("HF_DEBUG", "1" if turn % 3 == 0 else "")
        self._monkeypatch.setenv("COLUMNS", ("20", "80", "200")[turn % 3])
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        code = main([*words, "--format", format_])
        out, err = self._capsys.readouterr()
        shown = f"hublish {' '.join(words)[:80]}...: {out}{err}"
        for each in (token, *others):
            assert leaked(each, out + err) is None, shown
        assert not leaked_in((token, *others), self.folder, {self.folder / name for name in but}), shown
        assert "internal error" not in out + err, shown
        self.shown = out + err
        if format_ == "json" and out and not out.startswith("usage"):
            json.loads(out)
        return code

    def refused(self, words: list[str], drawn: Iterable[str], but: tuple[str, ...]) -> str:
        """Return the output of a command that must refuse, and shows no part of any of the tokens."""
        token, *others = drawn
        assert self.run(words, token, but=but, others=tuple(others)) == 1
        return self.shown

    def write(self, text: str) -> None:
        (self.folder / "hub.yaml").write_text(text)


@pytest.fixture
def desk(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "config.json").write_text("{}\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HF_ENDPOINT", NOWHERE)
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", NOWHERE)
    return Desk(folder, monkeypatch, capsys)


def test_every_rule_has_a_token_and_there_are_enough_kinds() -> None:
    assert set(TOKENS) == {rule.name for rule in RULES}
    assert len(TOKENS) >= 25
    assert len(FIELDS) * 6 >= 150


@pytest.mark.parametrize("shape", shapes("x"))
def test_no_field_of_a_manifest_shows_a_token(desk: Desk, shape: str) -> None:
    drawn = tokens(10_000)
    for index, path in enumerate(FIELDS):
        token = next(drawn)
        text = as_yaml(planted(path, shapes(token)[shape]), index)
        desk.write(text)
        assert desk.run(["check"], token) == 1, text
        if index % 3 == 0:
            words = MANIFEST_COMMANDS[index // 3 % len(MANIFEST_COMMANDS)].split()
            assert desk.run([*words, "-f", "-"], token, typed=text) == 1, text


def test_an_unknown_key_anywhere_shows_no_token(desk: Desk) -> None:
    sections = {path[:-1] for path in FIELDS}
    for index, (section, token) in enumerate(zip(sorted(sections), tokens(100), strict=False)):
        desk.write(as_yaml(planted((*section, f"{token}"), "x"), index))
        assert desk.run(["check"], token) == 1


@pytest.mark.parametrize("planted_here", [*chunks()], ids=["first", "second", "third"])
def test_what_a_file_contains_is_refused_by_check_as_by_sealing(desk: Desk, planted_here: dict[str, str]) -> None:
    for kind, token in planted_here.items():
        (desk.folder / f"{kind}.txt").write_text(f"see\n  '{token}'.\n")
    desk.write("repo: {repo_id: acme/x}\nartifacts: [{source: '*.txt'}]\n")
    but = ("hub.yaml", *(f"{kind}.txt" for kind in planted_here))
    for words in (["check"], ["files"], ["build", "--out", "built"]):
        out = desk.refused(words, planted_here.values(), but)
        assert [kind for kind in planted_here if f"{kind}.txt" not in out] == []


@pytest.mark.parametrize("planted_here", [*chunks()], ids=["first", "second", "third"])
def test_a_file_name_shows_no_token(desk: Desk, planted_here: dict[str, str]) -> None:
    folder = desk.folder / "m"
    folder.mkdir()
    names = [f"{token}.txt" for token in planted_here.values() if not {*"/\n\\"} & {*token} and len(token) < 250]
    for name in names:
        (folder / name).write_text("x")
    desk.write("repo: {repo_id: acme/x}\nartifacts: [{source: m/*}]\n")
    but = ("hub.yaml", *(f"m/{name}" for name in names))
    for words in (["check"], ["files"], ["init", "m", "--out", "-"]):
        desk.refused(words, planted_here.values(), but)
    for name in names[::5]:
        desk.run(["explain", f"m/{name}"], name.removesuffix(".txt"), but=but)


@pytest.mark.parametrize("kind", ["huggingface-token", "google-api-key"])
def test_a_plan_file_shows_no_name_with_a_token(desk: Desk, kind: str) -> None:
    token = of_kind(kind)
    (desk.folder / f"{token}.txt").write_text("x")
    desk.write(
        "repo: {repo_id: acme/x}\nartifacts: [{source: '*'}]\npatterns: {ignore_patterns: ['*.txt', '*.yaml']}\n"
    )
    assert desk.run(["plan", "--local", "--all", "--out", "../plan.json"], token, but=("hub.yaml", f"{token}.txt")) == 0
    plan = desk.folder.parent / "plan.json"
    assert "config.json" in plan.read_text()
    assert not leaked_in([token], desk.folder.parent, {desk.folder / f"{token}.txt"})
    assert desk.run(["publish", "../plan.json", "--local", "-y"], token, but=("hub.yaml", f"{token}.txt")) == 0


@pytest.mark.parametrize("planted_here", [*chunks()], ids=["first", "second", "third"])
def test_a_readme_shows_no_token_and_is_refused_by_check(desk: Desk, planted_here: dict[str, str]) -> None:
    drawn = planted_here.values()
    keys = "\n".join(f"{json.dumps(token)}: 1" for token in drawn)
    (desk.folder / "README.md").write_text("\n".join(["---", "license: mit", keys, "---", *drawn]))
    desk.write("repo: {repo_id: acme/x}\nartifacts: [{source: config.json}, {source: README.md}]\n")
    for words in (["check"], ["card"], ["init", "--out", "drafted.yaml"]):
        desk.refused(words, drawn, ("hub.yaml", "README.md"))


@pytest.mark.parametrize("kind", ["huggingface-token", "private-key"])
@pytest.mark.parametrize("template", ["# Card\n\nlogin('{}')\n", "{{{{ {} }}}}", "{{% if %}} {}", "{{{{ 1 + '{}' }}}}"])
def test_a_template_shows_no_token_and_is_refused_by_check(desk: Desk, kind: str, template: str) -> None:
    token = of_kind(kind)
    (desk.folder / "card.md.j2").write_text(template.format(token))
    desk.write("repo: {repo_id: acme/x}\nartifacts: [{source: config.json}]\ncard: {template: card.md.j2}\n")
    for words in (["check"], ["card"]):
        assert desk.run(words, token, but=("hub.yaml", "card.md.j2")) == 1


def command_lines(token: str) -> Iterator[tuple[Entry, list[str]]]:
    """Yield every command with the token in place of every argument."""
    for entry in ENTRIES:
        command = entry.load()
        name = entry.name.split()
        yield entry, [*name, f"--{token}"]
        yield entry, [*name, f"--unknown={token}"]
        yield entry, [*name, "one", "two", token]
        for action in parser_for(entry, command)._actions:
            if isinstance(action, argparse._HelpAction):
                continue
            for value in (token, f"name={token}", f"{token}=1", f"acme/x@{token}", f"{token}@main", f"https://{token}"):
                if not action.option_strings:
                    yield entry, [*name, value]
                elif action.nargs == 0:
                    yield entry, [*name, f"{action.option_strings[0]}={value}"]
                else:
                    yield entry, [*name, action.option_strings[-1], value]


def test_no_argument_is_shown_when_it_is_a_token(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise OSError(98, "Address already in use")

    # It would serve for ever.
    monkeypatch.setattr(hublish.hub.server.server, "serve", fail)
    desk.write("repo: {repo_id: acme/x}\nartifacts: [{source: config.json}]\n")
    drawn = tokens(100_000)
    lines = [(token, words) for token in itertools.islice(drawn, 12) for _, words in command_lines(token)]
    count = 0
    for index, (token, words) in enumerate(lines):
        # A twelfth of the lines for each token: every line once, every kind several times.
        # `build --out` creates a folder of that name, on request.
        if index % 12 != 0 or "\n" in token or words[:2] == ["build", "--out"]:
            continue
        count += 1
        desk.run(words, token)
        # A command may have created what the argument names.
        for path in desk.folder.iterdir():
            if path.name not in ("hub.yaml", "config.json"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert count > 200


@pytest.mark.parametrize("words", ["{}", "{} plan", "plan {}", "help {}", "hub {}", "hub", "plan --format {}", "-{}"])
def test_a_mistyped_command_shows_no_token(desk: Desk, words: str) -> None:
    for token in tokens(len(TOKENS)):
        desk.run([word.format(token) for word in words.split()], token)


def test_the_token_in_use_is_hidden_whatever_its_form(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    token = "correct7Horse-Battery"
    monkeypatch.setenv("HF_TOKEN", token)
    assert not holds_token(token)
    desk.write(f"repo: {{repo_id: acme/x, {token}: 1}}\nartifacts: [{{source: {token}}}]\n")
    lines = (["check"], ["plan"], [token], ["pull", token], ["card", f"--{token}"])
    for format_, words in itertools.product(FORMATS, lines):
        assert main([*words, "--format", format_]) in (1, 2)
        assert "7Horse" not in "".join(desk._capsys.readouterr())
