"""A waiver covers one rule in one file, whatever a path looks like, and one without effect is an error."""

import os
import random
from pathlib import Path
from typing import Any

import pytest

from hublish.base.content import Identity, OnDisk
from hublish.base.errors import PolicyError
from hublish.base.values import Release
from hublish.pipeline.seal.seal import Seal
from hublish.schemas.diagnose.problems import Problem
from tests.hublish.audit.payloads import call
from tests.pipeline.staging import project_in, staged
from tests.planted_tokens import TOKENS

TOKEN = TOKENS["huggingface-token"](random.Random(7))
SECRET = f"a\ntoken = '{TOKEN}'\n".encode()
PICKLE = call()


def waiver(rule: str, path: str, reason: str = "for a test") -> dict[str, str]:
    return {"rule": rule, "path_in_repo": path, "reason": reason}


def sealed(folder: Path, files: dict[str, Any], *waivers: dict[str, str], **policy: Any) -> Release:
    project = project_in(folder, policy={**policy, "waivers": waivers})
    return Seal().run(staged(project, files))


def refused(folder: Path, files: dict[str, Any], *waivers: dict[str, str], **policy: Any) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in problems(folder, files, *waivers, **policy)]


def problems(folder: Path, files: dict[str, Any], *waivers: dict[str, str], **policy: Any) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as caught:
        sealed(folder, files, *waivers, **policy)
    return caught.value.problems


def sparse(folder: Path, name: str, size: int) -> OnDisk:
    path = folder / name
    with path.open("wb") as stream:
        os.truncate(stream.fileno(), size)
    return OnDisk(path, Identity.of(path.stat()))


@pytest.mark.parametrize(
    ("rule", "name", "data"),
    [
        ("policy.secret", "a.txt", SECRET),
        ("policy.pickle", "a.bin", PICKLE),
        ("policy.empty", "a.safetensors", b""),
        ("policy.portability", "aux.txt", b"text"),
    ],
    ids=["secret", "pickle", "empty", "portability"],
)
@pytest.mark.parametrize("level", ["forbid", "warn"])
def test_a_waived_finding_is_kept_with_its_reason_and_refuses_nothing(
    tmp_path: Path, rule: str, name: str, data: bytes, level: str
) -> None:
    release = sealed(tmp_path, {name: data}, waiver(rule, name), pickle=level, secrets=level)
    (one,) = release.waived
    assert (one.problem.code, one.path_in_repo, one.reason) == (rule, name, "for a test")
    assert release.warnings == ()


def test_every_secret_of_a_waived_file_is_listed(tmp_path: Path) -> None:
    release = sealed(tmp_path, {"a.txt": SECRET + SECRET}, waiver("policy.secret", "a.txt"))
    assert [one.problem.location and one.problem.location.line for one in release.waived] == [2, 4]


def test_a_waiver_of_one_rule_leaves_the_others(tmp_path: Path) -> None:
    both = b"# " + SECRET + PICKLE
    assert refused(tmp_path, {"a.bin": both}, waiver("policy.secret", "a.bin")) == [("policy.pickle", "a.bin")]


def test_a_waiver_of_the_size_reads_the_file_and_finds_the_rest(tmp_path: Path) -> None:
    files = {"a.txt": SECRET}
    assert refused(tmp_path, files, max_file_size=10) == [("policy.size", "a.txt")]
    assert refused(tmp_path, files, waiver("policy.size", "a.txt"), max_file_size=10) == [("policy.secret", "a.txt")]
    both = (waiver("policy.size", "a.txt"), waiver("policy.secret", "a.txt"))
    assert len(sealed(tmp_path, files, *both, max_file_size=10).waived) == 2


def test_the_limit_of_the_hub_is_never_waived_and_the_file_is_not_read(tmp_path: Path) -> None:
    huge = sparse(tmp_path, "a.raw", 600 * 10**9)
    assert refused(tmp_path, {"a.raw": huge}, waiver("policy.size", "a.raw")) == [("policy.size", "a.raw")]


