"""Members at every depth are searched, and a warning names those that could not be."""

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from hublish.audit import member_secrets
from hublish.audit.file_audit import audit_content
from hublish.audit.fingerprint import Interest, fingerprint
from hublish.audit.member_secrets import search_members
from hublish.base.content import InMemory
from hublish.formats.blob import MemoryBlob
from hublish.schemas.documents.manifest import Policy
from tests.hublish.audit.payloads import zipped
from tests.planted_tokens import TOKENS

STORED, DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED
NOTES = b"token: " + TOKENS["github-token"](random.Random(3)).encode() + b"\n"


def tarred(name: str, data: bytes, mode: Any = "w") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


WRAPPERS: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a zip": (lambda data: zipped({"a.txt": data}, DEFLATED), "a.txt"),
    "a zip in a stored zip": (lambda data: zipped({"b.zip": zipped({"a.txt": data}, DEFLATED)}, STORED), "b.zip/a.txt"),
    "a zip in a zip": (lambda data: zipped({"b.zip": zipped({"a.txt": data}, DEFLATED)}, DEFLATED), "b.zip/a.txt"),
    "gzip in a stored zip": (lambda data: zipped({"a.gz": gzip.compress(data)}, STORED), "a.gz"),
    "gzip in a tar": (lambda data: tarred("a.gz", gzip.compress(data)), "a.gz"),
    "a tar in gzip": (lambda data: tarred("a.txt", data, "w:gz"), ""),
    "a zip in a tar in xz": (lambda data: tarred("b.zip", zipped({"a": data}, DEFLATED), "w:xz"), "b.zip/a"),
    "gzip in gzip": (lambda data: gzip.compress(gzip.compress(data)), ""),
    "lzma in bzip2": (lambda data: bz2.compress(lzma.compress(data, format=lzma.FORMAT_ALONE)), ""),
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_secret_in_nested_containers_is_found_with_its_path(wrapper: str) -> None:
    wrap, path = WRAPPERS[wrapper]
    found = [(one.secret.rule, one.member) for one in search_members(MemoryBlob(wrap(NOTES))).found]
    # A zip at the end of an uncompressed tar is also the tar's own directory, so it may be reported twice.
    assert ("github-token", path) in found


def test_a_member_is_searched_to_its_end() -> None:
    data = gzip.compress(bytes(80 << 20) + NOTES, 1)
    assert [one.secret.rule for one in search_members(MemoryBlob(data)).found] == ["github-token"]


def test_bytes_that_are_not_a_container_have_no_members() -> None:
    search = search_members(MemoryBlob(NOTES))
    assert (search.found, search.unsearched) == ([], "")


def nested(levels: int) -> bytes:
    data = NOTES
    for _ in range(levels):
        data = gzip.compress(data)
    return data


@pytest.mark.parametrize(("levels", "found", "unsearched"), [(4, 1, ""), (5, 0, "it is nested more than 4 deep")])
def test_a_limit_of_depth_is_reported(levels: int, found: int, unsearched: str) -> None:
    search = search_members(MemoryBlob(nested(levels)))
    assert (len(search.found), search.unsearched) == (found, unsearched)


def test_what_all_members_expand_to_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_secrets, "FLOOR", 4 << 20)
    monkeypatch.setattr(member_secrets, "RATIO", 0)
    data = zipped({f"{number}.bin": bytes(3 << 20) for number in range(3)} | {"z.txt": NOTES}, DEFLATED)
    search = search_members(MemoryBlob(data))
    assert search.found == []
    assert search.unsearched.startswith("1.bin: the file expands to more than")


def test_the_number_of_members_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(member_secrets, "MEMBER_LIMIT", 2)
    data = zipped({f"{number}.txt": b"x" for number in range(5)}, DEFLATED)
    assert search_members(MemoryBlob(data)).unsearched == "it has more than 2 members"


@pytest.mark.parametrize(("pickle", "codes"), [("allow", ["policy.secret"]), ("forbid", ["policy.pickle"])])
def test_a_file_that_cannot_be_searched_is_reported_once(pickle: str, codes: list[str]) -> None:
    policy = Policy.model_validate({"pickle": pickle})
    data = b"7z\xbc\xaf\x27\x1c" + bytes(100)
    printed = fingerprint(InMemory(data), Interest.of(policy), lambda _: None)
    problems = list(audit_content("a.7z", "a.7z", printed, policy))
    assert [problem.code for problem in problems] == codes
    assert [problem.severity for problem in problems] == ["warning" if pickle == "allow" else "error"]
