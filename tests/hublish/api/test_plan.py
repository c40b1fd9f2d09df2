"""A plan, on the embedded Hub with the real client."""

from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import HfApi

import hublish
from hublish.base.content import InMemory
from hublish.base.errors import CardError
from hublish.base.values import Action, Origin, Release, ReleaseFile, Verdict
from hublish.hub.client.hub import Hub
from hublish.pipeline.compare.advice import objection

RELEASED = ["config.json", "data/big.bin", "hub.yaml", "model.safetensors"]
# The Hub accepts only texts; offline, this is a warning.
README = "---\nlicense: mit\n# tags\ntags:\n- a\n- 7\n---\n# T\n"


def test_a_plan_shows_every_file_and_writes_nothing(manifest: Path, api: HfApi) -> None:
    plan = hublish.plan(manifest, endpoint="embedded")
    assert [(change.action, change.path_in_repo) for change in plan.changes] == [
        (Action.ADD, path) for path in RELEASED
    ]
    assert [setting.name for setting in plan.settings] == ["repo"]
    assert plan.tag == "v1.2.0"
    assert not api.repo_exists("acme/digits")
    assert not (manifest.parent / "hub.lock").exists()


@pytest.mark.parametrize("verb", [hublish.plan, hublish.publish])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_objection_of_the_hub_has_its_place_in_the_readme(
    verb: Callable[..., object], end: str, manifest: Path, hub: Hub
) -> None:
    (manifest.parent / "README.md").write_bytes(README.replace("\n", end).encode())
    manifest.write_text("repo: {repo_id: acme/objection}\nartifacts: [{source: README.md}]\n")
    with pytest.raises(CardError) as caught:
        verb(manifest, endpoint=hub.endpoint, token=hub.token)
    found = [problem for problem in caught.value.problems if problem.code.startswith("card.")]
    places = [(problem.code, problem.location) for problem in found]
    assert [code for code, _ in places] == ["card.rejected", "card.advice"]
    assert all(place and place.source == str(manifest.parent / "README.md") for _, place in places)
    assert [(place.line, place.column) for _, place in places if place] == [(6, 3), (6, 3)]


def test_an_objection_of_the_hub_to_a_rendered_card_has_its_place_in_the_manifest(manifest: Path, hub: Hub) -> None:
    manifest.write_text(
        "repo: {repo_id: acme/objection}\nartifacts: [{source: runs/config.json}]\n"
        "card:\n  metadata:\n    license: mit\n    tags: [a, 7]\n"
    )
    with pytest.raises(CardError) as caught:
        hublish.plan(manifest, endpoint=hub.endpoint)
    first = next(problem for problem in caught.value.problems if problem.code == "card.rejected")
    assert (first.code, first.path) == ("card.rejected", "card.metadata.tags[1]")
    assert first.location is not None
    assert (first.location.line, first.location.column) == (6, 15)


def test_an_objection_that_names_no_value_has_the_file(manifest: Path) -> None:
    project = hublish.read_project(manifest)
    origin = Origin(0, "docs/README.md", "copy", {}, Verdict(included=True, rule="", path=""))
    file = ReleaseFile("README.md", 3, "0" * 64, "0" * 40, InMemory(b"# T"), origin)
    for message in ("the card is bad", '"nope" is bad', '"' + "x" * 300):
        problem = objection(message, file, b"# T", Release(project, (file,)))
        assert problem.location is not None
        assert problem.location.source.endswith("docs/README.md")
        assert problem.location.line == 1
