"""`hublish verify` from the command line."""

from pathlib import Path

from tests.hublish.cli.running import Run


def test_the_lock_of_another_repo_is_refused_with_its_own_code(run: Run, project: Path) -> None:
    run("publish -y --local -q")
    manifest = project / "priv.yaml"
    manifest.write_text((project / "hub.yaml").read_text().replace("repo_id: acme/", "repo_id: other/"))
    refused = run("verify --local -f priv.yaml --lock hub.lock", exits=1)
    assert "error[lock.target]: hub.lock records a release of another target: repo_id acme/" in refused.stderr
    assert "cannot be read" in run("verify --local -f priv.yaml", exits=1).stderr
    shown = run("publish -y --local -f priv.yaml").stdout
    assert "lock      priv.lock" in shown
    assert run("verify --local -f priv.yaml").stdout.startswith("ok  other/")
    assert run("verify --local").stdout.startswith("ok  acme/")
