"""The view of the findings of `doctor`."""

from hublish import Finding
from hublish.cli.views.doctor import FindingsView
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import Show

FINDINGS = (
    Finding("endpoint", ok=True, detail="https://hub.example answers"),
    Finding("token", ok=False, detail="none, or not valid", hint="log in with `hf auth login`"),
    Finding("xet", ok=True, detail="off", hint="pip install hf_xet"),
)


def test_every_finding_has_a_line_and_a_hint(show: Show, golden: Golden) -> None:
    golden("doctor", show(FindingsView(FINDINGS)))


def test_without_problems_the_verdict_is_one_line(show: Show) -> None:
    assert show(FindingsView(FINDINGS[:1])).endswith("\nNo problems found.\n")


def test_json_has_the_verdict_and_all_findings() -> None:
    document = FindingsView(FINDINGS).document()
    assert document["ok"] is False
    assert document["findings"][0] == {
        "name": "endpoint",
        "ok": True,
        "detail": "https://hub.example answers",
        "hint": "",
    }


def test_quiet_prints_the_names_of_failed_checks() -> None:
    assert list(FindingsView(FINDINGS).quiet()) == ["token"]
