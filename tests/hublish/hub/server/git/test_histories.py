"""Copies and rewrites of histories that use every feature of git."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tag, Tree

from hublish.hub.server.git.git_trees import FILE_MODE, FOLDER_MODE, Entry, serialize
from hublish.hub.server.git.histories import Rewriting, copy_history
from hublish.hub.server.git.object_writer import ObjectWriter, init_repository
from hublish.hub.server.git.repository import GitRepository, Signature, add_commit, add_tag

AUTHOR = Signature("me", 1_700_000_000)
SUBMODULE = Entry(0o160000, "1" * 40)


@pytest.fixture
def git(tmp_path: Path) -> Iterator[GitRepository]:
    """Two commits; the second adds a folder of one unwanted file, and is signed. A tag of a tag leads to it."""
    init_repository(tmp_path / "a", "main")
    with GitRepository(tmp_path / "a") as git:
        with git.writer() as writer:
            good, bad, _ = (Entry(FILE_MODE, writer.add(Blob.type_num, text)) for text in (b"good", b"bad", b"lost"))
            folder = Entry(FOLDER_MODE, writer.add(Tree.type_num, serialize({"bad": bad})))
            first = add_commit(
                writer, writer.add(Tree.type_num, serialize({"good": good, "sub": SUBMODULE})), (), AUTHOR, "first"
            )
            tree = writer.add(Tree.type_num, serialize({"good": good, "sub": SUBMODULE, "x": folder}))
            second = signed(writer, tree, first)
            tag = add_tag(writer, "v1", second, AUTHOR, "tagged")
            nested = Tag()
            nested.name, nested.message, nested.tagger = b"v2", b"again\n", AUTHOR.encode()
            nested.object, nested.tag_time, nested.tag_timezone = (Tag, ObjectID(tag.encode())), AUTHOR.time, 0
            outer = writer.add(Tag.type_num, nested.as_raw_string())
            writer.finish()
        for name, sha in (("heads/main", second), ("heads/old", first), ("tags/v1", tag), ("tags/v2", outer)):
            git.refs.set(f"refs/{name}", sha, expected=None)
        git.refs.set("refs/tags/file", bad.sha, expected=None)
        git.refs.set("refs/pr/1", second, expected=None)
        yield git


def signed(writer: ObjectWriter, tree: str, parent: str) -> str:
    commit = Commit()
    commit.tree, commit.parents, commit.message = ObjectID(tree.encode()), [ObjectID(parent.encode())], b"second"
    commit.author = commit.committer = AUTHOR.encode()
    commit.author_time = commit.commit_time = AUTHOR.time
    commit.author_timezone = commit.commit_timezone = 0
    commit.gpgsig = b"-----BEGIN PGP SIGNATURE-----\n-----END PGP SIGNATURE-----"
    return writer.add(Commit.type_num, commit.as_raw_string())


def test_a_copy_has_what_branches_and_tags_reach_and_nothing_else(git: GitRepository, tmp_path: Path) -> None:
    init_repository(tmp_path / "b", "main")
    with GitRepository(tmp_path / "b") as copy:
        copy_history(git, copy)
        expected = {name: sha for name, sha in git.refs.list("refs/").items() if not name.startswith("refs/pr/")}
        assert copy.refs.list("refs/") == expected
        for name, sha in expected.items():
            if name != "refs/tags/file":
                assert copy.peel(sha) == git.peel(sha)
        lost = Blob.from_string(b"lost").id.decode()
        assert git.blob(lost) == b"lost"
        with pytest.raises(KeyError):
            copy.blob(lost)


def test_unwanted_files_leave_no_empty_folder_and_no_signature(git: GitRepository) -> None:
    before = git.refs.list("refs/")
    Rewriting(git, lambda entry: git.blob(entry.sha) == b"bad").run()
    after = git.refs.list("refs/")
    assert after["refs/heads/old"] == before["refs/heads/old"]
    assert after["refs/tags/file"] == before["refs/tags/file"]
    head = after["refs/heads/main"]
    assert head == after["refs/pr/1"] != before["refs/heads/main"]
    assert list(git.load_tree(git.commit(head).tree)) == ["good", "sub"]
    assert (git.commit(head).title, git.commit(head).time) == ("second", AUTHOR.time)
    commit = ShaFile.from_raw_string(*git.raw(head))
    assert isinstance(commit, Commit)
    assert commit.gpgsig is None
    assert git.peel(after["refs/tags/v2"]) == git.peel(after["refs/tags/v1"]) == head


def test_a_history_may_lose_all_of_its_files(git: GitRepository) -> None:
    Rewriting(git, lambda _: True).run()
    head = git.refs.get("refs/heads/main")
    assert head is not None
    assert list(git.load_tree(git.commit(head).tree)) == ["sub"]
    assert len(git.commit(head).parents) == 1


def test_without_unwanted_files_nothing_moves(git: GitRepository) -> None:
    before = git.refs.list("refs/")
    rewriting = Rewriting(git, lambda _: False)
    rewriting.run()
    assert git.refs.list("refs/") == before
    assert all(old == new for old, new in rewriting.commits.items())
