"""`hublish releases` from the command line."""

import json
from pathlib import Path

import pytest

from tests.hublish.cli.running import Run


def test_the_releases_of_the_manifest_are_listed(run: Run, project: Path) -> None:
    run("publish -y --local -q")
    shown = run("releases --local").stdout
    assert "* v1  verified  " in shown
    assert "1 release: 1 verified" in shown
    assert run("releases --local -q").stdout == "v1\n"
    assert json.loads(run("releases --local --json").stdout)["releases"][0]["state"] == "verified"
    assert run("releases acme/digits-mlp --local -q").stdout == "v1\n"
    lock = project / "hub.lock"
    commit = json.loads(lock.read_text())["commit"]
    lock.write_text(lock.read_text().replace(commit, "0" * 40))
    assert "moved" in run("releases --local", exits=1).stdout


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("releases acme/a --set version=1", "REPO needs no manifest"),
        ("releases --repo-type dataset", "--repo-type belongs to REPO"),
        ("releases acme/none --local", "acme/none"),
    ],
)
def test_what_cannot_be_listed_is_refused(line: str, words: str, run: Run) -> None:
    exits = 1 if "none" in line else 2
    assert words in run(line, exits=exits).stderr
