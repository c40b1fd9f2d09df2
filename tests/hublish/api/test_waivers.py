"""A waived finding from check to the lock: every verb shows it, and no reader of the release obeys it."""

import json
import random
from pathlib import Path

import pytest

import hublish
from hublish.api.read_project import read_lock_file, read_plan_file
from hublish.base.errors import PlanStaleError, PolicyError
from hublish.base.values import Effect
from hublish.base.values.explanation import Outcome
from hublish.hub.client.hub import Hub
from hublish.pipeline.lock.records import plan_document, plan_pieces
from hublish.schemas.documents.lock import read_lock
from tests.hublish.audit.payloads import call
from tests.planted_tokens import TOKENS

TOKEN = TOKENS["huggingface-token"](random.Random(8))
BARE = "repo: {repo_id: acme/digits}\nartifacts: [{source: data, path_in_repo: data}]\n"
WAIVERS = """policy:
  waivers:
    - {rule: policy.secret, path_in_repo: data/key.txt, reason: an example that was never valid}
    - {rule: policy.pickle, path_in_repo: data/old.bin, reason: the old format for one reader}
"""


@pytest.fixture
def waiving(folder: Path) -> Path:
    """A release with a secret and a pickle, both waived."""
    (folder / "data" / "key.txt").write_text(f"first line\ntoken: {TOKEN}\n")
    (folder / "data" / "old.bin").write_bytes(call())
    (folder / "hub.yaml").write_text(BARE + WAIVERS)
    return folder / "hub.yaml"


def test_a_check_accepts_waived_findings_and_names_the_line_of_a_waiver_without_effect(waiving: Path) -> None:
    assert [one.code for one in hublish.check(waiving)] == ["release.no_card"]
    (waiving.parent / "data" / "key.txt").write_text("clean now\n")
    for verb in (hublish.check, hublish.files):
        with pytest.raises(PolicyError) as caught:
            verb(waiving)
        (problem,) = (one for one in caught.value.problems if one.severity == "error")
        assert (problem.code, str(problem.location)) == ("policy.unused_waiver", f"{waiving}:5:7")


def test_a_plan_a_receipt_and_the_lock_record_what_is_waived(waiving: Path, hub: Hub) -> None:
    plan = hublish.plan(waiving, endpoint=hub.endpoint, token=hub.token)
    found = [(one.code, one.path_in_repo, one.severity, one.waived) for one in plan_document(plan).findings]
    assert found == [
        ("policy.secret", "data/key.txt", "error", "an example that was never valid"),
        ("policy.pickle", "data/old.bin", "error", "the old format for one reader"),
    ]
    hublish.publish(waiving, plan=plan, endpoint=hub.endpoint, token=hub.token)
    text = (waiving.parent / "hub.lock").read_bytes()
    lock = read_lock(text)
    assert [(one.rule, one.path_in_repo, one.findings) for one in lock.waived] == [
        ("policy.secret", "data/key.txt", 1),
        ("policy.pickle", "data/old.bin", 1),
    ]
    assert json.loads(text)["lock_version"] == 2
    assert lock.to_json().encode() == text
    assert TOKEN not in text.decode()


def test_a_lock_without_waivers_keeps_its_version_and_its_bytes(waiving: Path, hub: Hub) -> None:
    waiving.write_text(BARE + "policy: {secrets: allow, pickle: allow}\n")
    hublish.publish(waiving, endpoint=hub.endpoint, token=hub.token)
    lock = read_lock_file(waiving.parent / "hub.lock")
    assert (lock.lock_version, lock.waived, '"waived"' in lock.to_json()) == (1, (), False)


def test_a_plan_that_was_made_before_a_waiver_is_stale(waiving: Path, hub: Hub) -> None:
    waiving.write_text(BARE + "policy: {secrets: allow, pickle: allow}\n")
    plan = hublish.plan(waiving, endpoint=hub.endpoint, token=hub.token)
    waiving.write_text(BARE + WAIVERS)
    with pytest.raises(PlanStaleError) as caught:
        hublish.publish(waiving, plan=plan, endpoint=hub.endpoint, token=hub.token)
    codes = [one.code for one in caught.value.problems]
    assert {"plan.stale.manifest_sha256", "plan.stale.waived"} <= set(codes)


@pytest.mark.parametrize("change", ["removed", "another reason", "not waived"])
def test_a_plan_file_that_hides_a_waiver_from_its_reviewers_is_stale(waiving: Path, hub: Hub, change: str) -> None:
    plan = hublish.plan(waiving, endpoint=hub.endpoint, token=hub.token)
    document = json.loads(b"".join(plan_pieces(plan)))
    first, *rest = document["findings"]
    changed = {
        "removed": [],
        "another reason": [{**first, "waived": "fine"}],
        "not waived": [{**first, "waived": None}],
    }
    file = waiving.parent / "plan.json"
    file.write_text(json.dumps({**document, "findings": [*changed[change], *rest]}))
    with pytest.raises(PlanStaleError) as caught:
        hublish.publish(waiving, plan=file, endpoint=hub.endpoint, token=hub.token)
    (problem,) = caught.value.problems
    assert (problem.code, "data/key.txt" in problem.message) == ("plan.stale.waived", True)
    file.write_bytes(b"".join(plan_pieces(plan)))
    assert read_plan_file(file)[0].findings == plan_document(plan).findings
    assert hublish.publish(waiving, plan=file, endpoint=hub.endpoint, token=hub.token).verified


