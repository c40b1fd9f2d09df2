"""A plan as a page: the verdict first, everything that decides, and within its size."""

import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from hublish.base.values.surprise import Surprise
from hublish.diffs.differences import FileDiff, Line
from hublish.pages.review_page import Evidence, review_page, verdict
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.plan import PlannedFinding, PlannedMove, PlannedSetting
from tests.hublish.pages.evidence import CARD, evidence, plan_of, planned, text_diff

# Not a real one, and written in parts: a search for secrets in this repository finds nothing.
HUB_TOKEN = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ01234567"
HIGH, MEDIUM = Surprise("surprise.a", "high", "a high one"), Surprise("surprise.b", "medium", "a medium one")
FILES = (planned("add", "a"), planned("change", "b"), planned("keep", "c"))
VERDICTS = {
    "Review needed: 2 high risks, 1 medium": ({}, (HIGH, MEDIUM, HIGH)),
    "Review needed: 1 high risk": ({}, (HIGH,)),
    "Review needed: 1 medium risk": ({}, (MEDIUM,)),
    "No surprises: 2 files change": ({}, ()),
    "No surprises: 1 file changes": ({"files": FILES[1:]}, ()),
    "Nothing to do: the Hub holds this release already": ({"nothing_to_do": True}, ()),
    "Cannot be published": ({"refusals": ("the tag is taken",)}, (HIGH,)),
}


def page(given: Evidence) -> str:
    """Return the texts of a page, separated by spaces."""
    html = review_page(given)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)))


@pytest.mark.parametrize(("text", "given"), VERDICTS.items())
def test_the_verdict_counts_the_risks(text: str, given: tuple[dict[str, Any], tuple[Surprise, ...]]) -> None:
    plan = plan_of(**{"files": FILES, **given[0]})
    assert verdict(plan, given[1]) == text
    shown = page(Evidence(plan, "e" * 64, given[1]))
    assert text in shown


def test_the_verdict_comes_first_and_then_everything_by_importance() -> None:
    html = review_page(evidence("text"))
    headings = re.findall(r"<h([12])[^>]*>([^<]+)<", html)
    assert headings == [
        ("1", "Review needed: 1 high risk, 1 medium"),
        *(("2", name) for name in ("Surprises", "Settings", "Files", "Changes", "Card", "Findings", "Provenance")),
    ]
    assert html.index(">Surprises<") < html.index("Digest of the plan") < html.index(">Settings</h2>")


def test_high_surprises_come_first_and_link_to_the_diff_of_their_file() -> None:
    found = (MEDIUM, Surprise("surprise.a", "high", "a high one", "b", "repo.visibility"))
    html = review_page(Evidence(plan_of(FILES), "e" * 64, found, [text_diff("b", [Line("+", "x")])]))
    assert html.index("a high one") < html.index("a medium one")
    assert '<a href="#diff-0">diff</a> <code>repo.visibility</code>' in html
    assert 'id="diff-0"' in html


def test_each_of_many_surprises_is_on_the_page_and_the_later_ones_are_folded() -> None:
    found = [Surprise("surprise.many", "medium", f"number {number}.") for number in range(1000)]
    shown = page(Evidence(plan_of(FILES), "e" * 64, [*found, HIGH]))
    assert shown.index("a high one") < shown.index("number 0.") < shown.index("901 more surprises")
    assert all(f"number {number}." in shown for number in range(1000))


MOVE = PlannedMove(kind="tag", name="latest", before="a" * 40, release="v1")
SENTENCES = {
    "Publishing changes the public model acme/digits at https://huggingface.co on main in one commit": {},
    "Publishing creates the private and gated model": {
        "repo_exists": False,
        "visibility": "private",
        "gated": "manual",
    },
    "by a pull request to main": {"create_pr": True},
    "creates the tag v1.2.0, and moves the tag latest.": {"moves": (MOVE,)},
    "tag latest from aaaaaaaaaaaa (v1) to this commit": {"moves": (MOVE,)},
    "in 1,002 commits, “ Release v1.2.0 ” , and creates the tag v1.2.0": {"commits": 1002},
}


@pytest.mark.parametrize(("text", "fields"), SENTENCES.items())
def test_one_sentence_says_what_happens(text: str, fields: dict[str, Any]) -> None:
    assert re.sub(r"\s", "", text) in re.sub(r"\s", "", page(Evidence(plan_of(FILES, **fields), "e" * 64)))


def test_settings_findings_warnings_variables_and_provenance_are_shown() -> None:
    findings = (
        PlannedFinding(code="policy.secret", severity="error", message="a token", path_in_repo="a", waived="a sample"),
        PlannedFinding(code="policy.pickle", severity="warning", message="a pickle", path_in_repo="b"),
    )
    settings = (PlannedSetting(name="visibility", before="private", after="public"),)
    plan = plan_of(
        FILES, findings=findings, settings=settings, variables={"version": 3}, surroundings={"git.tag": "v3"}
    )
    warnings = (
        Problem("release.x", "no weights", "add some"),
        Problem("policy.pickle", "a pickle", severity="warning"),
    )
    shown = page(Evidence(plan, "e" * 64, (), (), warnings, provenance={"Git commit": "1234"}))
    for text in (
        "visibility private public",
        "waived a : a token policy.secret Waived: a sample",
        "Variable version 3",
    ):
        assert text in shown
    for text in ("error no weights release.x add some", "Variable git.tag v3", "Git commit 1234", "Hublish-Plan: eeee"):
        assert text in shown
    assert shown.count("a pickle") == 1


