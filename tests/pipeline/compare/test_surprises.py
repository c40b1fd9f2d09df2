"""Facts that a reviewer must not overlook in a plan, and ordinary releases that hide nothing."""

from typing import Any

import pytest

from hublish.base.values.publication import RELEASED_BEFORE
from hublish.pipeline.compare.surprises import has_many_deletions, is_made_public, surprises
from hublish.schemas.documents.manifest import Policy
from hublish.schemas.documents.plan import PlanDocument, PlannedFinding, PlannedMove, PlannedSetting
from tests.pipeline.compare.planned import GB, HEAD, MB, OLD, file, last, planned


def setting(name: str, before: str | None, after: str) -> dict[str, Any]:
    return {"settings": (PlannedSetting(name=name, before=before, after=after),)}


def finding(code: str, waived: str | None = None) -> dict[str, Any]:
    known = {"code": code, "severity": "warning", "message": "found", "path_in_repo": "a.pem", "waived": waived}
    return {"findings": (PlannedFinding.model_validate(known),)}


MOVE = PlannedMove(kind="tag", name="latest", before=OLD, release="v1.0.2")


def deleted(count: int, folder: str = "old") -> tuple[Any, ...]:
    return tuple(file(f"{folder}/{number}.json", 10, 10, "delete") for number in range(count))


def test_an_ordinary_second_release_has_no_surprise() -> None:
    assert surprises(planned()) == ()
    assert surprises(planned(moves=(MOVE,))) == ()


# The plan, its most important surprise, and a part of the message.
@pytest.mark.parametrize(
    ("plan", "code", "level", "words"),
    [
        (planned(**setting("visibility", "private", "public")), "visibility", "high", "private to public: everyone"),
        (planned(**setting("visibility", "private", "protected")), "visibility", "high", "more people"),
        (planned(**setting("visibility", "public", "private")), "visibility", "medium", "public to private"),
        (planned(**setting("gated", "manual", "False")), "gated", "high", "manual to false"),
        (planned(**setting("gated", "manual", "auto")), "gated", "high", "manual to auto"),
        (planned(**setting("gated", "False", "manual")), "gated", "medium", "false to manual"),
        (planned(repo_exists=False, parent_commit=None, last_release=None), "created", "medium", "everyone can read"),
        (planned(last_release=None), "first", "medium", "no lock"),
        (planned(endpoint="https://evil"), "endpoint", "high", "https://hub, and this one goes to https://evil"),
        (planned(endpoint="http://hub"), "endpoint", "high", "http://hub"),
        (planned(endpoint="http://["), "endpoint", "high", "http://["),
        (planned(repo_id="acme/other"), "repo", "high", "model acme/digits, and this one goes to the model acme/other"),
        (planned(repo_type="dataset"), "repo", "high", "dataset acme/digits"),
        (planned(last_release=last(revision="refs/pr/3")), "create_pr", "high", "goes to main directly"),
        (planned(create_pr=True, tag=None), "create_pr", "medium", "proposed as a pull request"),
        (planned(revision="next"), "branch", "medium", "the branch main, and this one goes to next"),
        (planned(last_release=last(commit=OLD)), "moved_head", "medium", "at 222222222222, not at 111111111111"),
        (planned(tag=None), "tag", "medium", "the last release has v1.0.0"),
        (planned(tag="v0.9.0"), "tag", "medium", "v0.9.0 is lower than v1.0.0"),
        (
            planned(tag="v1.1.0-rc.1", moves=(MOVE,)),
            "moves",
            "medium",
            "latest moves to v1.1.0-rc.1, which names a pre",
        ),
        (planned(tag="v1.0.1", moves=(MOVE,)), "moves", "medium", "latest moves back from v1.0.2 to v1.0.1"),
        (planned(refusals=("the tag v1.1.0 is already at 333",)), "refused", "high", "already at 333"),
        (planned(policy=Policy(pickle="allow")), "policy", "high", "pickle changes from forbid to allow"),
        (planned(policy=Policy(pickle="warn"), released_policy=None), "policy", "medium", "policy.pickle is warn"),
        (planned(policy=Policy(pickle="allow"), released_policy=None), "policy", "medium", "policy.pickle is allow"),
        (planned(policy=Policy(secrets="allow"), released_policy=None), "policy", "high", "policy.secrets is allow"),
        (planned(policy=Policy(secrets="warn")), "policy", "high", "secrets changes from forbid to warn"),
        (planned(policy=Policy(symlinks="follow")), "policy", "high", "symlinks changes from forbid to follow"),
        (planned(policy=Policy(dirty="allow")), "policy", "high", "dirty changes from forbid to allow"),
        (planned(policy=Policy(max_file_size=100 * GB)), "policy", "medium", "50.0 GB to 100.0 GB"),
        (planned(released_policy=Policy(deny_patterns=("*.pem",))), "policy", "high", "no longer has '*.pem'"),
        (planned(surroundings={"git.dirty": "true"}), "dirty", "medium", "not committed"),
        (planned(**finding("policy.secret", waived="made for a test")), "waived", "high", "'a.pem': made for a test"),
        (planned(**finding("policy.secret")), "finding", "high", "policy.secret in 'a.pem': found"),
        (planned(**finding("policy.pickle")), "finding", "medium", "policy.pickle in 'a.pem': found"),
        (planned(**finding("policy.dirty")), "dirty", "medium", "found"),
        (planned(file("old.json", 5, 5, "delete")), "deleted", "medium", "'old.json' is deleted"),
        (planned(file("model.bin", 5, 5, "delete")), "deleted", "high", "'model.bin' is deleted"),
        (planned(file("LICENSE.md", 5, 5, "delete")), "deleted", "high", "'LICENSE.md' is deleted"),
        (planned(*deleted(12)), "deletions", "high", "12 of 50 remote files"),
        (planned(file("a.md", action="leave", reason=RELEASED_BEFORE)), "left", "medium", "'a.md': of the last"),
        (planned(file("a.log", action="ignore")), "dropped", "high", "'a.log': dropped by a .gitignore"),
        (planned(file("data.csv", 5, 5, edited=True)), "edited", "high", "this one replaces the change"),
        (planned(file("data.csv", 5, 5, "delete", edited=True)), "edited", "high", "this one deletes the change"),
        (planned(file("b.safetensors", 8 * GB, 80 * MB)), "grew", "high", "80.0 MB to 8.0 GB"),
        (planned(file("b.csv", 20 * MB, 10_000)), "grew", "medium", "10.0 KB to 20.0 MB"),
        (planned(file("b.csv", 10_000, 20 * MB)), "shrank", "medium", "20.0 MB to 10.0 KB"),
        (planned(file("b.csv", 0, 20)), "empty", "high", "'b.csv' is empty now"),
        (planned(file("b.safetensors", 10, 80 * MB)), "empty", "high", "has 10 bytes: it contains no weights"),
        (planned(file("new.gguf", 8 * GB)), "large", "high", "'new.gguf' with 8.0 GB"),
        (planned(*(file(f"x/{i}.txt", 9) for i in range(600))), "many", "medium", "601 new files for a repo of 50"),
        (planned(file("modeling.py", 900)), "code", "high", "'modeling.py': new code"),
        (planned(file("train.SH", 900)), "code", "high", "'train.SH': new code"),
        (planned(file("modeling.py", 900, 901)), "code", "medium", "'modeling.py': changed code"),
    ],
)
def test_a_fault_is_a_surprise(plan: PlanDocument, code: str, level: str, words: str) -> None:
    found = surprises(plan)
    assert [each.level for each in found] == sorted((each.level for each in found), key=lambda one: one != "high")
    assert f"surprise.{code}" in {each.code for each in found}
    one = next(each for each in found if each.code == f"surprise.{code}")
    assert one.level == level
    assert words in one.message
    # One fault, one surprise: a reader of ten lines about one fact overlooks the next one.
    assert {each.code for each in found} <= {one.code, "surprise.deleted"}


