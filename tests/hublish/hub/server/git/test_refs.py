import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hublish.hub.server.git.object_writer import init_repository
from hublish.hub.server.git.refs import MAX_LOOSE, RefMovedError, Refs, is_valid_ref

ONE, TWO = "1" * 40, "2" * 40


@pytest.fixture
def refs(tmp_path: Path) -> Refs:
    init_repository(tmp_path / "r.git", "main")
    return Refs(tmp_path / "r.git")


@pytest.fixture(scope="module")
def anywhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("anywhere")


@given(name=st.text(st.sampled_from("ab/.@{}~^:?*[\\ -\x01\x7fé_lock"), max_size=8))
@example(name="a.lock")
@example(name="a.lock/b")
@example(name="@")
@example(name="HEAD")
def test_valid_names_are_valid_for_git(anywhere: Path, name: str) -> None:
    if is_valid_ref(name):
        assert subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"], cwd=anywhere).returncode == 0


@pytest.mark.parametrize("name", ["main", "v1.0.0", "feature/x-1", "a@b", "release_2", "é", "1"])
def test_usual_names_are_valid(name: str) -> None:
    assert is_valid_ref(name)


@pytest.mark.parametrize("name", ["b" * 250, "b/" * 120 + "b", "\N{SNOWMAN}" * 83])
def test_the_longest_names_are_found_again(refs: Refs, name: str) -> None:
    assert is_valid_ref(name)
    refs.set(f"refs/heads/{name}", ONE, expected=None)
    assert refs.get(f"refs/heads/{name}") == ONE
    assert refs.list("refs/heads/") == {f"refs/heads/{name}": ONE}


@pytest.mark.parametrize(
    "name", ["refs/../HEAD", "refs/heads/../../HEAD", "refs/heads//x", "refs/", "refs", "HEAD", "refs/" + "x" * 260]
)
def test_a_name_that_no_ref_has_is_not_looked_up(refs: Refs, name: str) -> None:
    assert refs.get(name) is None


def test_a_ref_moves_only_from_its_expected_value(refs: Refs) -> None:
    refs.set("refs/heads/main", ONE, expected=None)
    for expected in (None, TWO):
        with pytest.raises(RefMovedError):
            refs.set("refs/heads/main", TWO, expected=expected)
    assert refs.get("refs/heads/main") == ONE
    refs.set("refs/heads/main", TWO, expected=ONE)
    assert refs.list("refs/heads/") == {"refs/heads/main": TWO}


def test_packed_refs_are_read_and_loose_refs_take_precedence(refs: Refs, tmp_path: Path) -> None:
    packed = f"# pack-refs with: peeled fully-peeled sorted\n{ONE} refs/heads/main\n{ONE} refs/tags/v1\n^{TWO}\n"
    (tmp_path / "r.git" / "packed-refs").write_text(packed)
    refs.set("refs/heads/main", TWO, expected=ONE)
    assert refs.list("refs/") == {"refs/heads/main": TWO, "refs/tags/v1": ONE}
    refs.delete("refs/tags/v1")
    refs.delete("refs/heads/main")
    assert refs.list("refs/") == {}


def test_deleting_a_ref_removes_its_empty_folders(refs: Refs) -> None:
    refs.set("refs/heads/a/b/c", ONE, expected=None)
    refs.delete("refs/heads/a/b/c")
    refs.set("refs/heads/a", ONE, expected=None)
    assert refs.get("refs/heads/a") == ONE


@pytest.mark.parametrize(
    ("there", "wanted", "conflict"), [("a", "a/b", True), ("a/b", "a", True), ("a/b", "a/c", False)]
)
def test_a_ref_cannot_be_a_folder_of_another_ref(refs: Refs, there: str, wanted: str, conflict: bool) -> None:
    refs.set(f"refs/heads/{there}", ONE, expected=None)
    assert (refs.conflicting(f"refs/heads/{wanted}") is not None) == conflict


def test_many_refs_move_to_one_file_that_git_reads(refs: Refs, tmp_path: Path) -> None:
    names = [f"refs/{kind}/{number:03}" for kind in ("heads/a", "tags", "pr") for number in range(MAX_LOOSE)]
    for name in names:
        refs.set(name, ONE, expected=None)
    loose = [path for path in (tmp_path / "r.git" / "refs").rglob("*") if path.is_file()]
    assert len(loose) <= MAX_LOOSE
    refs.set(names[0], TWO, expected=ONE)
    assert refs.list("refs/") == {**dict.fromkeys(sorted(names), ONE), names[0]: TWO}
    command = ["git", "for-each-ref", "--format=%(refname)"]
    shown = subprocess.run(command, cwd=tmp_path / "r.git", capture_output=True, text=True, check=True)
    assert len(shown.stdout.splitlines()) == len(names)
    for name in names[1:]:
        refs.delete(name)
    assert refs.list("refs/") == {names[0]: TWO}


def test_deleting_a_packed_ref_drops_the_commit_of_its_tag(refs: Refs, tmp_path: Path) -> None:
    packed = f"# pack-refs with: peeled fully-peeled sorted\n{ONE} refs/heads/main\n{ONE} refs/tags/v1\n^{TWO}\n"
    (tmp_path / "r.git" / "packed-refs").write_text(packed)
    refs.delete("refs/tags/v1")
    assert TWO not in (tmp_path / "r.git" / "packed-refs").read_text()


def test_a_kill_while_refs_are_packed_loses_none(refs: Refs, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"refs/tags/{number}" for number in range(4)]
    for name in names:
        refs.set(name, ONE, expected=None)
    removed: list[Path] = []

    def unlink(path: Path, missing_ok: bool = False) -> None:
        removed.append(path)
        if len(removed) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", unlink)
        with pytest.raises(KeyboardInterrupt):
            refs.pack()
    assert refs.list("refs/") == dict.fromkeys(names, ONE)
    refs.set(names[0], TWO, expected=ONE)
    refs.pack()
    assert refs.list("refs/") == {**dict.fromkeys(names, ONE), names[0]: TWO}
