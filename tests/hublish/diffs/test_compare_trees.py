"""Checkpoints are compared across their shards, and renamed files are recognized."""

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from hublish.base.content import InMemory
from hublish.diffs.compare_trees import MOST_COMPARED, Tree, Version, changed_paths, diff_trees, with_values
from hublish.diffs.differences import FileDiff
from tests.hublish.diffs.sides import entries, weights

A, B, C = (np.full(3, value, np.float32) for value in (1, 2, 3))


def tree(files: Mapping[str, bytes]) -> Tree:
    return {path: Version(InMemory(data), (hashlib.sha256(data).hexdigest(),)) for path, data in files.items()}


def compared(before: Mapping[str, bytes], after: Mapping[str, bytes], *, values: bool = False) -> dict[str, FileDiff]:
    old, new = tree(before), tree(after)
    paths = changed_paths(old, new)
    with ThreadPoolExecutor(2) as executor:
        found = diff_trees(old, new, paths, executor, values=values)
    assert tuple(one.path_in_repo for one in found) == paths
    return {one.path_in_repo: one for one in found}


def shards(*parts: dict[str, Any], stem: str = "model") -> dict[str, bytes]:
    """Return the shards of a checkpoint and their index."""
    names = [f"{stem}-{number:05d}-of-{len(parts):05d}.safetensors" for number in range(1, len(parts) + 1)]
    mapped = {tensor: name for name, part in zip(names, parts, strict=True) for tensor in part}
    index = {f"{stem}.safetensors.index.json": json.dumps({"weight_map": mapped}).encode()}
    return {name: weights(**part) for name, part in zip(names, parts, strict=True)} | index


SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"


@pytest.mark.parametrize(
    ("before", "after", "summary", "changes"),
    [
        pytest.param(
            shards({"a": A, "b": B}, {"c": C}), shards({"a": A}, {"b": B, "c": C}),
            "the same 3 tensors by name, type and shape; values were not compared", [], id="a tensor that moved",
        ),
        pytest.param(
            {SINGLE: weights(a=A, b=B)}, shards({"a": A}, {"b": B}),
            "1 -> 2 files; the same 2 tensors by name, type and shape; values were not compared", [],
            id="a file that was divided",
        ),
        pytest.param(
            shards({"a": A}, {"b": B}), {SINGLE: weights(a=A, b=B.astype(np.float16))},
            "2 -> 1 files; 1 of 2 tensors changed: F32 -> F16", [("b", "F32 [3]", "F16 [3]")],
            id="shards that were joined",
        ),
        pytest.param(
            shards({"a": A}, {"b": B}), shards({"a": A}, {"b": B}, {"c": C}), "2 -> 3 files; 1 tensor added",
            [("c", None, "F32 [3]")], id="another number of shards",
        ),
        pytest.param(
            shards({"a": A}, {"b": B}), shards({"a": A}, {"b": B.astype(np.int8)}), "1 of 2 tensors changed: F32 -> I8",
            [("b", "F32 [3]", "I8 [3]")], id="one shard of two",
        ),
    ],
)  # fmt: skip
def test_the_shards_of_a_checkpoint_are_compared_as_one(
    before: dict[str, bytes], after: dict[str, bytes], summary: str, changes: list[tuple[str, str | None, str | None]]
) -> None:
    found = compared(before, after)
    main = found.pop(INDEX if INDEX in found else min(found))
    assert (main.kind, main.summary, entries(main)) == ("tensors", summary, changes)
    assert {one.summary for one in found.values()} <= {f"compared as a part of {main.path_in_repo}"}


def test_values_of_a_tensor_that_moved_to_another_shard_are_the_same() -> None:
    found = compared(shards({"a": A, "b": B}, {"c": C}), shards({"a": A}, {"b": B, "c": C + 1}), values=True)
    assert entries(found[INDEX]) == [("c", "F32 [3]", "F32 [3], largest difference 1")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({SINGLE: weights(a=A), **shards({"a": A}, {"b": B})}, shards({"a": A}, {"b": C}), id="both forms"),
        pytest.param(shards({"a": A}, {"b": B}), {**shards({"a": A}, {"b": C}), INDEX: b"x"}, id="a damaged index"),
        pytest.param(
            shards({"a": A}, {"b": B}), {**shards({"a": A}, {"b": B}), "model-00002-of-00002.safetensors": b"x"},
            id="a damaged shard",
        ),
    ],
)  # fmt: skip
def test_a_damaged_or_ambiguous_checkpoint_is_compared_all_the_same(
    before: dict[str, bytes], after: dict[str, bytes]
) -> None:
    assert all(one.summary for one in compared(before, after).values())


