"""Machines without the key of a signed release: reviewers plan, readers compare, and only the others publish."""

import json

import pytest
from huggingface_hub import CommitOperationAdd

import hublish
from hublish.base.errors import (
    PlanStaleError,
    SigningError,
)
from hublish.base.values import Action
from hublish.pipeline.lock.records import plan_document
from hublish.schemas.documents.file_names import BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE
from tests.hublish.api.released_project import FIRST, SECOND
from tests.hublish.api.signed_project import SignedProject
from tests.signing_keys import key, new_key


def test_a_reviewer_without_the_key_plans_and_the_machine_with_it_publishes(signed: SignedProject) -> None:
    signed.publish("v1.0.0", FIRST)
    signed.write(SECOND)
    signed.manifest.write_text(signed.manifest.read_text().replace("v1.0.0", "v1.1.0"))
    signed.hide_key()
    plan = signed.plan()
    assert [one.path_in_repo for one in plan.changes if one.made_at_publish] == [CLAIMS_FILE, SIGNATURE_FILE]
    document = plan_document(plan)
    signed.return_key()
    assert hublish.publish(signed.manifest, plan=document, **signed.options).created
    signed.verified("v1.1.0")


def test_what_was_reviewed_with_the_key_must_be_what_is_published(signed: SignedProject) -> None:
    signed.publish("v1.0.0", FIRST)
    signed.write(SECOND)
    signed.manifest.write_text(signed.manifest.read_text().replace("v1.0.0", "v1.1.0"))
    document = plan_document(signed.plan())
    signed.key.write_bytes(new_key().private)
    with pytest.raises(PlanStaleError) as caught:
        hublish.publish(signed.manifest, plan=document, **signed.options)
    signer, file = (one.message for one in caught.value.problems)
    assert signer.startswith("the signer changed: reviewed key sha256:")
    assert file == f"'{SIGNATURE_FILE}' has other bytes than were reviewed"


def test_without_the_key_nothing_is_created_and_no_file_is_read(signed: SignedProject) -> None:
    signed.hide_key()
    with pytest.raises(SigningError, match="does not exist") as caught:
        signed.publish("v1.0.0", FIRST)
    assert caught.value.hint
    assert not signed.api.repo_exists(signed.repo_id)


def test_a_published_release_is_recognized_without_the_key(signed: SignedProject) -> None:
    signed.publish("v1.0.0", FIRST)
    signed.hide_key()
    assert signed.plan().nothing_to_do
    assert not hublish.status(signed.manifest, **signed.options).changed
    lock = (signed.folder / "hub.lock").read_bytes()
    assert hublish.publish(signed.manifest, **signed.options).plan.nothing_to_do
    assert (signed.folder / "hub.lock").read_bytes() == lock


def test_a_foreign_signature_is_replaced_and_not_taken_for_ours(signed: SignedProject) -> None:
    signed.publish("v1.0.0", FIRST)
    signed.key.write_bytes(new_key().private)
    plan = signed.plan()
    assert {change.path_in_repo for change in plan.of(Action.CHANGE)} == {
        SIGNATURE_FILE,
        CLAIMS_FILE,
    }
    # With a tag, that would be another release of the same name.
    assert plan.refusals


@pytest.mark.parametrize("path", [SIGNATURE_FILE, CLAIMS_FILE, BOM_FILE])
def test_a_signature_that_was_changed_on_the_hub_is_made_again(signed: SignedProject, path: str) -> None:
    signed.publish("v1.0.0", FIRST)
    data = signed.read(path).replace(b'"', b' "', 1)
    signed.api.create_commit(signed.repo_id, [CommitOperationAdd(path, data)], commit_message="edit")
    data_ = json.loads(signed.manifest.read_text())
    data_["repo"]["tag"] = None
    signed.manifest.write_text(json.dumps(data_))
    hublish.publish(signed.manifest, **signed.options)
    signed.verified()


@pytest.mark.parametrize(
    ("section", "environment"),
    [
        ({"method": "key", "private_key_env": "ACME_KEY"}, {"ACME_KEY": key().private.decode()}),
        # As stores of secrets without line breaks keep it.
        ({"method": "key", "private_key_env": "ACME_KEY"}, {"ACME_KEY": key().private.decode().replace("\n", "\\n")}),
    ],
)
def test_the_key_can_be_in_the_environment(
    signed: SignedProject, monkeypatch: pytest.MonkeyPatch, section: dict[str, str], environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    signed.more["sign"] = section
    signed.publish("v1.0.0", FIRST)
    signed.verified()
