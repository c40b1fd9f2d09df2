"""The views of a signed release: who signs it, and the files that are made when it is published."""

from dataclasses import replace
from pathlib import Path

import pytest

from hublish.base.values import Action, Change, Plan
from hublish.base.values.attested import Attestation, SignedBy
from hublish.cli.views.build import BuildView
from hublish.cli.views.files import FilesView
from hublish.cli.views.plan import PlanView
from hublish.cli.views.publish import ReceiptView
from hublish.pages.review_page import Evidence, review_page
from hublish.pipeline.lock.records import locked_signature, plan_document, plan_pieces
from hublish.schemas.documents.file_names import CLAIMS_FILE, SIGNATURE_FILE
from hublish.schemas.documents.plan import PlannedAttestation, read_plan
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import PARENT, Make, Show

IDENTITY = "https://github.com/acme/digits/.github/workflows/release.yml@refs/tags/v1"
ISSUER = "https://token.actions.githubusercontent.com"
JOB = SignedBy("sigstore", IDENTITY, ISSUER, 4711)
BUILT = Attestation(None, IDENTITY, "git+https://github.com/acme/digits", PARENT, dirty=True)


@pytest.fixture
def plan(make: Make) -> Plan:
    """A plan of a machine that cannot sign: one file is new, the other replaces that of the last release."""
    pending = (
        Change(Action.ADD, CLAIMS_FILE, reason="sign: made at publish", rule="sign", made_at_publish=True),
        Change(
            Action.CHANGE,
            SIGNATURE_FILE,
            remote=make.remote(SIGNATURE_FILE, 5000),
            reason="sign: made at publish",
            rule="sign",
            made_at_publish=True,
        ),
    )
    found = make.plan(make.add("config.json", 12), *pending)
    attestation = replace(BUILT, signer=JOB, pending=(CLAIMS_FILE, SIGNATURE_FILE))
    return replace(found, release=replace(found.release, attestation=attestation))


def test_a_plan_names_signer_source_and_builder_and_leaves_sizes_open(plan: Plan, show: Show, golden: Golden) -> None:
    golden("plan_signed", show(PlanView(plan)))


def test_a_comment_does_so_too(plan: Plan, as_markdown: Show, golden: Golden) -> None:
    golden("plan_signed_markdown", as_markdown(PlanView(plan)))


def test_a_saved_plan_is_read_and_shown_as_it_was(plan: Plan, show: Show) -> None:
    document = read_plan(b"".join(plan_pieces(plan)))
    assert show(PlanView(document)).partition("Next:")[0] == show(PlanView(plan)).partition("Next:")[0]
    by_path = {file.path_in_repo: file for file in document.files}
    assert [(file.made_at_publish, file.sha256, file.size) for file in by_path.values()][1:] == [(True, None, 0)] * 2
    assert by_path[SIGNATURE_FILE].before_size is None
    assert document.attestation == PlannedAttestation(
        method="sigstore",
        signer=IDENTITY,
        builder=IDENTITY,
        source_uri="git+https://github.com/acme/digits",
        source_commit=PARENT,
        dirty=True,
    )


def test_a_plan_may_be_published_although_the_hub_was_not_asked_about_pending_files(plan: Plan) -> None:
    known = replace(plan, head=replace(plan.head, default_commit=PARENT))
    assert not known.is_read_only
    assert known.commits
    assert known.bytes_to_send == 12


@pytest.mark.parametrize(
    ("attestation", "facts"),
    [
        (PlannedAttestation(method="key"), {"signed": "at publish, with the method key"}),
        (
            PlannedAttestation(method="key", signer="sha256:" + "a1" * 32, source_commit=PARENT),
            {"signed": f"key sha256:{'a1' * 8}", "source": f"git commit {PARENT[:12]}"},
        ),
        (
            PlannedAttestation(method="certificate", signer="release@acme.example", builder="https://ci"),
            {"signed": "certificate release@acme.example", "builder": "https://ci"},
        ),
    ],
)
def test_facts_that_are_not_known_are_left_out(attestation: PlannedAttestation, facts: dict[str, str]) -> None:
    assert dict(attestation.facts) == facts


def test_the_page_of_a_review_has_the_same_facts(plan: Plan) -> None:
    page = review_page(Evidence(plan_document(plan), "7" * 64, (), (), (), "https://hub.example"))
    for fact in ("Signed", "Source", "Builder", "sign: made at publish", f"at {PARENT[:12]}, and files that differ"):
        assert fact in page
    assert f"<bdi>{CLAIMS_FILE}</bdi> <small></small>" in page


def test_files_and_folders_say_what_is_made_later(plan: Plan, show: Show) -> None:
    text = show(FilesView(plan.release))
    assert [line.split() for line in text.splitlines() if "made at publish" in line] == [
        [path, "made", "at", "publish", "sign"] for path in (CLAIMS_FILE, SIGNATURE_FILE)
    ]
    assert [*FilesView(plan.release).quiet()] == ["config.json", CLAIMS_FILE, SIGNATURE_FILE]
    assert FilesView(plan.release).document()["made_at_publish"] == [CLAIMS_FILE, SIGNATURE_FILE]
    assert f"{CLAIMS_FILE} and {SIGNATURE_FILE} will be made" in show(BuildView(plan.release, Path("build")))


def test_a_receipt_names_the_signer_and_the_entry_of_the_log(make: Make, plan: Plan, show: Show) -> None:
    text = show(ReceiptView(make.receipt(plan), Path("hub.lock")))
    rows = dict(line.split(maxsplit=2)[0:3:2] for line in text.splitlines() if line.startswith(("  signed", "  log")))
    assert rows == {"signed": f"{IDENTITY} of {ISSUER}", "log": "4711"}


def test_a_lock_records_the_signer() -> None:
    record = locked_signature(replace(BUILT, signer=JOB))
    assert record is not None
    assert (record.method, record.signer, record.provider) == ("sigstore", IDENTITY, ISSUER)
    assert (record.log_index, record.builder) == (4711, IDENTITY)
    assert locked_signature(BUILT) is None
    assert locked_signature(None) is None