@pytest.mark.parametrize(
    "plan",
    [
        planned(nothing_to_do=True, files=(), repo_id="acme/other"),
        planned(repo_id="ACME/Digits"),
        planned(**finding("policy.portability")),
        planned(endpoint="https://HUB/"),
        # a trial with the embedded Hub, before and after the release
        planned(endpoint="embedded"),
        planned(file("new.bin", 10 * MB), last_release=last(endpoint="embedded"), files=(file("a.json", 9),)),
        # the last release of another machine went through a pull request as well
        planned(create_pr=True, tag=None, last_release=last(revision="refs/pr/3", tag=None)),
        planned(released_policy=Policy(pickle="allow")),
        planned(policy=None, released_policy=None),
        # a first policy that is stricter
        planned(policy=Policy(deny_patterns=("*.pem",), max_file_size=GB)),
        planned(tag="v1.10.0", last_release=last(tag="v1.9.9")),
        planned(tag="2025-01-01", last_release=last(tag="v9.0.0")),
        # settings alone need no tag
        planned(tag=None, bytes_to_send=0, files=()),
        planned(file("data.csv", 3 * MB, 2 * MB)),
        planned(file("tiny.csv", 900, 10)),
        planned(file("metrics.json", 80)),
        # the program of a Space
        planned(file("app.py", 900), repo_type="space", last_release=last(repo_type="space")),
        planned(file("kernel.so", 900), repo_type="kernel", last_release=last(repo_type="kernel")),
        planned(file("README.md", action="leave", reason="not part of the release")),
    ],
)
def test_an_ordinary_fact_is_no_surprise(plan: PlanDocument) -> None:
    assert surprises(plan) == ()


def test_many_files_of_one_kind_are_one_surprise() -> None:
    found = surprises(planned(*(file(f"lib/{number}.py", 9) for number in range(5))))
    (one,) = found
    assert one.message.startswith("5 files ('lib/0.py', 'lib/1.py', 'lib/2.py' and 2 more): new code")
    assert one.path_in_repo == ""


@pytest.mark.parametrize(("count", "remote", "many"), [(3, 4, False), (4, 40, True), (4, 41, False), (10, 500, False)])
def test_deletions_are_many_by_number_or_by_share(count: int, remote: int, many: bool) -> None:
    assert has_many_deletions(planned(*deleted(count), remote_files=remote)) is many
    assert has_many_deletions(planned(*deleted(11), remote_files=9_000))


def test_a_plan_of_an_earlier_version_counts_its_own_files() -> None:
    plan = planned(*deleted(4), remote_files=None, remote_bytes=None)
    assert has_many_deletions(plan)  # of nine


def test_readers_of_a_new_repo_lose_nothing() -> None:
    assert is_made_public(planned(**setting("visibility", "private", "public")))
    assert not is_made_public(planned(**setting("visibility", "public", "private")))
    assert not is_made_public(planned(**setting("repo", None, "created, public")))


def test_hostile_values_are_only_text() -> None:
    hostile = "\x1b[2J'\n" + "9" * 5000
    found = surprises(planned(tag=f"v{hostile}", last_release=last(tag=f"v1{hostile}", commit=HEAD)))
    assert len(found) <= 1
