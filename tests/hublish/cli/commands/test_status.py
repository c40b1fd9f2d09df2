"""`hublish status` from the command line."""

import json
from pathlib import Path

from tests.hublish.cli.running import Run

NOWHERE = "http://127.0.0.1:9"


def test_from_the_first_release_to_a_drift(run: Run, project: Path) -> None:
    assert run("status").stdout.startswith("Nothing has been published from here yet")
    run("publish -y --local -q")
    assert "No drift: the working tree and the Hub match hub.lock." in run("status --local").stdout
    (project / "run" / "config.json").write_text('{"classes": 11}\n')
    shown = run("status --local").stdout
    assert "  ~ config.json  other bytes\n" in shown
    assert "Next: raise the version: v1 is released" in shown


def test_the_detailed_exit_code_is_2_for_changes(run: Run, project: Path) -> None:
    run("status --detailed-exitcode", exits=2)
    run("publish -y --local -q")
    run("status --local --detailed-exitcode", exits=0)
    (project / "run" / "config.json").write_text("{}")
    assert run("status --local --detailed-exitcode -q", exits=2).stdout == "local ~ config.json\n"
    run("status --local", exits=0)


def publish_to_nowhere(run: Run, project: Path) -> None:
    """Leave the lock of a release on a Hub that is gone."""
    run("publish -y --local -q")
    lock = project / "hub.lock"
    lock.write_text(lock.read_text().replace('"embedded"', f'"{NOWHERE}"'))


def test_an_unreachable_hub_fails_and_the_local_half_is_reported(run: Run, project: Path) -> None:
    publish_to_nowhere(run, project)
    (project / "run" / "config.json").write_text("{}")
    ended = run(f"status --endpoint {NOWHERE} --detailed-exitcode", exits=1)
    assert "  ~ config.json  other bytes\n" in ended.stdout
    assert "the Hub could not be reached" in ended.stdout
    assert "error[remote.offline]" in ended.stderr
    document = json.loads(run(f"status --endpoint {NOWHERE} --json", exits=1).stdout)
    assert (document["local"]["changed"], document["error"]["code"]) == (True, "remote.offline")


def test_offline_is_not_a_failure(run: Run, project: Path) -> None:
    publish_to_nowhere(run, project)
    assert "the Hub was not checked" in run(f"status --offline --endpoint {NOWHERE}").stdout


def test_another_lock_can_be_named(run: Run, project: Path) -> None:
    shown = run("publish -y --local --lock v1.lock").stdout
    assert "lock      v1.lock" in shown
    assert "Next: hublish verify --lock v1.lock --local\n" in shown
    assert not (project / "hub.lock").exists()
    assert "the working tree and the Hub match v1.lock" in run("status --local --lock v1.lock").stdout
    assert "ok  " in run("verify --local --lock v1.lock").stdout
    assert "nothing to do" in run("plan --local --lock v1.lock").stdout.lower()
    assert "cannot be read" in run("status --local --lock v2.lock", exits=1).stderr
