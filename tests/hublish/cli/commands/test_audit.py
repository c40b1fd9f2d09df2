"""`hublish audit` from the command line: what is audited, by which policy, and the exit code."""

import json
import random
import time
from pathlib import Path

import pytest

from hublish.audit.fingerprint import Fingerprint, fingerprint
from hublish.base.content import OnDisk
from tests.hublish.audit.payloads import call
from tests.hublish.cli.running import Run
from tests.planted_tokens import TOKENS

TOKEN = TOKENS["huggingface-token"](random.Random(10))


def test_without_a_path_the_release_is_audited(run: Run, project: Path) -> None:
    assert run("audit").stdout.startswith("hub.yaml: 3 files, ")
    (project / "run" / "note.json").write_text(json.dumps({"token": TOKEN}))
    ended = run("audit", exits=1)
    assert "error[policy.secret]: A token, a password or a private key" in ended.stdout
    assert "  run/note.json:1:" in ended.stdout
    assert TOKEN not in ended.stdout + ended.stderr


def test_a_folder_is_audited_by_the_default_policy_and_the_manifest_in_it_is_named(run: Run, project: Path) -> None:
    (project / "run" / "old.bin").write_bytes(call())
    assert run("audit").stdout.endswith("no findings\n")
    ended = run("audit .", exits=1)
    assert "run/old.bin  the content is a pickle" in ended.stdout
    assert "The policy in hub.yaml does not count here" in ended.stdout
    assert run("audit . --pickle warn --secrets allow").stdout.startswith("warning[policy.pickle]")
    assert "policy.size" in run("audit . --max-file-size 10", exits=1).stdout


def test_without_a_manifest_the_current_folder_is_audited(run: Run, project: Path) -> None:
    (project / "hub.yaml").unlink()
    (project / "old.bin").write_bytes(call())
    ended = run("audit -q", exits=1)
    assert (ended.stdout, ended.stderr) == ("old.bin: policy.pickle\n", "")
    assert "auditing every file of this folder" in run("audit", exits=1).stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("audit --pickle warn", "the policy of a release is in its manifest"),
        ("audit . -f other.yaml", "PATH is audited without a manifest"),
        ("audit . --set version=1", "PATH is audited without a manifest"),
        ("audit nowhere", "nowhere is neither a folder, nor a file, nor a repo in the cache"),
        ("audit acme/nothing@v1", "nor a repo in the cache"),
        ("audit ../../x", "nor a repo in the cache"),
        ("audit . --max-file-size big", "expected a size such as 5GB"),
        ("audit . --pickle maybe", "invalid choice"),
    ],
)
def test_a_wrong_command_line_is_refused(run: Run, words: str, message: str) -> None:
    assert message in run(words, exits=2).stderr


def test_the_document_has_totals_and_every_finding(run: Run, project: Path) -> None:
    (project / "a.bin").write_bytes(call())
    document = json.loads(run("audit . --json", exits=1).stdout)
    (finding,) = document.pop("findings")
    assert (document["ok"], document["errors"], document["warnings"], document["waived"]) == (False, 1, 0, 0)
    assert (finding["code"], finding["path_in_repo"], finding["source"]) == ("policy.pickle", "a.bin", "a.bin")
    assert finding["waived"] is None


def test_a_workflow_shows_findings_beside_their_lines(run: Run, project: Path) -> None:
    (project / "a.bin").write_bytes(call())
    (project / "b.txt").write_text(f"\n token={TOKEN}\n")
    shown = run("audit . --format github", exits=1).stderr
    assert "::error file=a.bin,line=1," in shown
    assert "::error file=b.txt,line=2," in shown


def test_a_repo_in_the_cache_is_audited_by_its_name(run: Run, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = project / "cache"
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    repo, commit = cache / "models--acme--digits", "0" * 40
    for folder in ("refs", "blobs", f"snapshots/{commit}"):
        (repo / folder).mkdir(parents=True)
    (repo / "refs" / "main").write_text(commit)
    (repo / "blobs" / "1").write_bytes(call())
    (repo / "snapshots" / commit / "m.bin").symlink_to("../../blobs/1")
    for name in ("acme/digits", f"acme/digits@{commit}"):
        assert f"snapshots/{commit}/m.bin: policy.pickle\n" in run(f"audit {name} -q", exits=1).stdout
    assert "nor a repo in the cache" in run("audit datasets/acme/digits", exits=2).stderr
    # A file of the cache cannot lead the audit to another folder.
    (repo / "refs" / "evil").write_text("../../..")
    for name in ("acme/digits@evil", "acme/digits@../refs/main", f"acme/digits@{'1' * 40}"):
        assert "nor a repo in the cache" in run(f"audit {name}", exits=2).stderr


def test_a_release_that_was_pulled_by_its_tag_is_audited_by_it(run: Run, project: Path) -> None:
    run("publish --yes -q --local")
    run("pull acme/digits-mlp@v1 --local -q")
    assert "no findings" in run("audit acme/digits-mlp@v1").stdout
    assert "nor a repo in the cache" in run("audit acme/digits-mlp@v2", exits=2).stderr


def test_a_summary_of_a_job_has_one_row_for_each_finding(run: Run, project: Path) -> None:
    (project / "a`|b.bin").write_bytes(call())
    (project / "aux.txt").write_text("a")
    rows = [line for line in run("audit . --format markdown", exits=1).stdout.splitlines() if line.startswith("| ")]
    assert [row.split("|")[1].strip() for row in rows if "policy." in row] == ["error", "warning", "warning"]


def test_files_that_a_release_has_read_are_known_to_an_audit_of_their_folder(
    run: Run, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        (project / "run" / f"{number}.json").write_text(f"[{number}]")
    time.sleep(0.05)  # the cache does not trust files that have just been written
    run("audit -q")
    read: set[str] = set()

    def reading(content: OnDisk, *more: object) -> Fingerprint:
        read.add(content.path.name)
        return fingerprint(content, *more)  # type: ignore[arg-type]  # passed on as they are

    monkeypatch.setattr("hublish.audit.read_files.fingerprint", reading)
    run("audit run -q")
    assert "weights.npz" in read, "the release has its converted form only"
    assert not read & {"0.json", "1.json", "2.json"}