@pytest.mark.parametrize(
    "path",
    [
        *("A.txt", "a.TXT", "a.txt.", "b/a.txt", "a.tx", "*", "a.*", "?.txt", "[a].txt"),
        *("caf\u00e9.txt", "a\u200b.txt", "\u0430.txt"),
    ],
)
def test_a_path_that_only_resembles_the_file_waives_nothing(tmp_path: Path, path: str) -> None:
    found = refused(tmp_path, {"a.txt": SECRET}, waiver("policy.secret", path))
    assert sorted(found) == [("policy.secret", "a.txt"), ("policy.unused_waiver", "policy.waivers[0]")]


def test_another_unicode_form_of_a_name_is_another_file(tmp_path: Path) -> None:
    composed, decomposed = "caf\u00e9.txt", "cafe\u0301.txt"
    found = refused(tmp_path, {decomposed: SECRET}, waiver("policy.secret", composed))
    assert ("policy.secret", decomposed) in found
    assert ("policy.unused_waiver", "policy.waivers[0]") in found


def test_a_secret_in_a_name_or_in_the_message_of_the_commit_is_never_waived(tmp_path: Path) -> None:
    masked = waiver("policy.secret", "\u2026/a.txt")
    assert ("policy.secret", "\u2026/a.txt") in refused(tmp_path, {f"{TOKEN}/a.txt": b"a"}, masked)
    # A file with the name of the field of the manifest.
    message = {"repo_id": "a/b", "commit_message": f"use {TOKEN}"}
    project = project_in(tmp_path, repo=message, policy={"waivers": [waiver("policy.secret", "repo.commit_message")]})
    with pytest.raises(PolicyError) as caught:
        Seal().run(staged(project, {"repo.commit_message": SECRET}))
    assert [one.code for one in caught.value.problems] == ["policy.secret"]


@pytest.mark.parametrize(
    ("one", "policy", "message", "hint"),
    [
        (waiver("policy.secret", "b.txt"), {}, "no file of the release has the path 'b.txt'", "did you mean 'a.txt'?"),
        (waiver("policy.secret", "x/*"), {}, "no file of the release has the path 'x/*'", "name the path_in_repo of"),
        (waiver("policy.pickle", "a.txt"), {}, "'a.txt' has no finding of policy.pickle", "remove the waiver"),
        (waiver("policy.secret", "a.txt"), {"secrets": "allow"}, "policy.secrets is `allow`", "remove the waiver"),
        (waiver("policy.size", "a.txt"), {}, "'a.txt' needs no waiver", "remove the waiver"),
        (waiver("policy.empty", "a.txt"), {}, "'a.txt' has no finding of policy.empty", "remove the waiver"),
    ],
)
def test_a_waiver_without_effect_is_an_error_that_names_it(
    tmp_path: Path, one: dict[str, str], policy: dict[str, Any], message: str, hint: str
) -> None:
    good = {"a.txt": b"nothing"}
    (problem,) = problems(tmp_path, good, one, **policy)
    assert (problem.code, problem.path, problem.severity) == ("policy.unused_waiver", "policy.waivers[0]", "error")
    assert problem.message.startswith(message)
    assert problem.hint.startswith(hint)


def test_the_hint_names_the_file_in_another_folder_first_and_many_waivers_take_little_time(tmp_path: Path) -> None:
    files = {"deep/er/sample.txt": b"a", **{f"data/{number:04}.txt": b"a" for number in range(300)}}
    many = [waiver("policy.secret", f"nothing/like/{number:04}.csv") for number in range(900)]
    found = problems(tmp_path, files, waiver("policy.secret", "sample.txt"), *many)
    assert found[0].hint == "did you mean 'deep/er/sample.txt'?"
    assert {one.code for one in found} == {"policy.unused_waiver"}
    assert len(found) == 901
