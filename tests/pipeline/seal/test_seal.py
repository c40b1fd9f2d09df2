"""Sealing: correct digests, all problems at once, no file that changed meanwhile, and no secret in a message."""

import hashlib
import os
import random
import subprocess
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from hublish.base.content import Identity, InMemory, OnDisk
from hublish.base.errors import PolicyError, SourceChangedError, SourceError
from hublish.base.values import Origin, Release, Staged, StagedFile
from hublish.pipeline.seal.seal import Seal
from hublish.schemas.diagnose.problems import Location, Problem
from tests.file_changes import (
    grow,
    replace_by_copy,
    replace_by_fifo,
    replace_by_link,
    replace_parent_by_link,
    rewrite_with_mtime_restored,
    truncate,
)
from tests.hublish.audit.payloads import CLEAN, NAMES, PICKLES, call
from tests.pipeline.staging import Inline, Recorder, project_in, staged, wait_for_a_tick, written
from tests.planted_tokens import TOKENS

TOKEN = TOKENS["huggingface-token"](random.Random(42))


def sealed(folder: Path, files: dict[str, Any], **fields: Any) -> Release:
    return Seal().run(staged(project_in(folder, **fields), files))


def refused(folder: Path, files: dict[str, Any], **fields: Any) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as caught:
        sealed(folder, files, **fields)
    return caught.value.problems


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 9 << 20])
def test_the_digests_are_those_of_sha256_and_git(tmp_path: Path, size: int) -> None:
    data = random.Random(size).randbytes(size)
    (file,) = sealed(tmp_path, {"data.raw": data}).files
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert file.size == size
    git = subprocess.run(["git", "hash-object", "--stdin"], input=data, capture_output=True, check=True)
    assert file.blob_id == git.stdout.decode().strip()


def test_content_in_memory_is_sealed_like_a_file(tmp_path: Path) -> None:
    on_disk, in_memory = sealed(tmp_path, {"a": b"same", "b": InMemory(b"same")}).files
    assert (on_disk.sha256, on_disk.blob_id, on_disk.size) == (in_memory.sha256, in_memory.blob_id, in_memory.size)


def test_the_release_is_sorted_and_keeps_origins_and_excluded_files(tmp_path: Path) -> None:
    release = sealed(tmp_path, {"z.txt": b"z", "a/b.txt": b"b", "a.txt": b"a"})
    assert [file.path_in_repo for file in release.files] == ["a.txt", "a/b.txt", "z.txt"]
    assert release.files[0].origin == Origin(0, "a.txt", "copy")
    assert [candidate.path_in_repo for candidate in release.excluded] == ["left.tmp"]
    assert release.warnings == ()


@pytest.mark.parametrize("payload", PICKLES.values(), ids=PICKLES)
def test_a_pickle_is_refused_under_every_name(tmp_path: Path, payload: Callable[[], bytes]) -> None:
    problems = refused(tmp_path, dict.fromkeys(NAMES, payload()))
    assert [(problem.code, problem.path) for problem in problems] == [("policy.pickle", name) for name in sorted(NAMES)]


def test_no_clean_file_is_refused(tmp_path: Path) -> None:
    release = sealed(tmp_path, {f"{number}.dat": make() for number, make in enumerate(CLEAN.values())})
    assert len(release.files) == len(CLEAN)


@pytest.mark.parametrize(("level", "warnings"), [("warn", ["policy.pickle", "policy.secret"]), ("allow", [])])
def test_the_levels_of_the_policy_are_applied(tmp_path: Path, level: str, warnings: list[str]) -> None:
    files = {"a.pkl": call(), "b.txt": TOKEN.encode()}
    release = sealed(tmp_path, files, policy={"pickle": level, "secrets": level})
    assert [problem.code for problem in release.warnings] == warnings
    assert {problem.severity for problem in release.warnings} <= {"warning"}


def test_a_secret_is_located_and_never_shown(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, {"src/train.py": f"import os\n\nlogin('{TOKEN}')\n".encode()})
    assert problem.location == Location("src/train.py", 3, 8)
    assert problem.path == "src/train.py"
    assert problem.message == "a secret (huggingface-token): hf_…(37 characters)"
    assert TOKEN[5:] not in str(problem)


def test_a_secret_in_a_binary_file_has_no_line(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, {"weights.raw": b"\0\1\2" + TOKEN.encode() + b"\0"})
    assert problem.location is None


