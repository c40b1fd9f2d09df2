"""Any path is explained rule by rule, with lines; with `remote`, by the Hub's own .gitignore too."""

import os
from pathlib import Path

import pytest
from huggingface_hub import HfApi

import hublish
from hublish.base.errors import OfflineError
from hublish.base.values import Action, Effect, Step
from hublish.base.values.explanation import Explanation, Fate, Outcome, Taken


@pytest.fixture(autouse=True)
def in_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are looked for below the current folder first."""
    monkeypatch.chdir(folder)


def explained(manifest: Path, path: str | Path, **remote: object) -> Explanation:
    (only,) = hublish.explain(manifest, path, **remote).explanations  # type: ignore[arg-type]  # as the tests give it
    return only


def only_fate(manifest: Path, path: str | Path) -> Fate:
    (fate,) = explained(manifest, path).fates
    return fate


def steps(fate: Fate, effect: Effect) -> list[Step]:
    return [step for step in fate.steps if step.effect is effect]


def told(step: Step) -> tuple[str, str]:
    return step.text, str(step.location)


def test_an_included_file_shows_its_result_and_whether_loading_needs_it(manifest: Path) -> None:
    fate = only_fate(manifest, "runs/config.json")
    assert (fate.outcome, fate.path_in_repo, fate.serializer) == (Outcome.IN, ("config.json",), "copy")
    assert told(fate.decisive) == ("artifacts[1].source: runs/*.json", f"{manifest}:10:13")
    assert fate.loading is not None
    assert told(fate.loading) == ("load.allow_patterns[1]: config.json", f"{manifest}:17:37")


def test_a_file_that_is_out_tells_the_line_that_keeps_it_out(manifest: Path) -> None:
    fate = only_fate(manifest, "data/note.tmp")
    assert fate.outcome is Outcome.OUT
    assert told(fate.decisive) == ("patterns.ignore_patterns[0]: *.tmp", f"{manifest}:14:21")
    assert fate.loading is None


def test_a_path_in_the_repo_shows_its_source(manifest: Path) -> None:
    found = explained(manifest, "model.safetensors")
    assert (found.taken, found.outcome) == (Taken.PATH_IN_REPO, Outcome.IN)
    assert [(fate.source, fate.serializer, fate.more) for fate in found.fates] == [
        ("runs/model.npz", "safetensors", "")
    ]
    assert [step.rule for step in steps(found.fates[0], Effect.LATER)] == ["policy"]


def test_a_file_that_may_become_shards_is_marked(manifest: Path) -> None:
    text = manifest.read_text().replace(
        "serializer: safetensors\n", "serializer: safetensors\n    options: {max_shard_size: 1KB}\n", 1
    )
    manifest.write_text(text)
    more = only_fate(manifest, "runs/model.npz").more
    assert more == "or, above 1.0 KB, shards such as model-00001-of-00002.safetensors with model.safetensors.index.json"


@pytest.mark.parametrize("path", ["model-00002-of-00003.safetensors", "model.safetensors.index.json"])
def test_a_shard_is_explained_by_its_source(manifest: Path, path: str) -> None:
    assert explained(manifest, path).outcome is Outcome.ABSENT
    text = manifest.read_text()
    sharded = "serializer: safetensors\n    options: {max_shard_size: 1KB}\n"
    manifest.write_text(text.replace("serializer: safetensors\n", sharded, 1))
    assert only_fate(manifest, path).source == "runs/model.npz"


def test_a_gitignore_that_is_a_pipe_is_refused_and_not_waited_for(manifest: Path) -> None:
    os.mkfifo(manifest.parent / ".gitignore")
    manifest.write_text(manifest.read_text().replace("  - source: data\n", "  - source: .gitignore\n"))
    assert explained(manifest, "runs/config.json").outcome is Outcome.IN
    assert explained(manifest, ".gitignore").outcome is Outcome.REFUSED


def test_a_name_of_a_file_that_is_also_a_path_in_the_repo_is_explained_twice(manifest: Path) -> None:
    (manifest.parent / "config.json").write_text("{}")
    found = explained(manifest, "config.json")
    assert [(fate.taken, fate.source, fate.outcome) for fate in found.fates] == [
        (Taken.FILE, "config.json", Outcome.OUT),
        (Taken.PATH_IN_REPO, "runs/config.json", Outcome.IN),
    ]


def test_a_path_is_looked_for_where_it_was_typed(manifest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(manifest.parent / "runs")
    assert explained(manifest, "config.json").path == "runs/config.json"
    assert explained(manifest, "runs/config.json").path == "runs/config.json"
    assert explained(manifest, manifest.parent / "runs" / "config.json").path == "runs/config.json"
    assert explained(manifest, "..").path == "."


def test_a_folder_tells_every_file_in_it(manifest: Path) -> None:
    found = explained(manifest, "data/")
    assert (found.taken, found.outcome) == (Taken.FOLDER, Outcome.IN)
    assert [(file.path, file.outcome) for file in found.files] == [
        ("data/big.bin", Outcome.IN),
        ("data/note.tmp", Outcome.OUT),
    ]


def test_a_folder_of_the_repo_tells_every_path_in_it(manifest: Path) -> None:
    manifest.write_text(manifest.read_text().replace("path_in_repo: data", "path_in_repo: deep/data"))
    found = explained(manifest, "deep")
    assert [(file.path, file.fates[0].source) for file in found.files] == [
        ("deep/data/big.bin", "data/big.bin"),
        ("deep/data/note.tmp", "data/note.tmp"),
    ]


MISSED = {
    "runs/deep/a.json": (
        "artifacts[1].source: runs/*.json",
        "`*` stops at `/`; runs/**/*.json would match",
    ),
    "runs/a.txt": ("artifacts[1].source: runs/*.json", "`*.json` does not match `a.txt`"),
    "other/a.json": ("artifacts[1].source: runs/*.json", "`runs` does not match `other`"),
    "runs/model.npy": ("artifacts[0].source: runs/model.npz", "names another file or folder"),
}


@pytest.mark.parametrize("path", MISSED)
def test_a_file_that_no_source_collects_tells_why_each_does_not(manifest: Path, path: str) -> None:
    (manifest.parent / path).parent.mkdir(exist_ok=True)
    (manifest.parent / path).write_text("{}")
    fate = only_fate(manifest, path)
    assert (fate.outcome, fate.decisive.text) == (Outcome.OUT, "none of 3 sources collects it")
    assert ": ".join(MISSED[path]) in [step.text for step in steps(fate, Effect.MISSES)]


@pytest.mark.parametrize("path", [".git/config", "data/.cache/huggingface/x", ".hublish/hub/x", ".git"])
def test_a_folder_that_is_never_entered_is_explained(manifest: Path, path: str) -> None:
    (manifest.parent / path).parent.mkdir(parents=True, exist_ok=True)
    (manifest.parent / path).mkdir() if path == ".git" else (manifest.parent / path).write_text("x")
    fate = only_fate(manifest, path)
    assert fate.outcome is Outcome.OUT
    assert "is never searched" in fate.decisive.text


def test_a_link_and_its_target_are_explained(manifest: Path) -> None:
    (manifest.parent / "data" / "link").symlink_to("../runs")
    for path in ("data/link", "data/link/config.json"):
        fate = only_fate(manifest, path)
        assert (fate.source, fate.outcome) == ("data/link", Outcome.REFUSED)
        assert "is a symlink to a folder" in fate.decisive.text


def test_a_pipe_is_refused_and_does_not_hang(manifest: Path) -> None:
    os.mkfifo(manifest.parent / "data" / "pipe")
    assert "is not a regular file (fifo)" in only_fate(manifest, "data/pipe").decisive.text


def test_a_name_that_begins_with_two_dots_is_a_name(manifest: Path) -> None:
    (manifest.parent / "..notes").write_text("x")
    assert explained(manifest, "..notes").path == "..notes"


def test_a_file_outside_the_folder_is_out(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("x")
    fate = only_fate(manifest, tmp_path / "elsewhere")
    assert (fate.outcome, fate.decisive.rule) == (Outcome.OUT, "outside")


def test_a_path_that_does_not_exist_gets_near_misses(manifest: Path) -> None:
    found = explained(manifest, "config.jsn")
    assert (found.taken, found.outcome) == (Taken.NOTHING, Outcome.ABSENT)
    assert found.near[0] == "config.json"


def test_the_rule_of_the_policy_that_refuses_is_named(manifest: Path) -> None:
    (manifest.parent / "data" / "key.txt").write_text("token: hf_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3f")
    fate = only_fate(manifest, "data/key.txt")
    (step,) = steps(fate, Effect.REFUSES)
    assert (fate.outcome, step.rule, step.path) == (Outcome.REFUSED, "policy.secrets", "policy.secrets")
    assert "aB3dE5gH7j" not in step.text


def test_a_card_and_a_readme_cannot_both_be_in(manifest: Path) -> None:
    (manifest.parent / "runs" / "README.md").write_text("Text.\n")
    text = manifest.read_text().replace("  - source: data\n", "  - source: runs/README.md\n  - source: data\n")
    manifest.write_text(text + "card: {}\n")
    found = explained(manifest, "README.md")
    assert [(fate.source, fate.outcome) for fate in found.fates] == [
        ("runs/README.md", Outcome.REFUSED),
        ("card", Outcome.IN),
    ]


def test_problems_of_other_sources_are_reported_and_do_not_raise(manifest: Path) -> None:
    manifest.write_text(manifest.read_text().replace("source: data", "source: dta"))
    found = hublish.explain(manifest, "runs/config.json")
    assert found.explanations[0].outcome is Outcome.IN
    assert [(problem.code, str(problem.location)) for problem in found.problems] == [
        ("source.missing", f"{manifest}:11:13")
    ]


def test_a_gitignore_in_the_release_tells_its_line(manifest: Path) -> None:
    (manifest.parent / ".gitignore").write_text("# mine\n*.bin\n")
    manifest.write_text(
        manifest.read_text().replace("  - source: data\n", "  - source: .gitignore\n  - source: data\n")
    )
    fate = only_fate(manifest, "data/big.bin")
    assert fate.outcome is Outcome.REFUSED
    assert told(fate.decisive) == (
        ".gitignore:2: *.bin makes the Hub drop the file silently, and hublish refuses to publish that",
        ".gitignore:2:1",
    )


def test_the_gitignore_on_the_hub_counts_with_remote(manifest: Path, api: HfApi) -> None:
    api.create_repo("acme/digits")
    api.upload_file(path_or_fileobj=b"\n\n*.json\n", path_in_repo=".gitignore", repo_id="acme/digits")
    assert explained(manifest, "runs/config.json").outcome is Outcome.IN
    found = explained(manifest, "runs/config.json", remote=True, endpoint="embedded")
    assert found.outcome is Outcome.REFUSED
    assert str(found.fates[0].decisive.location) == "acme/digits/.gitignore:3:1"


def test_without_remote_no_network_is_used(manifest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert explained(manifest, "runs/config.json").outcome is Outcome.IN
    with pytest.raises(OfflineError):
        hublish.explain(manifest, "runs/config.json", remote=True, endpoint="http://127.0.0.1:9")


@pytest.mark.parametrize("ours", [True, False])
def test_a_plan_tells_the_line_that_makes_the_hub_drop_a_file(manifest: Path, api: HfApi, ours: bool) -> None:
    api.create_repo("acme/digits")
    if ours:
        (manifest.parent / ".gitignore").write_text("*.json\n")
        manifest.write_text(
            manifest.read_text().replace("  - source: data\n", "  - source: .gitignore\n  - source: data\n")
        )
    else:
        api.upload_file(path_or_fileobj=b"*.json\n", path_in_repo=".gitignore", repo_id="acme/digits")
    plan = hublish.plan(manifest, endpoint="embedded")
    (dropped,) = plan.of(Action.IGNORE)
    source = ".gitignore" if ours else "acme/digits/.gitignore"
    assert (dropped.path_in_repo, dropped.reason) == ("config.json", f"{source}:1: *.json makes the Hub drop it")
    assert str(dropped.location) == f"{source}:1:1"


def test_a_file_of_an_artifact_that_cannot_be_collected_is_refused_for_it(manifest: Path) -> None:
    manifest.write_text(manifest.read_text().replace("serializer: safetensors", "serializer: safetensor", 1))
    fate = only_fate(manifest, "runs/model.npz")
    assert (fate.outcome, fate.decisive.rule) == (Outcome.REFUSED, "serializer.unknown")
    assert told(fate.decisive) == ("unknown serializer 'safetensor'", f"{manifest}:9:17")


@pytest.mark.parametrize("path", ["/", "/etc"])
def test_an_absolute_path_is_not_a_path_in_the_repo(manifest: Path, path: str) -> None:
    assert only_fate(manifest, path).decisive.rule == "outside"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("old/a.bin", "patterns.delete_patterns[0]: old/* deletes it"),
        ("notes.txt", "it is kept"),
        (".gitattributes", "it is kept"),
    ],
)
def test_a_file_that_is_only_on_the_hub_is_explained_with_remote(
    manifest: Path, api: HfApi, path: str, words: str
) -> None:
    api.create_repo("acme/digits")
    for name in ("old/a.bin", "notes.txt"):
        api.upload_file(path_or_fileobj=b"x", path_in_repo=name, repo_id="acme/digits")
    assert explained(manifest, path).outcome is Outcome.ABSENT
    found = explained(manifest, path, remote=True, endpoint="embedded")
    assert (found.outcome, found.taken) == (Outcome.OUT, Taken.PATH_IN_REPO)
    assert found.fates[0].decisive.text.endswith(words)
