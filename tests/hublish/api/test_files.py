"""The files to upload, with the reason for each excluded one."""

import hashlib
import subprocess
from pathlib import Path

import hublish

RELEASED = ["config.json", "data/big.bin", "hub.yaml", "model.safetensors"]


def test_files_lists_the_files_to_upload_and_the_reason_for_each_excluded_one(manifest: Path) -> None:
    release = hublish.files(manifest)
    assert [file.path_in_repo for file in release.files] == RELEASED
    assert [(item.path_in_repo, item.verdict.rule) for item in release.excluded] == [
        ("data/note.tmp", "patterns.ignore_patterns[0]: *.tmp")
    ]
    config = release.files[0]
    assert config.sha256 == hashlib.sha256(b'{"hidden": 3}').hexdigest()
    assert (
        config.blob_id
        == subprocess.run(["git", "hash-object", "--stdin"], input=b'{"hidden": 3}', capture_output=True, check=True)
        .stdout.decode()
        .strip()
    )


def test_files_are_the_same_from_run_to_run(manifest: Path) -> None:
    first, second = ([(file.path_in_repo, file.sha256) for file in hublish.files(manifest).files] for _ in range(2))
    assert first == second


def test_warnings_have_the_line_of_their_field(manifest: Path) -> None:
    text = manifest.read_text().partition("card:")[0]
    manifest.write_text(f"{text}card:\n  metadata: {{license: mit, emoji: x, pipeline_tag: nothing-like-it}}\n")
    found = [problem for problem in hublish.files(manifest).warnings if problem.path == "card.metadata.pipeline_tag"]
    assert [problem.location and problem.location.line for problem in found] == [text.count("\n") + 2]
