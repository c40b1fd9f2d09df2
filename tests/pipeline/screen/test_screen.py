"""Screening checks a release before a byte of it is read."""

import itertools
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from hublish.base.content import Content, Identity, InMemory, OnDisk
from hublish.base.errors import PolicyError
from hublish.base.values import Collection, Origin, Project, Staged, StagedFile
from hublish.pipeline.screen.screen import Screen, screen_problems
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.manifest import Manifest
from tests.pipeline.staging import project_in, staged

_serial = itertools.count()


def sized(size: int) -> OnDisk:
    """A file that does not exist: screening opens none."""
    return OnDisk(Path(f"/nowhere/{next(_serial)}"), Identity(1, 1, size, 1, 1))


def outline(files: dict[str, int], **fields: object) -> Staged:
    """A release with these files, each with an artifact of its own unless `artifacts` is given."""
    artifacts = fields.pop("artifacts", None) or [{"source": path} for path in files] or [{"source": "x"}]
    manifest = Manifest.model_validate({"repo": {"repo_id": "acme/x"}, "artifacts": artifacts, **fields})
    project = Project(manifest, b"", Path("/nowhere"))
    last = len(manifest.artifacts) - 1
    staged = [
        StagedFile(path, sized(size), Origin(min(index, last), path, "copy"))
        for index, (path, size) in enumerate(files.items())
    ]
    return Staged(Collection(project, ()), tuple(staged))


def refused(staged: Staged) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as caught:
        Screen().run(staged)
    return caught.value.problems


def places(problems: Iterable[Problem]) -> list[tuple[str, str]]:
    return [(problem.code, problem.path) for problem in problems]


def test_a_valid_release_passes_unchanged() -> None:
    staged = outline({"a.bin": 10, "b/c.json": 0})
    assert Screen().run(staged) == staged


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (60 * 10**9, "60.0 GB is larger than policy.max_file_size, 50.0 GB"),
        (600 * 10**9, "600.0 GB is larger than the Hub's limit of 500.0 GB a file"),
    ],
)
def test_a_file_over_a_limit_is_reported_at_its_artifact(size: int, message: str) -> None:
    (only,) = refused(outline({"small.bin": 1, "big.bin": size}))
    assert (only.code, only.path) == ("policy.size", "artifacts[1].source")
    assert only.message == f"'big.bin': {message}"
    assert only.hint


def test_a_file_of_600_gigabytes_on_the_disk_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "big.bin").open("wb") as file:
        os.truncate(file.fileno(), 600 * 10**9)
    staged = outline({"big.bin": 1})
    content = OnDisk(tmp_path / "big.bin", Identity.of((tmp_path / "big.bin").stat()))
    (only,) = refused(Staged(staged.collection, (StagedFile("big.bin", content, Origin(0, "big.bin", "copy")),)))
    assert only.code == "policy.size"


def test_the_size_of_a_converted_file_is_not_known_yet() -> None:
    artifacts = [{"source": "model.pt", "serializer": "safetensors"}]
    assert Screen().run(outline({"model.safetensors": 600 * 10**9}, artifacts=artifacts)).warnings == ()


def test_a_large_file_is_a_warning() -> None:
    (warning,) = Screen().run(outline({"big.bin": 210 * 10**9}, policy={"max_file_size": "400GB"})).warnings
    assert (warning.code, warning.path, warning.severity) == ("policy.size", "artifacts[0].source", "warning")


def test_a_folder_may_have_10_000_entries() -> None:
    names = [f"data/{number}.png" for number in range(10_001)]
    artifacts = [{"source": "x"}, {"source": "images", "path_in_repo": "data/"}]
    assert Screen().run(outline(dict.fromkeys(names[1:], 1), artifacts=artifacts)).warnings == ()
    (only,) = refused(outline(dict.fromkeys(["x", *names], 1), artifacts=artifacts))
    assert places([only]) == [("policy.count", "artifacts[1].path_in_repo")]
    assert only.message == "'data/': 10,001 entries in one folder; the Hub's limit is 10,000"


def test_the_root_is_a_folder_too() -> None:
    (only,) = refused(outline(dict.fromkeys(map(str, range(10_001)), 1), artifacts=[{"source": "."}]))
    assert places([only]) == [("policy.count", "artifacts[0].source")]


def test_more_files_than_the_hub_advises_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hublish.audit.path_audit.REPO_ADVICE", 1000)
    names = (f"{number % 50}/{number}.png" for number in range(1001))
    (only,) = Screen().run(outline(dict.fromkeys(names, 1), artifacts=[{"source": "."}])).warnings
    assert (only.code, only.path, only.severity) == ("policy.count", "artifacts", "warning")


