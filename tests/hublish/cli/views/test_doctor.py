"""The doctor's findings."""

from hublish import Finding
from hublish.cli.views.doctor import FindingsView
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import Show

FINDINGS = (
    Finding("endpoint", ok=True, detail="https://hub.example answers"),
    Finding("token", ok=False, detail="none, or not valid", hint="log in with `hf auth login`"),
    Finding("xet", ok=True, detail="off", hint="pip install hf_xet"),
)


def test_every_finding_has_a_line_and_what_hurts_a_hint(show: Show, golden: Golden) -> None:
    golden("doctor", show(FindingsView(FINDINGS)))


def test_nothing_found_is_said(show: Show) -> None:
    assert show(FindingsView(FINDINGS[:1])).endswith("\nNo problem found.\n")


def test_json_has_the_verdict_and_all_findings() -> None:
    document = FindingsView(FINDINGS).document()
    assert document["ok"] is False
    assert document["findings"][0] == {
        "name": "endpoint",
        "ok": True,
        "detail": "https://hub.example answers",
        "hint": "",
    }


def test_quiet_is_the_names_of_what_hurts() -> None:
    assert list(FindingsView(FINDINGS).quiet()) == ["token"]
