"""`hublish rollback` from the command line."""

import json
from pathlib import Path

import pytest

from tests.hublish.cli.running import Run


@pytest.fixture
def released(run: Run, project: Path) -> Path:
    """Two releases on the embedded Hub; git has no lock of the first one."""
    run("publish -y --local -q")
    (project / "run" / "config.json").write_text('{"classes": 11}\n')
    manifest = project / "hub.yaml"
    manifest.write_text(manifest.read_text().replace("tag: v1", "tag: v2"))
    (project / "v1.lock").write_bytes((project / "hub.lock").read_bytes())
    run("publish -y --local -q")
    return project


def test_a_release_comes_back_and_is_verified(run: Run, released: Path) -> None:
    done = run("rollback v1 --local -y")
    assert done.stdout.startswith("Rolled acme/digits-mlp at main back to v1 in one commit.\n")
    assert "no lock records v1" in done.stderr
    assert run("verify --local").stdout.startswith("ok  ")
    shown = run("status --local").stdout
    assert "rolled back to v1" in shown
    assert "this tree is not v1, to which the Hub is rolled back: raise its version" in shown
    assert "Nothing to do" in run("rollback v1 --local -y").stdout
    assert "raise the version" in run("publish --local -y", exits=1).stderr


def test_a_plan_is_reviewed_and_then_carried_out(run: Run, released: Path) -> None:
    shown = run("rollback v1 --local --out plan.json --tag v1.0.1 -m 'Undo v2'").stdout
    assert "restores  v1, commit " in shown
    assert "then hublish rollback v1 plan.json --local" in shown
    plan = json.loads((released / "plan.json").read_text())
    assert plan["restores"]["name"] == "v1"
    assert plan["restores"]["locked"] is False
    assert "restores  v1" in run("show plan.json").stdout
    assert "plan.stale" in run("publish plan.json --local", exits=1).stderr
    receipt = json.loads(run("rollback v1 plan.json --local --json").stdout)
    assert (receipt["tag"], receipt["verified"]) == ("v1.0.1", True)
    assert receipt["plan"]["commit_message"] == "Undo v2"


@pytest.mark.parametrize(
    ("line", "exits", "words"),
    [
        ("rollback v1 --local", 2, "cannot ask for confirmation"),
        ("rollback", 2, "TAG"),
        ("rollback v1 --local --out plan.json -y", 2, "--out only writes a plan"),
        ("rollback v3 --local -y", 1, "it has v1, v2; `hublish releases` lists the tags"),
        ("rollback v1 --local -y --tag 'a b'", 2, "the new tag"),
        ("rollback v1 hub.yaml --local", 1, "is not a document hublish can read"),
    ],
)
def test_what_cannot_be_rolled_back_is_refused(line: str, exits: int, words: str, run: Run, released: Path) -> None:
    ended = run(line, exits=exits)
    assert words in ended.stderr
    assert ended.stdout == ""