@pytest.mark.parametrize("field", ["commit_message", "commit_description"])
def test_a_secret_in_the_commit_is_refused(tmp_path: Path, field: str) -> None:
    (problem,) = refused(tmp_path, {"a": b"a"}, repo={field: f"Release {TOKEN}"})
    assert (problem.code, problem.path) == ("policy.secret", f"repo.{field}")
    assert TOKEN not in str(problem)


def test_a_secret_in_a_file_name_is_refused_and_masked(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, {f"runs/{TOKEN}/log.txt": b"log"})
    assert problem.path == "runs/…/log.txt"
    assert TOKEN not in str(problem)


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    files = {
        "a.pkl": call(),
        "b.txt": TOKEN.encode(),
        "c.pem": b"certificate",
        "d.draft": b"draft",
        "e.bin": b"",
        "f.raw": b"0123456789",
        "../g": InMemory(b"outside"),
        "H": b"upper",
        "h": b"lower",
    }
    problems = refused(tmp_path, files, policy={"deny_patterns": ["*.draft"], "max_file_size": 900})
    codes = {problem.path: problem.code for problem in problems}
    assert codes == {
        "a.pkl": "policy.pickle",
        "b.txt": "policy.secret",
        "c.pem": "policy.denied",
        "d.draft": "policy.denied",
        "e.bin": "policy.empty",
        "../g": "policy.name",
        "h": "policy.collision",
    }
    (denied,) = [problem for problem in problems if problem.path == "d.draft"]
    assert denied.message == "matches policy.deny_patterns[0]: *.draft"


