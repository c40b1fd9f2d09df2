import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.schemas.diagnose.problems import InvalidDocumentError, Location, Problem
from hublish.schemas.documents.json_documents import read_versioned, reader_of
from hublish.schemas.documents.lock import Lock, read_lock
from hublish.schemas.documents.plan import PlanDocument, read_plan
from hublish.schemas.documents.receipt import ReceiptDocument, read_receipt


def problems_of(text: bytes, read: Any = read_lock) -> tuple[Problem, ...]:
    with pytest.raises(InvalidDocumentError) as caught:
        read(text)
    return caught.value.problems


MakeLock = Callable[..., Lock]


@pytest.fixture
def changed_lock(lock: MakeLock) -> Callable[..., bytes]:
    def change(**changes: Any) -> bytes:
        return json.dumps({**json.loads(lock().to_json()), **changes}).encode()

    return change


def test_a_lock_reads_back_with_its_files_in_order(lock: MakeLock) -> None:
    found = read_lock(lock().to_json().encode())
    assert found == lock(files=tuple(sorted(lock().files, key=lambda file: file.path_in_repo)))
    assert found.to_json() == lock().to_json()


def test_a_lock_has_one_file_per_line(lock: MakeLock) -> None:
    lines = lock().to_json().splitlines()
    rows = [json.loads(line.strip().removesuffix(",")) for line in lines if '"path_in_repo"' in line]
    assert [row["path_in_repo"] for row in rows] == ["a.json", "b/ü.bin"]
    assert lock(files=()).to_json().endswith('"files": [\n    \n  ]\n}\n')
    assert json.loads(lock(files=()).to_json())["files"] == []


def test_plans_and_receipts_read_back(plan: PlanDocument, receipt: ReceiptDocument) -> None:
    assert read_plan(plan.model_dump_json().encode()) == plan
    assert read_receipt(receipt.model_dump_json().encode()) == receipt


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "not JSON: expecting value"),
        (b"{", "not JSON"),
        (b"[]", "is not a JSON object"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b'{"lock_version": 1, "a": 1, "a": 2}', "duplicate key 'a'"),
        (b'{"lock_version": 1, "files": [{"size": 1, "size": 1}]}', "duplicate key 'size'"),
        (b'{"lock_version": NaN}', "NaN is not a JSON number"),
        (b'{"lock_version": -Infinity}', "-Infinity is not a JSON number"),
        (b'{"lock_version": ' + b"9" * 5000 + b"}", "number that is too large"),
        (b'{"lock_version": "\\ud800"}', "lone surrogate"),
        (b'{"lock_version": "\xff"}', "not UTF-8 at byte 18"),
        ('{"lock_version": 1}'.encode("utf-16"), "not UTF-8 at byte 0"),
        (b'{"lock_version": "\n"}', "not JSON: invalid control character"),
    ],
)
def test_anything_but_a_json_object_is_rejected(text: bytes, message: str) -> None:
    (only,) = problems_of(text)
    assert only.code == "lock.syntax"
    assert message in only.message


def test_invalid_json_is_reported_at_its_place() -> None:
    (only,) = problems_of(b'{\n  "lock_version": 1,\n  oops\n}')
    assert only.location == Location("hub.lock", 3, 3)


def test_a_file_that_is_too_large_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    from hublish.schemas.documents.json_documents import read_json

    with pytest.raises(InvalidDocumentError, match="larger than 1 KiB; not parsed"):
        read_json(b" " * 1025, "x", family="lock", max_bytes=1024)


@pytest.mark.parametrize(
    ("version", "found"),
    [(3, "lock_version 3"), (0, "lock_version 0"), (True, "no lock_version"), ("1", "no lock_version")],
)
def test_an_unknown_version_names_the_readable_versions(
    changed_lock: Callable[..., bytes], version: object, found: str
) -> None:
    (only,) = problems_of(changed_lock(lock_version=version))
    assert (only.code, only.path) == ("lock.version", "lock_version")
    assert only.message == f"hub.lock has {found}; this hublish reads 1, 2"


def test_a_lock_without_version_is_rejected() -> None:
    (only,) = problems_of(b"{}")
    assert (only.code, only.message) == ("lock.version", "hub.lock has no lock_version; this hublish reads 1, 2")