@pytest.mark.parametrize(
    ("one", "two", "why"),
    [
        ("A.bin", "a.bin", "case-insensitive collision"),
        ("caf\u00e9", "cafe\u0301", "Unicode-normalization collision"),
        ("a", "a/b", "target collision"),
    ],
)
def test_names_that_collide_show_both_places(one: str, two: str, why: str) -> None:
    for first, second in ((one, two), (two, one)):
        (only,) = refused(outline({first: 1, second: 1}))
        assert places([only]) == [("policy.collision", "artifacts[1].source")]
        both = f"{first!a} and {second!a}"  # names that look alike are written as code points
        assert only.message.startswith(f"{both}: {why}")
        assert [(each.path, each.message) for each in only.related] == [
            ("artifacts[0].source", f"'{first}' comes from here")
        ]


def test_names_the_policy_denies_are_refused() -> None:
    problems = refused(outline({"a.log": 1, ".git/x": 1, "ok": 1}, policy={"deny_patterns": ["*.log"]}))
    assert places(problems) == [
        *[("policy.name", "artifacts[1].source"), ("policy.denied", "artifacts[1].source")],
        ("policy.denied", "artifacts[0].source"),
    ]


def test_a_name_that_windows_refuses_is_a_warning() -> None:
    (only,) = Screen().run(outline({"aux.txt": 1})).warnings
    assert (only.code, only.path, only.severity) == ("policy.portability", "artifacts[0].source", "warning")


@pytest.mark.parametrize("field", ["commit_message", "commit_description"])
def test_a_secret_in_the_commit_message_is_refused(field: str) -> None:
    token = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
    (only,) = refused(outline({"a": 1}, repo={"repo_id": "acme/x", field: f"by {token}"}))
    assert places([only]) == [("policy.secret", f"repo.{field}")]
    assert token not in str(only)


def test_a_secret_in_a_file_name_is_reported_at_its_artifact() -> None:
    token = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
    (only,) = refused(outline({"a": 1, f"{token}/b": 1}))
    assert places([only]) == [("policy.secret", "artifacts[1].source")]
    assert token not in str(only)


def test_the_manifest_itself_has_no_artifact() -> None:
    staged = outline({"HUB.yaml": 1})
    manifest = StagedFile("hub.yaml", InMemory(b"x"), Origin(None, "hub.yaml", "copy"))
    (only,) = refused(Staged(staged.collection, (manifest, *staged.files)))
    assert (only.path, only.related[0].path) == ("artifacts[0].source", "artifacts")


def test_a_load_plan_that_fetches_nothing_is_refused() -> None:
    patterns = ["*.safetensors", "confg.json", "README.md"]
    staged = outline({"model.safetensors": 9, "config.json": 9}, load={"allow_patterns": patterns}, card={})
    (only,) = refused(staged)
    assert places([only]) == [("source.pattern", "load.allow_patterns[1]")]


def test_converted_files_may_get_the_names_in_the_load_plan() -> None:
    artifacts = [{"source": "model.pt", "serializer": "safetensors"}]
    staged = outline({"model.safetensors": 9}, artifacts=artifacts, load={"allow_patterns": ["model-*.safetensors"]})
    (only,) = Screen().run(staged).warnings
    assert (only.path, only.severity) == ("load.allow_patterns[0]", "warning")


@pytest.mark.parametrize(
    ("rules", "dropped"),
    [
        (b"*.bin\n", [("a.bin' and 1 more", 1)]),
        (b"# all\nm/\n*.json\n", [("c.json", 3), ("m/.gitignore' and 1 more", 2)]),
        (b"*.bin\n!a.bin\n", [("m/b.bin", 1)]),
        (b"*\n!*.bin\n!m/\n!.gitignore\n", [("README.md' and 1 more", 1)]),
        (b"/b.bin\n", []),
        (b"*.pt\n", []),
        (b"", []),
    ],
)
def test_files_that_the_own_gitignore_drops_are_refused(
    rules: bytes, dropped: list[tuple[str, int]], tmp_path: Path
) -> None:
    project = project_in(tmp_path, card={"metadata": {"license": "mit"}})
    files: dict[str, Content | bytes] = {".gitignore": rules, "a.bin": b"x", "m/b.bin": b"x", "c.json": b"{}"}
    files["m/.gitignore"] = b"*\n"  # the Hub reads the one at the root
    found = [one for one in screen_problems(staged(project, files)) if one.code == "plan.remote_ignored"]
    assert [(one.message.split(":")[0].lstrip("'"), one.location and one.location.line) for one in found] == [
        (f"{name}'" if "'" not in name else name, line) for name, line in dropped
    ]
    assert all(one.severity == "error" and one.path == "artifacts[0].source" for one in found)