def test_the_content_of_a_file_with_a_secret_is_not_shown() -> None:
    finding = PlannedFinding(code="policy.secret", severity="error", message="x", path_in_repo="b", waived="sample")
    diffs = [text_diff("b", [Line("+", "-----BEGIN KEY-----"), Line("+", "MIIEpAIBAAKCAQEA")])]
    shown = page(Evidence(plan_of(FILES, findings=(finding,)), "e" * 64, (), diffs))
    assert "MIIEpAIBAAKCAQEA" not in shown
    card = text_diff("README.md", [], before_text=None, after_text=f"{CARD}\nMIIEpAIBAAKCAQEA\n")
    of_card = finding.model_copy(update={"path_in_repo": "README.md"})
    assert "MIIEpAIBAAKCAQEA" not in page(Evidence(plan_of(FILES, findings=(of_card,)), "e" * 64, (), [card]))
    assert "not shown: the audit found a secret in this file" in shown


def test_a_credential_in_a_card_is_masked() -> None:
    diffs = [text_diff("README.md", [], before_text=None, after_text=f"{CARD}\n{HUB_TOKEN}\n")]
    assert HUB_TOKEN[4:16] not in review_page(Evidence(plan_of(FILES), "e" * 64, (), diffs))


def test_both_cards_are_shown_with_their_pictures_and_ids_of_their_own() -> None:
    card = f"{CARD}\n![a](a.png) ![b](b.png)\n\n## Use\n\n[x](#use)\n"
    diffs = [text_diff("README.md", [], before_text=card, after_text=card)]
    pictures = {"a.png": b"x" * 15_000, "b.png": b"y" * 15_000}
    given = Evidence(plan_of(FILES), "e" * 64, (), diffs, before=pictures.get, after=pictures.get)
    html = review_page(given)
    assert re.findall(r'<h\d id="(\w+-use)"', html) == ["before-use", "after-use"]
    assert re.findall(r'href="#(\w+-use)"', html) == ["before-use", "after-use"]
    # Both of the card before, and one of the card after, for which there is room left.
    assert html.count("data:image/png") == 3
    assert review_page(given) == html


def test_headings_of_cards_are_below_those_of_the_page_without_gaps() -> None:
    card = "## b\n\n#### d\n\n# a\n\n<h1>x <i>y</i></h1>\n\n###### f\n"
    html = review_page(
        Evidence(plan_of(), "e" * 64, (), [text_diff("README.md", [], before_text=None, after_text=card)])
    )
    levels = [int(level) for level in re.findall(r"<h(\d)", html)]
    assert levels == [1, 2, 2, 2, 3, *(4, 5, 4, 4, 5), 2]
    assert [int(level) for level in re.findall(r"</h(\d)", html)] == levels


@pytest.mark.parametrize("action", ["add", "change", "delete", "keep", "leave"])
def test_a_page_of_a_thousand_files_is_below_its_limit(action: str) -> None:
    files = [planned(action, f"data/part-{number % 20}/a-rather-long-name-{number}.json") for number in range(1000)]
    lines = [Line(mark, "a line of a file with about sixty characters, as they are <b>") for mark in ("-", "+")] * 20
    diffs = [text_diff(file.path_in_repo, lines) for file in files]
    card = f"{CARD}\n![a](a.png)\n" + "A paragraph of a card. " * 1000
    picture = {"a.png": b"x" * 48_000}.get
    diffs.append(text_diff("README.md", lines, before_text=card, after_text=card))
    found = [
        Surprise("surprise.x", "high", f"'{file.path_in_repo}' is a surprise", file.path_in_repo) for file in files
    ]
    html = review_page(Evidence(plan_of(files), "e" * 64, found, diffs, before=picture, after=picture))
    assert len(html.encode()) < 400_000
    shown = unescape(html)
    assert all(file.path_in_repo.rpartition("/")[2] in shown for file in files)
    assert re.search(r"The changes of [\d,]+ more files are not on this page", shown)


def test_a_large_file_is_named_before_the_diffs_of_others_take_the_room() -> None:
    diffs = [text_diff(f"{number}.txt", [Line("+", "x" * 300)] * 500) for number in range(50)]
    html = review_page(
        Evidence(plan_of(FILES), "e" * 64, (), [*diffs, text_diff("hub.yaml", [Line("+", "pickle: allow")])])
    )
    assert "pickle: allow" in html


def test_an_added_file_whose_content_is_unknown_is_in_the_list_of_files_only() -> None:
    added = FileDiff("weights.bin", "binary", "added", after_size=3)
    assert "Changes" not in page(Evidence(plan_of(FILES), "e" * 64, (), [added]))
    unread = replace(added, kind="unread", summary="cannot be read")
    assert "cannot be read" in page(Evidence(plan_of(FILES), "e" * 64, (), [unread]))