def test_two_sources_for_one_target_are_refused(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    one, other = written(tmp_path, "one", b"1"), written(tmp_path, "other", b"2")
    files = tuple(StagedFile("same", content, Origin(0, "x", "copy")) for content in (one, other))
    with pytest.raises(PolicyError, match="two sources for one target"):
        Seal().run(Staged(staged(project, {}).collection, files))


def test_a_file_and_a_folder_of_one_name_are_refused(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    content = written(tmp_path, "x", b"1")
    files = tuple(StagedFile(name, content, Origin(0, "x", "copy")) for name in ("a", "a/b"))
    with pytest.raises(PolicyError, match="the first is a file, and the second needs it to be a folder"):
        Seal().run(Staged(staged(project, {}).collection, files))


def test_a_sparse_file_beyond_the_limit_is_refused_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.bin"
    with path.open("wb") as file:
        file.truncate(600 * 10**9)
    recorder = Recorder()
    value = staged(project_in(tmp_path), {"huge.bin": OnDisk(path, Identity.of(path.stat()))})
    with pytest.raises(PolicyError, match=r"huge\.bin: 600\.0 GB is larger than the Hub's limit of 500\.0 GB"):
        Seal(recorder).run(value)
    assert recorder.done == []


def test_names_that_other_systems_refuse_are_warnings(tmp_path: Path) -> None:
    release = sealed(tmp_path, {"aux.txt": b"a"})
    assert [problem.code for problem in release.warnings] == ["policy.portability"]


def test_a_file_with_several_names_is_a_warning(tmp_path: Path) -> None:
    written(tmp_path, "one", b"1")
    (tmp_path / "two").hardlink_to(tmp_path / "one")
    content = OnDisk(tmp_path / "one", Identity.of((tmp_path / "one").stat()))
    assert [problem.code for problem in sealed(tmp_path, {"one": content}).warnings] == ["policy.hard_link"]


CHANGES = [
    grow,
    truncate,
    rewrite_with_mtime_restored,
    replace_by_copy,
    replace_by_link,
    replace_parent_by_link,
    replace_by_fifo,
    Path.unlink,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_file_that_differs_from_the_collected_one_is_named(tmp_path: Path, change: Callable[[Path], object]) -> None:
    value = staged(project_in(tmp_path), {"data/a.bin": b"0123456789", "b.txt": b"unchanged"})
    wait_for_a_tick(tmp_path)
    change(tmp_path / "data" / "a.bin")
    with pytest.raises(SourceChangedError) as caught:
        Seal().run(value)
    assert [problem.path for problem in caught.value.problems] == ["data/a.bin"]


@pytest.mark.parametrize("size", [5 << 20, 20 << 20])
def test_a_file_that_changes_while_it_is_read_is_named(tmp_path: Path, size: int) -> None:
    value = staged(project_in(tmp_path), {"a.raw": bytes(size)})

    wait_for_a_tick(tmp_path)
    writer = Recorder(on_advance=lambda: rewrite_with_mtime_restored(tmp_path / "a.raw"))
    with pytest.raises(SourceChangedError, match=r"a\.raw: changed since it was collected"):
        Seal(writer).run(value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    value = staged(project_in(tmp_path), {"a.txt": b"a"})
    (tmp_path / "a.txt").chmod(0)
    # chmod changes the identity too: either error is right, as long as it names the file.
    with pytest.raises((SourceError, SourceChangedError), match=r"a\.txt: permission denied"):
        Seal().run(value)


def test_thousands_of_files_are_sealed_in_order(tmp_path: Path) -> None:
    files = {f"{number % 50}/{number}.txt": f"{number}\n".encode() for number in range(2000)}
    release = sealed(tmp_path, files)
    assert {file.path_in_repo: file.sha256 for file in release.files} == {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }


@pytest.mark.parametrize("engine", [Inline, lambda: ThreadPoolExecutor(1)], ids=["inline", "one worker"])
def test_every_executor_gives_the_same_release(tmp_path: Path, engine: Callable[[], Executor]) -> None:
    # Large files: their digests are handed to the executor that hashes the files, which may have no worker to spare.
    large = {f"{number}.raw": random.Random(number).randbytes(9 << 20) for number in range(3)}
    value = staged(project_in(tmp_path), {**large, "a.txt": b"a", "card": InMemory(b"b")})
    with engine() as executor:
        assert Seal(executor=executor).run(value) == Seal().run(value)


def test_a_file_that_is_added_after_sealing_is_sorted_in(tmp_path: Path) -> None:
    release = sealed(tmp_path, {"a.txt": b"a", "z.txt": b"z"})
    (signature,) = sealed(tmp_path / "more", {"release.sig": b"signature"}).files
    signed = release.with_files(signature)
    assert [file.path_in_repo for file in signed.files] == ["a.txt", "release.sig", "z.txt"]
    assert [file.path_in_repo for file in release.files] == ["a.txt", "z.txt"]
    assert signed.with_files() == signed


def test_no_file_that_is_added_replaces_another(tmp_path: Path) -> None:
    release = sealed(tmp_path, {"a.txt": b"a"})
    (signature,) = sealed(tmp_path / "more", {"release.sig": b"signature"}).files
    with pytest.raises(SourceError) as caught:
        release.with_files(release.files[0], signature, signature)
    assert [problem.message.split("'")[1] for problem in caught.value.problems] == ["a.txt", "release.sig"]


def test_progress_counts_every_byte(tmp_path: Path) -> None:
    recorder = Recorder()
    Seal(recorder).run(staged(project_in(tmp_path), {"a": bytes(3 << 20), "b": b"12345"}))
    assert recorder.total == sum(recorder.done) == (3 << 20) + 5


@pytest.mark.parametrize(
    ("kept", "expected"),
    [(0, [None, None, None]), (9, [b"1234", b"56789", None]), (100, [b"1234", b"56789", b"0"])],
)
def test_the_bytes_of_small_files_are_kept_up_to_a_total(
    tmp_path: Path, kept: int, expected: list[bytes | None]
) -> None:
    value = staged(project_in(tmp_path), {"a": b"1234", "b": b"56789", "c": b"0", "d": b"x" * ((1 << 20) + 1)})
    files = Seal(executor=Inline(), kept=kept).run(value).files
    assert [file.data for file in files] == [*expected, None]


def test_files_whose_digests_a_card_shows_are_read_once(tmp_path: Path) -> None:
    opened: list[str] = []

    @dataclass(frozen=True)
    class Counted:
        inner: OnDisk

        def __getattr__(self, name: str) -> Any:
            if name in ("open", "read"):
                opened.append(name)
            return getattr(self.inner, name)

    value = staged(project_in(tmp_path), {"a.txt": Counted(written(tmp_path, "a.txt", b"abc"))})
    seal = Seal(processes=lambda _: 0)
    assert seal.digests(value.collection.project, value.files) == {"a.txt": hashlib.sha256(b"abc").hexdigest()}
    (card,) = staged(project_in(tmp_path), {"README.md": b"# x\n"}).files
    release = seal.run(replace(value, files=(*value.files, card)))
    assert [file.path_in_repo for file in release.files] == ["README.md", "a.txt"]
    assert opened == ["read"]
