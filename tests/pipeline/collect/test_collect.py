"""Collect: every file has a verdict, and the problems of all sources are reported at once."""

import os
from pathlib import Path

import pytest

from hublish.base.errors import SourceError
from hublish.base.values import Collection, Project
from hublish.pipeline.collect.collect import Collect
from hublish.schemas.diagnose.problems import MAX_PROBLEMS
from hublish.schemas.documents.manifest import Manifest


def collect(folder: Path, **manifest: object) -> Collection:
    model = Manifest.model_validate({"repo": {"repo_id": "acme/x"}, **manifest})
    return Collect().run(Project(model, b"# as written", folder))


def verdicts(collection: Collection) -> dict[str, str]:
    return {item.path_in_repo: item.verdict.rule for item in collection.candidates}


def included(collection: Collection) -> list[str]:
    return [item.path_in_repo for item in collection.included]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("model.npz", "config.json", "notes.tmp", "data/a.csv", "data/b.csv", "data/.env", "hub.lock"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    return tmp_path


def test_every_file_of_a_folder_is_considered_with_the_rule_that_decided(folder: Path) -> None:
    collection = collect(folder, artifacts=[{"source": "."}], patterns={"ignore_patterns": ["*.tmp", "data/b*"]})
    assert verdicts(collection) == {
        "config.json": "artifacts[0].source: .",
        "data/.env": "denied by default: .env",
        "data/a.csv": "artifacts[0].source: .",
        "data/b.csv": "patterns.ignore_patterns[1]: data/b*",
        "hub.lock": "hub.lock records the release and is not part of it",
        "hub.yaml": "the manifest is published as written",
        "model.npz": "artifacts[0].source: .",
        "notes.tmp": "patterns.ignore_patterns[0]: *.tmp",
    }
    assert included(collection) == ["config.json", "data/a.csv", "hub.yaml", "model.npz"]


def test_only_files_that_match_an_allow_pattern_are_uploaded_and_always_the_manifest(folder: Path) -> None:
    collection = collect(folder, artifacts=[{"source": "."}], patterns={"allow_patterns": ["*.csv"]})
    assert included(collection) == ["data/a.csv", "data/b.csv", "hub.yaml"]
    assert verdicts(collection)["config.json"] == "patterns.allow_patterns: none matches"


def test_a_converted_file_gets_the_ending_of_its_format(folder: Path) -> None:
    collection = collect(folder, artifacts=[{"source": "*.npz", "serializer": "safetensors"}])
    assert included(collection) == ["hub.yaml", "model.safetensors"]


def test_a_converted_file_with_a_given_name_keeps_it(folder: Path) -> None:
    artifact = {"source": "model.npz", "serializer": "safetensors", "path_in_repo": "w/m.safetensors"}
    assert included(collect(folder, artifacts=[artifact])) == ["hub.yaml", "w/m.safetensors"]


def test_the_same_file_collected_twice_counts_once(folder: Path) -> None:
    artifacts = [{"source": "config.json"}, {"source": "*.json"}]
    assert included(collect(folder, artifacts=artifacts)) == ["config.json", "hub.yaml"]


def test_the_manifest_collected_by_a_folder_is_the_manifest(folder: Path) -> None:
    (folder / "hub.yaml").write_text("not the manifest")
    collection = collect(folder, artifacts=[{"source": "."}])
    assert included(collection).count("hub.yaml") == 1


def test_all_problems_come_at_once_with_their_paths(folder: Path) -> None:
    (folder / "link").symlink_to("config.json")
    (folder / "out").symlink_to("/etc/passwd")
    (folder / "dangling").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    artifacts = [
        {"source": "modle.npz"},
        {"source": "link"},
        {"source": "out"},
        {"source": "dangling"},
        {"source": "pipe"},
        {"source": "data/.env"},
        {"source": "config.json", "serializer": "safetensor"},
        {"source": "model.npz", "serializer": "safetensors", "options": {"max_shard": "1GB"}},
        {"source": "data/a.csv", "path_in_repo": "same"},
        {"source": "data/b.csv", "path_in_repo": "same"},
    ]
    with pytest.raises(SourceError) as caught:
        collect(folder, artifacts=artifacts, patterns={"allow_patterns": ["*", "*.gguf"]})
    assert [(problem.code, problem.path) for problem in caught.value.problems] == [
        ("source.missing", "artifacts[0].source"),
        ("serializer.unknown", "artifacts[6].serializer"),
        ("serializer.unknown_option", "artifacts[7].options.max_shard"),
        ("source.symlink", "artifacts[1].source"),
        ("source.symlink", "artifacts[2].source"),
        ("source.symlink", "artifacts[3].source"),
        ("source.not_a_file", "artifacts[4].source"),
        ("source.denied", "artifacts[5].source"),
        ("source.pattern", "patterns.allow_patterns[1]"),
        ("source.collision", "artifacts[9].path_in_repo"),
    ]
    assert all(problem.hint for problem in caught.value.problems)


def test_of_a_thousand_missing_sources_a_hundred_are_searched(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=f"{MAX_PROBLEMS} problems") as caught:
        collect(tmp_path, artifacts=[{"source": f"missing-{number}"} for number in range(1_000)])
    assert len(caught.value.problems) == MAX_PROBLEMS


def test_of_a_thousand_links_the_first_hundred_are_shown(tmp_path: Path) -> None:
    for number in range(1_000):
        (tmp_path / f"{number}.bin").symlink_to("nowhere")
    with pytest.raises(SourceError, match="1000 problems with the sources; the first 100 are shown") as caught:
        collect(tmp_path, artifacts=[{"source": "."}])
    assert len(caught.value.problems) == MAX_PROBLEMS


LINKS = {
    "to a file inside": ("config.json", "is a symlink"),
    "to a folder": ("data", "is a symlink to a folder"),
    "to nowhere": ("nowhere", "is a dangling symlink"),
    "to itself": ("link", "is a dangling symlink"),
    "out of the folder": ("/etc/passwd", "is a symlink that leaves the manifest's folder"),
    "out and back in": ("../repo/config.json", "is a symlink"),
}


@pytest.mark.parametrize("case", LINKS)
def test_each_kind_of_link_is_refused_with_its_own_reason(case: str, tmp_path: Path) -> None:
    target, message = LINKS[case]
    folder = tmp_path / "repo"
    (folder / "data").mkdir(parents=True)
    (folder / "config.json").touch()
    (folder / "link").symlink_to(target)
    with pytest.raises(SourceError) as caught:
        collect(folder, artifacts=[{"source": "link"}])
    assert [problem.message for problem in caught.value.problems] == [f"'link' {message}"]


@pytest.mark.parametrize(
    ("target", "hint"),
    [
        ("data", "list the folder as a source of its own: data/"),
        ("nowhere", "remove the link"),
        ("link", "remove the link"),
        ("/etc/passwd", "replace the link by a copy"),
        ("/etc", "replace the link by a copy"),
        ("pipe", "remove the link"),
    ],
)
def test_a_hint_never_suggests_a_policy_that_is_set_already(target: str, hint: str, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "link").symlink_to(target)
    with pytest.raises(SourceError) as caught:
        collect(folder, artifacts=[{"source": "link"}], policy={"symlinks": "follow"})
    (only,) = caught.value.problems
    assert hint in only.hint
    assert "policy.symlinks" not in only.hint


def test_a_link_inside_the_folder_is_followed_if_the_policy_allows_it(folder: Path) -> None:
    (folder / "link.json").symlink_to("config.json")
    collection = collect(folder, artifacts=[{"source": "link.json"}], policy={"symlinks": "follow"})
    (link,) = (item for item in collection.included if item.path_in_repo == "link.json")
    assert getattr(link.content, "path", None) == (folder / "config.json").resolve()


def test_following_never_leaves_the_folder(folder: Path) -> None:
    (folder / "out").symlink_to("/etc/passwd")
    with pytest.raises(SourceError, match="leaves the manifest's folder"):
        collect(folder, artifacts=[{"source": "out"}], policy={"symlinks": "follow"})


def test_an_ignored_file_may_be_a_link_or_a_pipe(folder: Path) -> None:
    (folder / "out").symlink_to("/etc/passwd")
    os.mkfifo(folder / "pipe")
    collection = collect(folder, artifacts=[{"source": "."}], patterns={"ignore_patterns": ["out", "pipe"]})
    assert {"out", "pipe"}.isdisjoint(included(collection))


def test_an_ignore_pattern_that_matches_nothing_is_a_warning(folder: Path) -> None:
    collection = collect(folder, artifacts=[{"source": "."}], patterns={"ignore_patterns": ["*.bak"]})
    assert [(problem.severity, problem.message) for problem in collection.warnings] == [
        ("warning", "pattern '*.bak' matched nothing")
    ]


def test_values_in_memory_replace_a_source(folder: Path) -> None:
    manifest = Manifest.model_validate(
        {"repo": {"repo_id": "acme/x"}, "artifacts": [{"source": "m.safetensors", "serializer": "safetensors"}]}
    )
    project = Project(manifest, b"", folder, objects={"m.safetensors": {"w": 1}})
    (item,) = (item for item in Collect().run(project).included if item.artifact == 0)
    assert (item.source, item.content, item.value) == ("<memory>", None, {"w": 1})
