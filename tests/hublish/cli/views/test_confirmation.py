"""The question before a release is published."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from hublish.base.values import FormerRelease, Setting
from hublish.base.values.moving_ref import MovingRef
from hublish.cli.views.confirmation import confirmation
from hublish.cli.views.plan import PlanView
from tests.hublish.cli.views.values import Make


def asked(make: Make, *changes: Any, **fields: Any) -> tuple[str, str]:
    return confirmation(PlanView(make.plan(*changes, **fields), ask=True).shown)


def test_it_names_repo_branch_endpoint_visibility_and_counts(make: Make) -> None:
    changes = (make.add("a.bin", 2_000_000), make.change("b.json", 10, 20), make.delete("c.json", 5))
    question = "Publish to acme/digits-mlp at main (public) on https://hub.example"
    assert asked(make, *changes) == (f"{question}: 1 added, 1 changed, 1 deleted (2.0 MB)?", "")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"create_pr": True}, "Publish to a pull request to acme/digits-mlp (private) on"),
        ({"repo_type": "dataset"}, "Publish to dataset acme/digits-mlp at main (private) on"),
    ],
)
def test_it_names_the_kind_of_the_target(make: Make, fields: Mapping[str, Any], expected: str) -> None:
    target = make.target(visibility="private", **fields)
    assert asked(make, make.add("a.bin", 1), target=target)[0].startswith(expected)


def test_without_files_it_names_settings_and_tag(make: Make) -> None:
    settings = (Setting("gated", False, "manual"),)
    assert asked(make, settings=settings, tag="v1")[0].endswith(": no files, only 1 setting and the tag v1?")
    assert asked(make, tag="v1")[0].endswith(": no files, only the tag v1?")
    moves = (MovingRef("tag", "latest", None),)
    assert asked(make, tag="v1", moves=moves)[0].endswith(": no files, only the tag v1 and the tag latest?")


def test_many_deletions_ask_for_the_name(make: Make) -> None:
    few, many = ([make.delete(f"{number}.json", 5) for number in range(count)] for count in (3, 11))
    assert asked(make, *few)[1] == ""
    question, name = asked(make, *many)
    assert name == "acme/digits-mlp"
    assert question.endswith(": 11 deleted.")


def test_making_a_repo_public_asks_for_the_name(make: Make) -> None:
    settings = (Setting("visibility", "private", "public"),)
    target = make.target(visibility="public")
    question, name = asked(make, settings=settings, target=target)
    assert name == "acme/digits-mlp"
    assert "(public) on https://hub.example: no files, only 1 setting." in question
    assert asked(make, settings=(Setting("visibility", "public", "private"),))[1] == ""


def test_a_rollback_names_the_release_that_comes_back(make: Make) -> None:
    plan = make.plan(make.change("b.json", 10, 20), make.delete("c.json", 5))
    former = FormerRelease("v1.0.0", "1" * 40, {})
    plan = replace(plan, release=replace(plan.release, former=former))
    question, name = confirmation(PlanView(plan, ask=True).shown)
    assert question.startswith(
        "Roll back to v1.0.0, on acme/digits-mlp at main (public) on https://hub.example: 1 changed"
    )
    assert name == ""
