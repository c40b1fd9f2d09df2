"""A plan as a page: what it reads, what it refuses, and the digest by which a release is compared with it."""

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

import hublish
from hublish.api.reviewed_plan import read_reviewed
from hublish.base.errors import PlanStaleError, PolicyError
from hublish.pipeline.lock.plan_digest import plan_digest, recorded_digest, with_digest
from hublish.pipeline.lock.records import plan_document, plan_pieces
from tests.faults.projects import Release


def digest_in(release: Release) -> list[str]:
    """Return the digests that the commits of a repo record, the newest first."""
    commits = release.api.list_repo_commits(release.repo_id)
    return [found[1] for commit in commits if (found := re.search("Hublish-Plan: ([0-9a-f]{64})", commit.message))]


def review(release: Release, **options: Any) -> hublish.Review:
    return hublish.review(release.manifest, endpoint=release.proxy.endpoint, token=release.hub.token, **options)


def test_the_digest_on_the_page_is_that_of_the_plan_file_and_of_the_release(release: Release, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(b"".join(plan_pieces(release.plan())))
    shown = review(release, plan=path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert shown.plan_sha256 == digest == review(release).plan_sha256
    assert shown.html.count(digest) == 2
    receipt = release.publish(plan=path)
    assert receipt.plan.sha256 == digest
    assert digest_in(release) == [digest]
    verified = hublish.verify(release.manifest, endpoint=release.proxy.endpoint, token=release.hub.token)
    assert verified.plan_sha256 == digest


def test_a_plan_is_read_once_so_that_it_may_come_from_a_pipe(release: Release) -> None:
    text = b"".join(plan_pieces(release.plan()))
    source, sink = os.pipe()
    with open(sink, "wb") as stream:
        stream.write(text)
    try:
        reviewed = read_reviewed(f"/dev/fd/{source}")
    finally:
        os.close(source)
    assert reviewed is not None
    assert reviewed.sha256 == hashlib.sha256(text).hexdigest()


FORMS: dict[str, Callable[[hublish.Plan], Any]] = {
    "plan": lambda plan: plan,
    "document": plan_document,
    "none": lambda _: None,
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_plan_has_the_digest_of_its_file(release: Release, form: str) -> None:
    plan = release.plan()
    assert plan_digest(plan) == plan_digest(plan_document(plan))
    release.publish(plan=FORMS[form](plan))
    assert digest_in(release) == [plan_digest(plan)]


def test_a_release_in_parts_records_its_digest(release: Release) -> None:
    release.declare(files_per_commit=1)
    digest = release.publish().plan.sha256
    verified = hublish.verify(release.manifest, endpoint=release.proxy.endpoint, token=release.hub.token)
    assert verified.plan_sha256 == digest is not None


def test_the_digest_of_an_older_release_is_never_taken_for_a_newer_one() -> None:
    def trailer(digit: str) -> str:
        return f"text\n\nHublish-Plan: {digit * 64}"

    assert recorded_digest({"c": trailer("1"), "b": trailer("2")}) == "1" * 64
    assert recorded_digest({"c": "Merge", "b": trailer("2"), "a": trailer("3")}) == "2" * 64
    assert recorded_digest({"c": "Merge", "b": "x", "a": trailer("3")}) is None
    assert recorded_digest({}) is None


DESCRIPTIONS = {
    "": "Hublish-Plan: {}",
    "Trained twice.": "Trained twice.\n\nHublish-Plan: {}",
    "Why.\n\nHublish-Card: x": "Why.\n\nHublish-Card: x\nHublish-Plan: {}",
    "Hublish-Card: x": "Hublish-Card: x\nHublish-Plan: {}",
}


@pytest.mark.parametrize(("text", "expected"), DESCRIPTIONS.items())
def test_the_record_is_one_of_the_last_lines_of_the_message(release: Release, text: str, expected: str) -> None:
    plan = release.plan()
    plan = with_digest(replace(plan, target=replace(plan.target, commit_description=text)), "e" * 64)
    assert plan.target.commit_description == expected.format("e" * 64)


def test_a_plan_that_makes_no_commit_keeps_its_message(release: Release) -> None:
    release.publish()
    plan = with_digest(release.plan(), "e" * 64)
    assert "Hublish-Plan" not in plan.target.commit_description


def test_the_page_has_the_changes_inside_of_files_without_downloading_weights(release: Release) -> None:
    weights = {"layer.weight": np.zeros((200, 500), np.float32)}
    (release.folder / "model.safetensors").write_bytes(save(weights))
    release.declare(sources=("config.json", "model.safetensors", "README.md"))
    (release.folder / "README.md").write_text("---\nlicense: mit\n---\n\n# Digits\n\nA small network.\n")
    release.publish()
    (release.folder / "model.safetensors").write_bytes(
        save({"layer.weight": weights["layer.weight"].astype(np.float16)})
    )
    (release.folder / "config.json").write_text('{"layers": 4}\n')
    (release.folder / "README.md").write_text("---\nlicense: mit\n---\n\n# Digits\n\nA tiny network.\n")
    html = review(release).html
    assert "F32 [200, 500]" in html
    assert "F16 [200, 500]" in html
    assert re.search(r"<del>3</del></td><td><ins>4</ins>", html)
    assert "<p>A small network.</p>" in html
    assert "<p>A tiny network.</p>" in html


def test_the_same_plan_gives_the_same_bytes(release: Release) -> None:
    assert review(release).html == review(release).html


def test_a_stale_plan_is_refused(release: Release) -> None:
    plan = release.plan()
    (release.folder / "config.json").write_text("{}")
    with pytest.raises(PlanStaleError):
        review(release, plan=plan)


def test_a_release_that_breaks_its_policy_has_no_page(release: Release) -> None:
    (release.folder / "config.json").write_bytes(b"\x80\x04\x8c\x05posix\x8c\x06system\x93\x8c\x02ls\x85R.")
    with pytest.raises(PolicyError):
        review(release)