def test_a_plan_of_an_earlier_version_has_no_findings_and_is_published(waiving: Path, hub: Hub) -> None:
    waiving.write_text(BARE + "policy: {secrets: warn, pickle: warn}\n")
    plan = hublish.plan(waiving, endpoint=hub.endpoint, token=hub.token)
    assert [one.severity for one in plan_document(plan).findings] == ["warning", "warning"]
    document = json.loads(b"".join(plan_pieces(plan)))
    del document["findings"]
    file = waiving.parent / "plan.json"
    file.write_text(json.dumps(document))
    assert hublish.publish(waiving, plan=file, endpoint=hub.endpoint, token=hub.token).verified


def test_explain_shows_a_waiver_as_a_step_with_its_line(waiving: Path) -> None:
    (answer,) = hublish.explain(waiving, "data/key.txt").explanations
    (step,) = (step for step in answer.fates[0].steps if step.effect is Effect.WAIVED)
    assert answer.outcome is Outcome.IN
    assert (step.rule, step.path, str(step.location)) == ("policy.secrets", "policy.waivers[0]", f"{waiving}:5:7")
    assert step.text.endswith("waived: an example that was never valid")


def test_a_waiver_of_the_publisher_does_not_count_for_a_reader(waiving: Path, hub: Hub) -> None:
    hublish.publish(waiving, endpoint=hub.endpoint, token=hub.token)
    for verb in (hublish.pull, hublish.load):
        with pytest.raises(PolicyError) as caught:
            verb("acme/digits", endpoint=hub.endpoint, token=hub.token, allow_patterns=["data/*"])
        assert [one.code for one in caught.value.problems] == ["policy.pickle"]
    # Neither does the record of it in the publisher's lock.
    lock = waiving.parent / "hub.lock"
    with pytest.raises(PolicyError) as caught:
        hublish.pull(lock=lock, endpoint=hub.endpoint, token=hub.token, allow_patterns=["data/*"])
    assert [one.code for one in caught.value.problems] == ["policy.pickle"]


def test_a_waiver_for_a_rendered_card_is_used_by_check_and_by_files(waiving: Path) -> None:
    (waiving.parent / "note.txt").write_text(f"a {TOKEN} z")
    template = waiving.parent / "card.md.j2"
    template.write_text(f"# A card\n\nUse {TOKEN}.\n")
    card = "card: {template: card.md.j2, metadata: {license: mit}}\n"
    waiving.write_text(BARE + card + WAIVERS)
    with pytest.raises(PolicyError) as caught:
        hublish.check(waiving)
    assert "policy.secret" in {one.code for one in caught.value.problems}
    waiving.write_text(
        BARE + card + WAIVERS + "    - {rule: policy.secret, path_in_repo: README.md, reason: an example}\n"
    )
    hublish.check(waiving)
    assert [one.path_in_repo for one in hublish.files(waiving).waived] == ["README.md", "data/key.txt", "data/old.bin"]


@pytest.mark.parametrize(
    ("artifact", "policy", "waived", "left"),
    [
        # The source of a converted file, and its path in the repo.
        ("{source: data/weights.pt, path_in_repo: m.bin}", "", "data/weights.pt", "m.bin"),
        ("{source: data/weights.pt, path_in_repo: m.bin}", "", "weights.pt", "m.bin"),
        # A link that is followed is a file of its own.
        ("{source: data/link.pt}, {source: data/weights.pt}", "symlinks: follow, ", "weights.pt", "link.pt"),
        ("{source: data/link.pt}, {source: data/weights.pt}", "symlinks: follow, ", "link.pt", "weights.pt"),
        # The same file under two paths.
        ("{source: data/weights.pt}, {source: data/weights.pt, path_in_repo: b.pt}", "", "b.pt", "weights.pt"),
    ],
)
def test_a_waiver_names_the_path_in_the_repo_and_no_other_name_of_the_bytes(
    folder: Path, artifact: str, policy: str, waived: str, left: str
) -> None:
    (folder / "data" / "weights.pt").write_bytes(call())
    (folder / "data" / "link.pt").symlink_to("weights.pt")
    waiver = f"{{rule: policy.pickle, path_in_repo: {waived}, reason: a test}}"
    manifest = f"repo: {{repo_id: acme/digits}}\nartifacts: [{artifact}]\npolicy: {{{policy}waivers: [{waiver}]}}\n"
    (folder / "hub.yaml").write_text(manifest)
    with pytest.raises(PolicyError) as caught:
        hublish.files(folder / "hub.yaml")
    assert ("policy.pickle", left) in {(one.code, one.path) for one in caught.value.problems}
    assert ("policy.pickle", waived) not in {(one.code, one.path) for one in caught.value.problems}


def test_a_rehearsal_pulls_the_pickle_that_its_own_policy_waives(waiving: Path) -> None:
    assert hublish.rehearse(waiving).differences == ()
