"""`hublish plan --out`: the plan file and its variables."""

import json
from pathlib import Path

from tests.hublish.cli.running import MANIFEST, Run

WITH_VERSION = MANIFEST.replace("tag: v1", 'tag: "v{{ version }}"') + "variables: {version: '1'}\n"


def test_a_plan_is_published_with_its_own_variables(run: Run, project: Path) -> None:
    (project / "hub.yaml").write_text(WITH_VERSION)
    planned = run("plan --local --set version=2 --out ../plan.json")
    assert "then hublish publish ../plan.json --local\n" in planned.stdout
    assert json.loads((project.parent / "plan.json").read_text())["variables"] == {"version": "2"}

    refused = run("publish ../plan.json --local --set version=3", exits=1).stderr
    assert "--set version changed: reviewed 2, now 3" in refused
    assert "hint: leave --set out: the plan contains the reviewed values" in refused

    published = json.loads(run("publish ../plan.json --local --json").stdout)
    assert (published["tag"], published["plan"]["variables"]) == ("v2", {"version": "2"})


def test_without_a_plan_file_the_next_command_repeats_the_settings(run: Run, project: Path) -> None:
    (project / "hub.yaml").write_text(WITH_VERSION)
    assert "hublish publish --set version=2 --local\n" in run("plan --local --set version=2").stdout
