"""What `hublish.sign` and `hublish.attest` refuse: nothing is changed on the Hub."""

import pickle
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd

import hublish
from hublish.base.errors import (
    DeclinedError,
    HublishError,
    IntegrityError,
    PolicyError,
    SigningError,
    UsageError,
)
from tests.faults.proxy import Proxy, instead
from tests.hublish.api.released_project import SECOND
from tests.hublish.api.unsigned_project import VERBS, Unsigned, both, ref, signer_of


@both
def test_a_pickle_that_no_lock_records_is_refused(unsigned: Unsigned, verb: str) -> None:
    unsigned.api.create_commit(
        unsigned.repo_id,
        [CommitOperationAdd("state.txt", pickle.dumps(print, protocol=0))],
        commit_message="Add a pickle",
    )
    with pytest.raises(PolicyError):
        unsigned.run(verb, lock=unsigned.folder / "no.lock")
    assert not list(unsigned.api.get_repo_discussions(unsigned.repo_id))


REFUSALS: list[tuple[dict[str, Any], type[HublishError], str]] = [
    ({"signer": None}, SigningError, "no signer is declared"),
    ({"signer": {"method": "key"}}, UsageError, "needs a private key"),
    ({"signer": {"method": "key", "private_key": "nowhere.pem"}}, SigningError, "does not exist"),
    ({"signer": {"method": "sigstore"}}, UsageError, "needs identity"),
    ({"confirm": lambda _: False}, DeclinedError, "not confirmed"),
]


@both
@pytest.mark.parametrize(("options", "error", "message"), REFUSALS)
def test_what_cannot_be_signed_changes_nothing(
    unsigned: Unsigned, verb: str, options: dict[str, Any], error: type[HublishError], message: str
) -> None:
    with pytest.raises(error, match=message):
        unsigned.run(verb, **options)
    assert not list(unsigned.api.get_repo_discussions(unsigned.repo_id))


@both
def test_only_what_main_has_is_signed(unsigned: Unsigned, verb: str) -> None:
    first = unsigned.lock["commit"]
    unsigned.publish("v1.1.0", SECOND)
    for revision in ("v1.0.0", first, "refs/pr/1", "other", "0" * 40):
        with pytest.raises(UsageError, match="pull request"):
            VERBS[verb](f"{unsigned.repo_id}@{revision}", signer=signer_of(unsigned), **unsigned.options)
    assert VERBS[verb](f"{unsigned.repo_id}@v1.1.0", signer=signer_of(unsigned), **unsigned.options).receipt.created


@both
@pytest.mark.parametrize("path", ["model.bin", "config.json", "extra.json"])
def test_a_commit_of_somebody_else_is_not_signed_unread(unsigned: Unsigned, path: str, verb: str) -> None:
    unsigned.api.create_commit(unsigned.repo_id, [CommitOperationAdd(path, b"{}")], commit_message="Mine")
    with pytest.raises(SigningError, match=r"a file of .* changed since the release") as caught:
        unsigned.run(verb)
    assert [one.message for one in caught.value.problems] == [f"'{path}' is not as hub.lock records it"]
    # A tag is moved by whoever may write to the repo, and so is no proof that anybody has read the commit.
    unsigned.api.create_tag(unsigned.repo_id, tag="read")
    with pytest.raises(SigningError, match="changed since"):
        VERBS[verb](
            f"{unsigned.repo_id}@read",
            signer=signer_of(unsigned),
            lock=unsigned.folder / "hub.lock",
            **unsigned.options,
        )
    assert not list(unsigned.api.get_repo_discussions(unsigned.repo_id))
    receipt = unsigned.run_at_head(verb).receipt
    assert unsigned.signed_files(ref(receipt)) == unsigned.digests(ref(receipt))


@both
def test_a_file_that_the_release_left_in_the_repo_is_signed(unsigned: Unsigned, verb: str) -> None:
    unsigned.api.create_commit(unsigned.repo_id, [CommitOperationAdd("notes.txt", b"-")], commit_message="Mine")
    unsigned.more = {"patterns": {}}
    unsigned.publish("v1.1.0", {"config.json": '{"version": 3}'})
    receipt = unsigned.run(verb)
    assert "notes.txt" in unsigned.signed_files(ref(receipt))


def test_a_byte_that_the_hub_changed_is_noticed(unsigned: Unsigned, proxy: Proxy, tmp_path: Path) -> None:
    proxy.on(r"^GET \S*/resolve/\S*config\.json", instead(200, b'{"VERSION": 1}'))
    with pytest.raises(IntegrityError):
        hublish.sign(unsigned.repo_id, signer=signer_of(unsigned), lock=tmp_path / "no.lock", **unsigned.options)
    assert not list(unsigned.api.get_repo_discussions(unsigned.repo_id))


@pytest.mark.parametrize("claims", [b"", b"{}\n", b"not json\n"])
def test_claims_that_readers_refuse_are_not_signed_beside(unsigned: Unsigned, claims: bytes) -> None:
    unsigned.api.create_commit(
        unsigned.repo_id, [CommitOperationAdd("claims.jsonl", claims)], commit_message="Claims of somebody"
    )
    with pytest.raises(SigningError, match=r"claims\.jsonl") as caught:
        unsigned.run("sign")
    assert "hublish attest" in caught.value.hint
    receipt = unsigned.run("attest")
    assert unsigned.built(ref(receipt)) is not None


def test_claims_about_other_files_are_not_signed_beside(unsigned: Unsigned) -> None:
    unsigned.api.merge_pull_request(unsigned.repo_id, unsigned.run("attest").pull_request or 0)
    unsigned.api.create_commit(
        unsigned.repo_id, [CommitOperationAdd("config.json", b"{}")], commit_message="An edit on the Hub"
    )
    with pytest.raises(SigningError, match="about other files"):
        unsigned.run_at_head("sign")


@both
def test_the_content_of_a_key_is_refused_and_not_repeated(unsigned: Unsigned, verb: str) -> None:
    content = unsigned.pair.private.decode()
    for field in ("private_key", "private_key_env", "password_env"):
        with pytest.raises(UsageError) as caught:
            unsigned.run(verb, signer={"method": "key", field: content})
        assert content.splitlines()[1] not in f"{caught.value} {caught.value.hint}"