def test_checkpoints_in_other_folders_and_of_other_names_are_others() -> None:
    before = shards({"a": A}, {"b": B}, stem="unet/model") | shards({"a": A}, {"b": B}, stem="vae/model")
    after = shards({"a": A}, {"b": C.astype(np.int8)}, stem="unet/model") | shards({"a": A}, {"b": B}, stem="vae/model")
    (found,) = compared(before, after).values()
    assert (found.path_in_repo, found.entries[0].name) == ("unet/model-00002-of-00002.safetensors", "b")


def test_a_new_checkpoint_is_described_file_by_file() -> None:
    found = compared({}, shards({"a": A}, {"b": B}))
    assert found["model-00001-of-00002.safetensors"].summary.startswith("added: 1 tensor, 3 parameters, ")


def test_a_renamed_file_is_recognized_by_its_bytes() -> None:
    found = compared({"old.txt": b"same", "a.txt": b"1"}, {"new/name.txt": b"same", "a.txt": b"1"})
    assert {path: (one.kind, one.summary) for path, one in found.items()} == {
        "old.txt": ("binary", "renamed to new/name.txt, 4 B"),
        "new/name.txt": ("binary", "renamed from old.txt, 4 B"),
    }
    assert [(one.before_size, one.after_size) for one in found.values()] == [(None, 4), (4, None)]


def test_one_added_file_replaces_one_deleted_file_only() -> None:
    found = compared({"a": b"x", "b": b"x"}, {"c": b"x"})
    assert [found[path].summary for path in "abc"] == [
        "renamed to c, 1 B",
        "deleted: 1 line, 1 B",
        "renamed from a, 1 B",
    ]


def test_empty_files_are_not_renamed_ones() -> None:
    found = compared({"a/__init__.py": b""}, {"b/__init__.py": b""})
    assert not any("renamed" in one.summary for one in found.values())


def test_a_regular_file_and_one_in_lfs_are_the_same_by_either_digest() -> None:
    both, remote = Version(InMemory(b"x"), ("sha", "blob")), Version(InMemory(b"x"), ("blob",))
    assert both.same(remote)
    assert changed_paths({"a": remote}, {"a": both}) == ()
    assert changed_paths({"a": remote}, {"a": Version(InMemory(b"y"), ("other", "others"))}) == ("a",)


@pytest.mark.parametrize(("other", "same"), [(b"x", True), (b"y", False), (b"xx", False)])
def test_a_file_that_moved_to_lfs_with_the_same_bytes_is_recognized(other: bytes, same: bool) -> None:
    before, after = (
        {"a.bin": Version(InMemory(b"\0" + data), (digest,))} for data, digest in ((b"x", "1" * 40), (other, "2" * 64))
    )
    with ThreadPoolExecutor(1) as executor:
        (found,) = diff_trees(before, after, ["a.bin"], executor)
    assert found.summary.startswith("the same bytes, stored in another way") == same


def test_beyond_the_limit_files_are_compared_by_size_and_the_card_comes_first() -> None:
    paths = [f"data/{number:04d}.txt" for number in range(MOST_COMPARED + 5)] + ["README.md"]
    found = compared(dict.fromkeys(paths, b"a"), dict.fromkeys(paths, b"bc"))
    unread = [one for one in found.values() if one.kind == "unread"]
    assert len(unread) == 6
    assert found["README.md"].kind == "text"
    assert unread[0].summary == f"1 B -> 2 B; not compared: more than {MOST_COMPARED} files changed"
    assert (unread[0].before_size, unread[0].after_size) == (1, 2)


def test_only_weights_that_changed_are_read_as_a_whole() -> None:
    before = tree({**shards({"a": A}, {"b": B}), "other.safetensors": weights(a=A), "a.txt": b"1", "c.npy": b"x"})
    after = tree({**shards({"a": A}, {"b": C}), "other.safetensors": weights(a=A), "a.txt": b"2", "d.npy": b"y"})
    shard_names = {f"model-0000{number}-of-00002.safetensors" for number in (1, 2)}
    assert with_values(before, after, changed_paths(before, after)) == (shard_names, shard_names)
