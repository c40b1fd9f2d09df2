"""A release that is named after a git tag is the one in the tag's tree, in every state that users leave files in."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hublish
from hublish.base.errors import HublishError, PolicyError
from hublish.schemas.diagnose.problems import Problem

Run = Callable[..., str]
FILES = {
    "m/config.json": "{}\n",
    "m/extra.json": "[]\n",
    "m/sub/notes.txt": "one\ntwo\n",
    "m/left-out.tmp": "1\n",
    "elsewhere.txt": "1\n",
    "card.md.j2": "# {{ repo.repo_id }}\n",
    "results.json": "[]\n",
    ".gitignore": "*.bin\n",
}


@pytest.fixture(autouse=True)
def git_alone(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let hublish run git as the tests do."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)


def declare(folder: Path, **more: Any) -> Path:
    repo = {"repo_id": "acme/x", "tag": "{{ git.tag }}", **more.pop("repo", {})}
    whole = {
        "repo": repo,
        "artifacts": [{"source": "m/"}],
        "patterns": {"ignore_patterns": ["*.tmp"]},
        "card": {"metadata": {"license": "mit"}, "template": "card.md.j2", "evaluation": "results.json"},
        **more,
    }
    path = folder / "hub.yaml"
    path.write_text(json.dumps(whole, indent=1))
    return path


@pytest.fixture
def project(tmp_path: Path, git: Run) -> Path:
    """A repository with a release and a tag on it."""
    folder = tmp_path / "project"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    declare(folder)
    git(folder, "init", "--quiet", "--initial-branch=main")
    record(folder, git)
    return folder


def record(folder: Path, git: Run, tag: str = "v1.0.0") -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "work")
    git(folder, "tag", "--force", tag)


def dirty(folder: Path, name: str = "hub.yaml") -> list[Problem]:
    """Return the problems of `check` with the state of the files."""
    try:
        found = hublish.check(folder / name)
    except HublishError as error:
        found = error.problems
    return [problem for problem in found if problem.code == "policy.dirty"]


def messages(folder: Path) -> list[str]:
    return [problem.message for problem in dirty(folder)]


def rewrite(name: str, text: str = "changed\n") -> Callable[[Path, Run], object]:
    return lambda folder, _: (folder / name).write_text(text)


def then(*steps: Callable[[Path, Run], object]) -> Callable[[Path, Run], object]:
    return lambda folder, git: [step(folder, git) for step in steps]


def running(*words: str) -> Callable[[Path, Run], object]:
    return lambda folder, git: git(folder, *words)


REFUSED: dict[str, tuple[Callable[[Path, Run], object], str]] = {
    "changed": (rewrite("m/config.json"), "'m/config.json' differs"),
    "changed and staged": (then(rewrite("m/config.json"), running("add", ".")), "'m/config.json' differs"),
    "of the same size": (rewrite("m/config.json", "[]\n"), "'m/config.json' differs"),
    "below a folder": (rewrite("m/sub/notes.txt"), "'m/sub/notes.txt' differs"),
    "the manifest": (lambda folder, _: declare(folder, variables={"x": 1}), "'hub.yaml' differs"),
    "the template of the card": (rewrite("card.md.j2"), "'card.md.j2' differs"),
    "the results in the card": (rewrite("results.json", "[] \n"), "'results.json' differs"),
    "new and staged": (then(rewrite("m/new.json"), running("add", ".")), "'m/new.json' differs"),
    "new and to be added": (then(rewrite("m/new.json"), running("add", "-N", ".")), "'m/new.json' differs"),
    "deleted": (lambda folder, _: (folder / "m/extra.json").unlink(), "'m/extra.json' was deleted"),
    "deleted and staged": (running("rm", "--quiet", "m/extra.json"), "'m/extra.json' was deleted"),
    "renamed": (running("mv", "m/extra.json", "m/other.json"), "'m/other.json' differs"),
    "no longer tracked, and changed": (
        then(running("rm", "--cached", "--quiet", "m/config.json"), rewrite("m/config.json")),
        "'m/config.json' differs",
    ),
    "assumed to be unchanged": (
        then(running("update-index", "--assume-unchanged", "m/config.json"), rewrite("m/config.json")),
        "'m/config.json' differs",
    ),
    "to be skipped": (
        then(running("update-index", "--skip-worktree", "m/config.json"), rewrite("m/config.json")),
        "'m/config.json' differs",
    ),
    "ignored, but tracked": (then(rewrite(".gitignore", "m/\n"), rewrite("m/config.json")), "'m/config.json' differs"),
}


@pytest.mark.parametrize("state", REFUSED)
def test_a_file_that_differs_from_the_tag_is_refused(state: str, project: Path, git: Run) -> None:
    change, message = REFUSED[state]
    change(project, git)
    found = dirty(project)
    (problem,) = (each for each in found if each.message.startswith(message))
    assert (problem.severity, problem.location and problem.location.line) == ("error", 4)
    assert "policy.dirty: allow" in problem.hint
    with pytest.raises(PolicyError, match=r"the git tag v1\.0\.0"):
        hublish.plan(project / "hub.yaml", endpoint="embedded")
    with pytest.raises(PolicyError, match=r"the git tag v1\.0\.0"):
        hublish.publish(project / "hub.yaml", endpoint="embedded")


ACCEPTED: dict[str, Callable[[Path, Run], object]] = {
    "as tagged": then(),
    "not part of the release": rewrite("elsewhere.txt"),
    "left out by a pattern": rewrite("m/left-out.tmp"),
    "left out by a pattern, and deleted": lambda folder, _: (folder / "m/left-out.tmp").unlink(),
    "ignored by git": rewrite("m/model.bin"),
    "written again": rewrite("m/config.json", FILES["m/config.json"]),
    "staged and restored": then(
        rewrite("m/config.json"), running("add", "."), rewrite("m/config.json", FILES["m/config.json"])
    ),
    "no longer tracked": running("rm", "--cached", "--quiet", "m/config.json"),
    "of another mode": lambda folder, _: (folder / "m/config.json").chmod(0o755),
    "an annotated tag": running("tag", "--force", "--annotate", "--message", "x", "v1.0.0"),
    "a lock": rewrite("hub.lock"),
}


@pytest.mark.parametrize("state", ACCEPTED)
def test_a_file_that_does_not_matter_is_not_reported(state: str, project: Path, git: Run) -> None:
    ACCEPTED[state](project, git)
    assert messages(project) == []


def test_the_policy_allows_a_tree_that_differs(project: Path, git: Run) -> None:
    declare(project, policy={"dirty": "allow"})
    (project / "m/config.json").write_text("changed")
    (project / "m/new.json").write_text("{}")
    assert messages(project) == []
    assert hublish.publish(project / "hub.yaml", endpoint="embedded").tag == "v1.0.0"


@pytest.mark.parametrize("tag", ["v1", None, "v{{ version }}-{{ git.dirty }}"])
def test_a_release_that_is_not_named_after_git_may_differ_from_it(tag: str | None, project: Path, git: Run) -> None:
    declare(project, repo={"tag": tag, "commit_message": "From {{ git.commit }}"}, variables={"version": 1})
    (project / "m/config.json").write_text("changed")
    assert messages(project) == []


@pytest.mark.parametrize("name", ["git.tag", "git.commit", "git.short_commit"])
def test_a_part_of_the_tag_can_name_the_commit(name: str, project: Path, git: Run) -> None:
    declare(project, repo={"tag": "build-{{ " + name + " }}"})
    record(project, git)
    assert messages(project) == []
    (project / "m/config.json").write_text("changed")
    assert len(messages(project)) == 1


def test_untracked_files_are_a_warning(project: Path, git: Run) -> None:
    for number in range(7):
        (project / "m" / f"{number}.json").write_text("{}")
    (problem,) = dirty(project)
    assert problem.severity == "warning"
    assert problem.message.startswith("the git tag v1.0.0 does not have 'm/0.json', ")
    assert "'m/4.json' and 2 more, which git neither tracks nor ignores" in problem.message
    plan = hublish.plan(project / "hub.yaml", endpoint="embedded")
    assert [each.location and each.location.line for each in plan.release.warnings if each.code == problem.code] == [4]


def test_every_problem_is_reported_together(project: Path, git: Run) -> None:
    (project / "m/config.json").write_text("changed")
    (project / "m/extra.json").unlink()
    (project / "m/new.json").write_text("{}")
    declare(project, card={"metadata": {"license": "not a license"}, "template": "nowhere.md.j2"})
    with pytest.raises(HublishError) as caught:
        hublish.check(project / "hub.yaml")
    codes = {problem.code for problem in caught.value.problems}
    assert codes >= {"policy.dirty", "card.file"}
    assert len(dirty(project)) == 4  # with hub.yaml


@pytest.mark.parametrize("attributes", ["* text=auto\n", "*.txt text eol=crlf\n"])
def test_line_endings_that_git_converts_are_not_a_difference(attributes: str, project: Path, git: Run) -> None:
    (project / ".gitattributes").write_text(attributes)
    (project / "m/sub/notes.txt").write_bytes(b"one\r\ntwo\r\n")
    git(project, "config", "core.autocrlf", "true")
    record(project, git)
    (project / "m/sub/notes.txt").write_bytes(b"one\r\ntwo\r\n")
    assert messages(project) == []
    for words in (("update-index", "--skip-worktree"), ("update-index", "--no-skip-worktree"), ("rm", "--cached")):
        git(project, *words, "m/sub/notes.txt")
        assert messages(project) == []
        (project / "m/sub/notes.txt").write_bytes(b"one\r\n2\r\n")
        assert len(messages(project)) == 1
        (project / "m/sub/notes.txt").write_bytes(b"one\r\ntwo\r\n")


def test_the_source_of_a_converted_file_counts(project: Path, git: Run) -> None:
    np = pytest.importorskip("numpy")
    declare(project, artifacts=[{"source": "w.npz", "serializer": "safetensors"}])
    np.savez(project / "w.npz", w=np.ones(2))
    record(project, git)
    assert messages(project) == []
    np.savez(project / "w.npz", w=np.zeros(2))
    assert messages(project) == ["'w.npz' differs from the git tag v1.0.0"]


@pytest.mark.parametrize("message", [None, "Another message"])
def test_an_object_that_is_pushed_by_a_manifest_needs_a_clean_tree_too(
    message: str | None, project: Path, git: Run
) -> None:
    np = pytest.importorskip("numpy")
    weights = {"source": "runs/w.npz", "path_in_repo": "w.safetensors", "serializer": "safetensors"}
    manifest = declare(project, artifacts=[weights, {"source": "m/"}])
    record(project, git)
    (project / "m/config.json").write_text("changed")
    with pytest.raises(PolicyError, match=r"m/config\.json' differs from the git tag v1\.0\.0"):
        hublish.push_to_hub({"w": np.ones(2)}, manifest=manifest, commit_message=message, endpoint="embedded")


def test_a_file_behind_a_pointer_of_lfs_is_compared_by_its_digest(project: Path, git: Run) -> None:
    # Without git-lfs, and with a filter that the repository itself configures, git sees the pointer only.
    pointer = (
        "version https://git-lfs.github.com/spec/v1\n"
        "oid sha256:98ea6e4f216f2fb4b69fff9b3a44842c38686ca685f3f55dc48c5d3fb1107be4\nsize 5\n"
    )
    (project / "m/w.safetensors").write_text(pointer)
    record(project, git)
    assert messages(project) == []
    (project / "m/w.safetensors").write_text("hi!!\n")
    assert messages(project) != []
    digest = hashlib.sha256(b"hi!!\n").hexdigest()
    (project / "m/w.safetensors").write_text(pointer.replace(pointer.split("sha256:")[1][:64], digest))
    record(project, git)
    (project / "m/w.safetensors").write_text("hi!!\n")
    assert messages(project) == []


def test_a_submodule_is_compared_with_the_commit_that_the_tag_has(project: Path, git: Run, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "code.py").write_text("print(1)\n")
    git(library, "init", "--quiet", "--initial-branch=main")
    record(library, git)
    git(project, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "m/library")
    assert messages(project) == ["'m/library/code.py' differs from the git tag v1.0.0"]
    record(project, git)
    assert messages(project) == []
    inside = project / "m/library"
    (inside / "code.py").write_text("print(2)\n")
    assert messages(project) == ["'m/library/code.py' differs from the git tag v1.0.0"]
    git(inside, "commit", "--quiet", "--all", "--message", "second")
    assert messages(project) == ["'m/library/code.py' differs from the git tag v1.0.0"]
    record(project, git)
    assert messages(project) == []
    (inside / "code.py").unlink()
    assert messages(project) == ["'m/library/code.py' was deleted since the git tag v1.0.0"]


def test_a_manifest_in_a_folder_of_the_repository_is_compared_below_it(project: Path, git: Run) -> None:
    folder = project / "models" / "a"
    (folder / "m").mkdir(parents=True)
    (folder / "m" / "config.json").write_text("{}")
    declare(folder, card=None)
    record(project, git)
    (project / "m/config.json").write_text("of another release")
    assert messages(folder) == []
    (folder / "m" / "config.json").write_text("changed")
    assert messages(folder) == ["'m/config.json' differs from the git tag v1.0.0"]


def test_a_shallow_clone_has_the_tree_of_its_tag(project: Path, git: Run, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", "--branch=v1.0.0", project.as_uri(), "clone")
    assert messages(tmp_path / "clone") == []
    (tmp_path / "clone" / "m/config.json").write_text("changed")
    assert len(messages(tmp_path / "clone")) == 1


def test_names_that_no_text_holds_are_compared(project: Path, git: Run) -> None:
    names = ("m/zwei Wörter.json", "m/[a]*.json", "m/'quoted'.json", "m/-f.json")
    for name in names:
        (project / name).write_text("{}")
    record(project, git)
    assert messages(project) == []
    for name in names:
        (project / name).write_text("[]")
    assert len(messages(project)) == len(names)


def test_a_link_that_is_followed_counts_as_its_target(project: Path, git: Run) -> None:
    (project / "real").mkdir()
    (project / "real" / "data.json").write_text("{}")
    (project / "m" / "link.json").symlink_to("../real/data.json")
    declare(project, policy={"symlinks": "follow"})
    record(project, git)
    assert messages(project) == []
    (project / "real" / "data.json").write_text("changed")
    assert messages(project) == ["'real/data.json' differs from the git tag v1.0.0"]


def test_a_repository_with_longer_ids_is_compared_too(tmp_path: Path, git: Run) -> None:
    folder = tmp_path / "longer"
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "longer")
    (folder / "m").mkdir()
    (folder / "m/config.json").write_text("{}")
    declare(folder, card=None)
    record(folder, git)
    git(folder, "update-index", "--assume-unchanged", "m/config.json")
    assert messages(folder) == []
    (folder / "m/config.json").write_text("changed")
    assert len(messages(folder)) == 1
