"""Nobody can change a signed release unnoticed: `verify --attestations` refuses every tampering, without a network."""

import socket
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import hublish
from tests.attested_release import REPO, write_folder
from tests.pipeline.authenticate.accepting import accepting, lock_of
from tests.pipeline.authenticate.changes import METHODS, Files, Method, release
from tests.pipeline.authenticate.tamperings import TAMPERINGS, Tampering


@pytest.fixture(autouse=True)
def offline(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def blocked(*arguments: object) -> None:
        raise AssertionError(f"a connection: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", blocked)
    monkeypatch.setattr(socket, "getaddrinfo", blocked)


def verified(folder: Path, files: Files, method: Method) -> hublish.CheckedAttestations:
    return hublish.verify_attestations(
        write_folder(folder / "release", files),
        lock=lock_of(method),
        trust_policy=accepting(folder, method),
        digest_cache=False,
    )


def test_there_are_enough_different_tamperings_of_each_method() -> None:
    methods = Counter(each.method for each in TAMPERINGS.values())
    assert min(methods.values()) > 100
    assert len({(each.method, *sorted(each.files.items())) for each in TAMPERINGS.values()}) > 400


@pytest.mark.parametrize("tampering", TAMPERINGS.values(), ids=TAMPERINGS)
def test_a_tampering_is_refused_for_the_right_reason(tampering: Tampering, tmp_path: Path) -> None:
    assert tampering.files != release(tampering.method)
    found = verified(tmp_path, tampering.files, tampering.method)
    codes = {problem.code for problem in found.examination.problems}
    assert not found.ok
    assert codes <= {*tampering.codes}
    assert codes


UNCHANGED: dict[str, Callable[[Files], Files]] = {
    "as it was signed": dict,
    "in another order": lambda files: dict(reversed([*files.items()])),
    "with the file that the Hub writes": lambda files: {**files, ".gitattributes": b"* text\n"},
    "with its claims in another order": lambda files: {
        **files,
        "claims.jsonl": b"".join(reversed(files["claims.jsonl"].splitlines(keepends=True))),
    },
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", UNCHANGED)
def test_what_was_signed_is_accepted(method: Method, name: str, tmp_path: Path) -> None:
    found = verified(tmp_path, UNCHANGED[name](release(method)), method)
    assert found.ok, found.examination.problems
    assert [reason.name for reason in found.examination.reasons][-1] == "lock"
    assert found.examination.repo == REPO
