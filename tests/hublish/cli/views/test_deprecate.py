"""The view of a deprecation."""

from dataclasses import replace
from pathlib import Path

import pytest

from hublish.api.deprecate import Deprecation
from hublish.base.values import Target
from hublish.cli.views.deprecate import DeprecationView, question
from hublish.cli.views.phrases import RepeatedOptions
from tests.hublish.cli.views.values import COMMIT, PARENT, Make, Show

DIFF = "--- README.md on the Hub\n+++ README.md after publishing\n@@ -1 +1,2 @@\n # Digits\n+\x1b[31m`text`\n"


@pytest.fixture
def found(make: Make) -> Deprecation:
    target = Target("acme/digits", "dataset", "main", "https://hub.example")
    receipt = make.receipt(make.plan(target=target), created=True)
    return Deprecation(target, "acme/digits-2", PARENT, DIFF, receipt, Path("hub.lock"), "updated")


def test_the_question_names_the_repo_the_branch_the_hub_and_the_new_version(found: Deprecation, show: Show) -> None:
    where = "dataset acme/digits at main on https://hub.example"
    assert question(found) == f"Deprecate {where} in favor of acme/digits-2?"
    assert question(replace(found, new_version=None)) == f"Undo the deprecation of {where}?"
    shown = show(DeprecationView(found, ask=True))
    assert "+\\x1b[31m`text`" in shown
    assert "Deprecated" not in shown


def test_the_result_names_the_commit_and_the_state_of_the_lock(found: Deprecation, show: Show) -> None:
    shown = show(DeprecationView(found, RepeatedOptions(" -f a.yaml", " --local")))
    assert shown.startswith("Deprecated dataset acme/digits at main in favor of acme/digits-2.\n")
    assert f"commit  {COMMIT}\n" in shown
    assert "hub.lock, updated to this commit" in shown
    assert "Next: hublish verify -f a.yaml --local\n" in shown
    elsewhere = show(DeprecationView(replace(found, lock_state="elsewhere", new_version=None)))
    assert "is no longer deprecated." in elsewhere
    assert f"hub.lock records another commit than {PARENT[:12]}, and did not change" in elsewhere
    assert "Next:" not in elsewhere


def test_as_markdown_a_diff_stays_in_its_fence(found: Deprecation, as_markdown: Show) -> None:
    shown = as_markdown(DeprecationView(replace(found, diff=DIFF + "+```\n+# Title\n")))
    assert "```diff" in shown
    assert "\n# Title" not in shown


def test_json_has_the_change_and_its_state(found: Deprecation) -> None:
    document = DeprecationView(found).document()
    assert document["commit"] == COMMIT
    assert {key: document[key] for key in ("repo_id", "repo_type", "revision", "new_version", "parent")} == {
        "repo_id": "acme/digits",
        "repo_type": "dataset",
        "revision": "main",
        "new_version": "acme/digits-2",
        "parent": PARENT,
    }
    nothing = DeprecationView(replace(found, diff="", receipt=None, lock_state="current")).document()
    assert (nothing["commit"], nothing["nothing_to_do"], nothing["lock_state"]) == (None, True, "current")
