"""`hublish deprecate` from the command line."""

import json
from pathlib import Path

import pytest

from tests.hublish.cli.running import Run


@pytest.fixture
def published(run: Run, project: Path) -> Path:
    """Publish the project, and a second repo under another name, to the Hub beside the manifest."""
    run("publish -y --local -q")
    other = project / "new.yaml"
    other.write_text((project / "hub.yaml").read_text().replace("acme/digits-mlp", "acme/digits-mlp-2"))
    run("publish -y --local -q -f new.yaml")
    return project


def test_it_shows_the_diff_makes_a_commit_and_updates_the_lock(run: Run, published: Path) -> None:
    line = "deprecate --new-version acme/digits-mlp-2 --message 'Reads letters.' --local"
    done = run(f"{line} -y")
    assert "Deprecated acme/digits-mlp at main in favor of acme/digits-mlp-2.\n" in done.stdout
    assert "hub.lock, updated to this commit" in done.stdout
    assert run("verify --local -q").stdout == ""
    assert "Nothing to do: acme/digits-mlp at main names acme/digits-mlp-2 already." in run(f"{line} -y").stdout
    pulled = run("pull acme/digits-mlp --local --local-dir out")
    assert "acme/digits-mlp is deprecated in favor of acme/digits-mlp-2" in pulled.stderr
    found = json.loads(run("pull acme/digits-mlp --local --local-dir out --json").stdout)
    assert [warning["code"] for warning in found["warnings"]] == ["release.deprecated"]
    document = json.loads(run("deprecate --undo --local -y --json").stdout)
    assert (document["new_version"], document["lock_state"], document["nothing_to_do"]) == (None, "updated", False)
    assert "acme/digits-mlp at main is not deprecated." in run("deprecate --undo --local -y").stdout
    assert len(run("deprecate acme/digits-mlp --new-version acme/digits-mlp-2 --local -y -q").stdout.strip()) == 40


@pytest.mark.parametrize(
    ("line", "words", "exits"),
    [
        ("deprecate", "one of the arguments --new-version --undo is required", 2),
        ("deprecate --undo --new-version a/b", "not allowed with argument", 2),
        ("deprecate --undo", "cannot ask for confirmation", 2),
        ("deprecate acme/a --undo --set version=1", "REPO needs no manifest", 2),
        ("deprecate --undo --repo-type dataset", "--repo-type belongs to REPO", 2),
        ("deprecate acme/none --undo -y --local", "acme/none", 1),
    ],
)
def test_what_cannot_be_deprecated_is_refused(line: str, words: str, exits: int, run: Run) -> None:
    assert words in run(line, exits=exits).stderr