def test_an_old_version_is_read_by_its_own_reader(lock: MakeLock) -> None:
    def read_version_0(data: Any, family: str) -> Lock:
        return lock(repo_id=data["name"])

    def read(text: bytes) -> Lock:
        return read_versioned(text, "hub.lock", "lock", {0: read_version_0, 1: reader_of(Lock)})

    assert read(b'{"lock_version": 0, "name": "acme/old"}').repo_id == "acme/old"
    assert read(lock().to_json().encode()).to_json() == lock().to_json()
    (only,) = problems_of(b'{"lock_version": 9}', read)
    assert "this hublish reads 0, 1" in only.message


FILE = {"path_in_repo": "a", "size": 1, "sha256": "0" * 64, "blob_id": "0" * 40}


@pytest.mark.parametrize(
    ("changes", "path", "message"),
    [
        ({"files": [{**FILE, "path_in_repo": "../x"}]}, "files[0].path_in_repo", "'..' segment not allowed"),
        ({"files": [{**FILE, "path_in_repo": "/x"}]}, "files[0].path_in_repo", "absolute path not allowed"),
        ({"files": [{**FILE, "path_in_repo": "C:\\x"}]}, "files[0].path_in_repo", "backslash not allowed"),
        ({"files": [{**FILE, "path_in_repo": ".git/config"}]}, "files[0].path_in_repo", "under .git"),
        ({"files": [FILE, FILE]}, "files", "a path_in_repo occurs twice"),
        ({"files": [{**FILE, "sha256": "0" * 63}]}, "files[0].sha256", "expected 64 lowercase hexadecimal digits"),
        ({"files": [{**FILE, "sha256": "G" * 64}]}, "files[0].sha256", "expected 64 lowercase hexadecimal digits"),
        ({"files": [{**FILE, "sha256": "0" * 64 + "\n"}]}, "files[0].sha256", "expected 64"),
        ({"files": [{**FILE, "size": "1"}]}, "files[0].size", "expected a whole number, got a string"),
        ({"files": [{**FILE, "size": True}]}, "files[0].size", "expected a whole number, got true"),
        ({"files": [{**FILE, "size": -1}]}, "files[0].size", "must be at least 0"),
        ({"files": [{**FILE, "mode": 1}]}, "files[0].mode", "unknown key 'mode'"),
        ({"commit": "abc"}, "commit", "expected 40 lowercase hexadecimal digits"),
        ({"repo_id": "a/b/c"}, "repo_id", "repo_id must be"),
        ({"load": {"allow_patterns": ["../*"]}}, "load.allow_patterns[0]", "'..' segment not allowed"),
        ({"load": {"target": "os.system"}}, "load.target", "expected `module:Class`"),
    ],
)
def test_everything_in_a_lock_is_validated(
    changed_lock: Callable[..., bytes], changes: dict[str, Any], path: str, message: str
) -> None:
    (only,) = problems_of(changed_lock(**changes))
    assert only.path == path
    assert message in only.message
    assert only.code.startswith("lock.")


def test_a_plan_may_list_odd_remote_files_but_not_send_them(plan: PlanDocument) -> None:
    text = plan.model_dump(mode="json")
    text["files"][1]["action"] = "add"
    (only,) = problems_of(json.dumps(text).encode(), read_plan)
    assert (only.code, only.path) == ("plan.value", "files[1]")
    assert "backslash not allowed" in only.message


def test_all_problems_of_a_lock_are_reported_at_once() -> None:
    found = problems_of(b'{"lock_version": 1, "repo_id": "a/b", "files": [{"path_in_repo": 3}]}')
    assert {problem.path for problem in found} == {
        *("commit", "endpoint", "load", "manifest_sha256", "revision"),
        *("files[0].path_in_repo", "files[0].sha256", "files[0].size", "files[0].blob_id"),
    }


json_values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5)


@given(st.dictionaries(st.sampled_from([*Lock.model_fields, "x"]), json_values | st.just([FILE]) | st.just(1)))
def test_any_json_is_read_or_rejected(data: dict[str, Any]) -> None:
    text = json.dumps({"lock_version": 1, **data}).encode()
    with pytest.raises(InvalidDocumentError) as caught:
        read_lock(text)
    assert all(problem.message for problem in caught.value.problems)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_rejected(text: bytes) -> None:
    for read in (read_lock, read_plan, read_receipt):
        with pytest.raises(InvalidDocumentError):
            read(text)
