"""SKILL.md: its form is that of agent skills, it is shipped and printed, and each of its commands runs."""

import re
import shlex
from pathlib import Path

import yaml

from hublish.cli.commands import ENTRIES
from hublish.codes.explained import EXPLAINED
from tests import pages
from tests.hublish.cli.report.test_agent import read
from tests.hublish.cli.running import MANIFEST, Run

ROOT = Path(__file__).parents[3]
SKILL = ROOT / "skills" / "hublish" / "SKILL.md"
TEXT = SKILL.read_text()
COMMANDS = [command.line for block in pages.texts(TEXT, "console") for command in pages.commands(block)]
# Without a token, the Hub beside hub.yaml replaces the public one.
ON_THE_HUB = ("plan", "review", "publish", "verify", "pull", "load", "status", "doctor")


def test_its_front_matter_is_that_of_an_agent_skill() -> None:
    """https://agentskills.io/specification: name as the folder, both within their lengths, no other keys."""
    front = yaml.safe_load(TEXT.split("---\n")[1])
    assert set(front) <= {"name", "description", "license", "compatibility", "metadata", "allowed-tools"}
    assert front["name"] == SKILL.parent.name
    assert re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", front["name"])
    assert 1 <= len(front["description"]) <= 1024
    assert len(front["compatibility"]) <= 500
    assert len(TEXT.splitlines()) < 500


def test_it_is_in_the_folder_where_agents_look_and_in_the_package() -> None:
    assert (ROOT / "hublish" / "SKILL.md").readlink() == Path("../skills/hublish/SKILL.md")


def test_hublish_prints_it(run: Run) -> None:
    assert run("schema --skill").stdout == TEXT
    assert "there is no skill of a lock" in run("schema lock --skill", exits=2).stderr


def test_each_of_its_commands_runs_in_its_order(run: Run, project: Path) -> None:
    (project / "hub.yaml").write_text(MANIFEST.replace("tag: v1", "tag: v1.2.0"))
    for line in COMMANDS:
        words = shlex.split(line)
        assert words[0] == "hublish"
        local = " --local" if words[1] in ON_THE_HUB else ""
        assert read(run(line.removeprefix("hublish ") + local).stdout)
    assert (project / "review.html").exists()


def test_no_command_of_it_publishes_without_a_plan_that_was_reviewed() -> None:
    published = [line for line in COMMANDS if line.startswith("hublish publish")]
    assert published == ["hublish publish plan.json --format agent"]
    assert not re.search(r"(?:-y|--yes|--allow-pickle|--token)\b", " ".join(COMMANDS))


def test_the_names_in_it_exist() -> None:
    commands = {entry.name for entry in ENTRIES}
    assert set(re.findall(r"`hublish ([a-z]+)", TEXT)) <= commands
    assert {*re.findall(r"`([a-z]+\.[a-z_]+)`:", TEXT)} <= {*EXPLAINED}
