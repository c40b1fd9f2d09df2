"""Run the code of a page from top to bottom, in a copy of the folder that the page names, against an embedded Hub."""

import json
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement

from hublish.cli.commands import ENTRIES
from hublish.cli.parser import parser_for
from hublish.hub.server import EmbeddedHub
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.trust import TrustPolicy
from tests.isolation import GIT_AUTHOR
from tests.pages import Block, agrees, blocks, commands, run

ROOT = Path(__file__).parents[2]
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
_FRONT_MATTER = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
# Shown as they are: output, and files that other tests read.
_NOT_RUN = {"text", "jinja"}


def front_matter(page: str) -> dict[str, Any]:
    """Return the metadata at the beginning of a page."""
    found = _FRONT_MATTER.match(page)
    return yaml.safe_load(found[1]) if found else {}


@dataclass(frozen=True)
class Story:
    """A page on its way: its folder, and the Hub that its commands talk to."""

    folder: Path
    hub: EmbeddedHub

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables of its programs."""
        built = {"BUILD_NUMBER": "7", "SOURCE_DATE_EPOCH": "1769817600"}
        return {"HF_ENDPOINT": self.hub.endpoint, "HF_TOKEN": self.hub.token, **GIT_AUTHOR, **built}

    def shell(self, line: str) -> tuple[int, str, str]:
        """Run a command line, and return its exit code, its output and its errors."""
        ran = run(["bash", "-euc", line], self.folder, self.environment)
        return ran.returncode, ran.stdout, ran.stderr


def begin(page: str, folder: Path, hub: EmbeddedHub) -> Story:
    """Return the story of a page in a new folder, which is a git repository with a tag."""
    if named := front_matter(page).get("files"):
        shutil.copytree(ROOT / named, folder, ignore=shutil.ignore_patterns("hub.lock", ".hublish", "__pycache__"))
    else:
        folder.mkdir()
    story = Story(folder, hub)
    # Not the client's home, nor what the page writes later.
    (folder / ".gitignore").write_text("hf/\npart.yaml\n")
    code, _, errors = story.shell(
        "git init --quiet -b main && git add . && git commit --quiet -m Files && git tag v1.0.0"
    )
    assert code == 0, errors
    return story


def tell(story: Story, page: str) -> None:
    """Run every block of a page.

    Raises:
        AssertionError: a block fails or prints something else; it names the line of the page.
    """
    for block in blocks(page):
        if block.language in _NOT_RUN or "--8<--" in block.text or "import torch" in block.text:
            continue
        assert block.language in _RUNNERS, f"line {block.line}: no test runs {block.language}"
        try:
            _RUNNERS[block.language](story, block)
        except AssertionError as error:
            msg = f"line {block.line}: {block.text}\n{error}"
            raise AssertionError(msg) from error


def _console(story: Story, block: Block) -> None:
    for command in commands(block.text):
        words = command.line.split()
        if words[:2] == ["pip", "install"]:
            _installs(command.line)
        elif words[0] == "make":
            assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE), command.line
        else:
            _runs(story, command.line, command.output)


def _runs(story: Story, line: str, shown: str) -> None:
    code, output, errors = story.shell(line)
    # A page shows an error on purpose.
    refused = shown.startswith("error[")
    assert (code != 0) == refused, f"$ {line}\nexit code {code}\n{output}{errors}"
    # Errors are printed after the progress, and findings are a result.
    printed = output or errors[errors.index("error[") :] if refused else output
    assert agrees(shown, printed), f"$ {line}\n{printed}"


def _installs(line: str) -> None:
    wanted = Requirement(line.split(maxsplit=2)[2].strip("'\""))
    assert wanted.name == _PROJECT["name"]
    assert wanted.extras <= set(_PROJECT["optional-dependencies"])


def _bash(story: Story, block: Block) -> None:
    code, output, errors = story.shell(block.text)
    assert code == 0, output + errors


def _python(story: Story, block: Block) -> None:
    path = story.folder / (block.title or "snippet.py")
    path.write_text(block.text)
    if "def test_" in block.text:
        ran = run([sys.executable, "-m", "pytest", "-q", path.name], story.folder, story.environment)
    elif block.title:
        # A file of the reader's project, which another block runs.
        ran = run([sys.executable, "-m", "py_compile", path.name], story.folder, story.environment)
    else:
        ran = run([sys.executable, path.name], story.folder, story.environment)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _yaml(story: Story, block: Block) -> None:
    document = yaml.safe_load(block.text)
    if isinstance(document, dict) and set(document) <= set(Manifest.model_fields):
        _manifest(story, block, document)
        return
    if isinstance(document, dict) and set(document) <= set(TrustPolicy.model_fields):
        (story.folder / block.title).write_text(block.text)
        return
    for line in _run_lines(document):
        for command in re.findall(r"^\s*(hublish .+?)\s*$", line, re.MULTILINE):
            _parses(command)


def _manifest(story: Story, block: Block, part: dict[str, Any]) -> None:
    """Check a manifest, which becomes the one of the folder if it has a title; a part is completed from that one."""
    if block.title:
        (story.folder / block.title).write_text(block.text)
    own = yaml.safe_load((story.folder / "hub.yaml").read_text())
    repo = {**own["repo"], **part.get("repo", {})}
    whole = part if {"repo", "artifacts"} <= set(part) else {**own, **part, "repo": repo}
    (story.folder / "part.yaml").write_text(yaml.safe_dump(whole, sort_keys=False))
    code, output, errors = story.shell("hublish check -f part.yaml")
    (story.folder / "part.yaml").unlink()
    assert code == 0, output + errors


def _run_lines(document: Any) -> list[str]:
    if isinstance(document, dict):
        own = [str(value) for key, value in document.items() if key in ("run", "script")]
        return own + [line for value in document.values() for line in _run_lines(value)]
    return [line for each in document for line in _run_lines(each)] if isinstance(document, list) else []


def _parses(line: str) -> None:
    words = re.split(r" (?:[<>|]|&&|\|\|) ?", line)[0].split()[1:]
    entry = next((each for each in ENTRIES if words[: len(each.name.split())] == each.name.split()), None)
    assert entry, f"no such command: {line}"
    parser_for(entry, entry.load()).parse_all(words[len(entry.name.split()) :])


def _json(_story: Story, block: Block) -> None:
    json.loads(block.text)


def _toml(_story: Story, block: Block) -> None:
    tomllib.loads(block.text)


_RUNNERS: dict[str, Callable[[Story, Block], None]] = {
    "bash": _bash,
    "console": _console,
    "json": _json,
    "python": _python,
    "toml": _toml,
    "yaml": _yaml,
}
