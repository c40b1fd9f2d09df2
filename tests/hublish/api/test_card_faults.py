"""Every fault in a card's metadata has its finding, with its place and its fix, and none of them is uploaded."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from huggingface_hub import HfApi

import hublish
from hublish.base.errors import CardError
from hublish.cli import main
from hublish.hub.server import EmbeddedHub
from hublish.schemas.diagnose.problems import Problem
from tests.hublish.api.card_faults import ERRORS, MARK, WARNINGS, Fault, manifest_of, readme_of


def test_there_are_faults_of_every_kind() -> None:
    every = [*ERRORS.values(), *WARNINGS.values()]
    assert len(every) >= 100
    assert {fault.repo_type for fault in every} == {"model", "dataset", "space", "kernel"}
    assert not {*ERRORS} & {*WARNINGS}


@pytest.fixture(scope="module")
def api(own_hub: EmbeddedHub) -> HfApi:
    return HfApi(endpoint=own_hub.endpoint, token=own_hub.token)


def written(folder: Path, fault: Fault, *, card: bool) -> tuple[Path, int | None]:
    """Write a release with a fault in its card, or in its README; return the manifest, and the line of the fault."""
    (folder / "m").mkdir()
    (folder / "m" / "model.safetensors").write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    manifest = folder / "hub.yaml"
    lines = _marked(manifest, manifest_of(fault, card=card))
    if not card:
        lines = _marked(folder / "m" / "README.md", readme_of(fault))
    return manifest, lines[0] if lines else None


def _marked(path: Path, lines: Iterable[str]) -> list[int]:
    """Write a file without its marks; return the numbers of the marked lines."""
    lines = [*lines]
    path.write_text("".join(f"{line.removesuffix(MARK)}\n" for line in lines))
    return [number for number, line in enumerate(lines, 1) if line.endswith(MARK)]


def named(problems: Sequence[Problem], fault: Fault, line: int | None, prefix: str = "card.metadata.") -> Problem:
    """Return the finding about a fault, which must have its line."""
    found = [one for one in problems if (one.code, one.path) == (fault.code, f"{prefix}{fault.place}")]
    assert len(found) == 1, [(one.code, one.path, one.message) for one in problems]
    assert fault.fix in found[0].hint
    if line is not None:
        assert found[0].location is not None
        assert found[0].location.line == line
    return found[0]


# A README is published as it is written, so that a number in it keeps its zero.
IN_CARDS_ONLY = ("python_a_number", "sdk_version_a_number")


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("card", [True, False], ids=["card", "readme"])
def test_a_fault_that_the_hub_rejects_stops_the_release_before_anything_is_created(
    tmp_path: Path, own_home: Path, own_hub: EmbeddedHub, api: HfApi, name: str, card: bool
) -> None:
    fault = ERRORS[name]
    manifest, line = written(tmp_path, fault, card=card)
    if not card and name in IN_CARDS_ONLY:
        assert named(hublish.check(manifest), fault._replace(code="card.advice"), line, "").severity == "warning"
        return
    with pytest.raises(CardError) as refused:
        hublish.publish(manifest, endpoint=own_hub.endpoint, token=own_hub.token)
    assert named(refused.value.problems, fault, line, "card.metadata." if card else "").severity == "error"
    assert not api.repo_exists("me/x", repo_type=fault.repo_type)
    assert not (tmp_path / "hub.lock").exists()


@pytest.mark.parametrize("fault", WARNINGS.values(), ids=WARNINGS)
def test_a_fault_that_the_hub_accepts_is_refused_by_a_strict_check(
    tmp_path: Path, own_home: Path, capsys: pytest.CaptureFixture[str], fault: Fault
) -> None:
    # Rendering a card takes longer than all other stages: most of these are in a README.
    manifest, line = written(tmp_path, fault, card=False)
    assert named(hublish.check(manifest), fault, line, "").severity == "warning"
    assert main(["check", "--strict", "-f", str(manifest)]) == 1
    assert fault.place.split(".")[0].split("[")[0] in capsys.readouterr().err


@pytest.mark.parametrize("name", ["language_by_name", "metric_misspelled", "feature_type", "license_missing"])
def test_a_fault_of_a_rendered_card_has_its_line_in_the_manifest(tmp_path: Path, own_home: Path, name: str) -> None:
    manifest, line = written(tmp_path, WARNINGS[name], card=True)
    named(hublish.check(manifest), WARNINGS[name], line)


SYNTAX = {
    "a_list": ("- license: mit", 2),
    "a_word": ("license", 2),
    "an_open_bracket": ("license: mit\ntags: [a", 3),
    "an_open_quote": ('license: "mit', 2),
    "a_colon_in_a_value": ("license: mit\ntitle: a: b", 3),
    "a_tab": ("license: mit\ntags:\n\t- a", 4),
    "a_key_twice": ("license: mit\nlicense: other", 3),
    "an_alias": ("license: &x mit\nlicense_name: *x", 2),
    "a_merge": ("a: &x {b: 1}\nc: {<<: *x}", 2),
    "a_tuple": ("tags: !!python/tuple [a, b]", 2),
    "code": ("tags: !!python/object/apply:os.system ['true']", 2),
    "a_control_character": ("license: mit\ntitle: a\x07b", 3),
    "a_long_value": (f"license: mit\ntitle: {'x' * 300_000}", None),
    "a_deep_value": (f"tags: {'[' * 3000}", 2),
}


@pytest.mark.parametrize(("text", "line"), SYNTAX.values(), ids=SYNTAX)
def test_metadata_that_is_not_yaml_stops_the_release_before_anything_is_created(
    tmp_path: Path, own_home: Path, own_hub: EmbeddedHub, api: HfApi, text: str, line: int | None
) -> None:
    manifest, _ = written(tmp_path, Fault("model", text, "", "", ""), card=False)
    with pytest.raises(CardError) as refused:
        hublish.publish(manifest, endpoint=own_hub.endpoint, token=own_hub.token)
    places = [one.location for one in refused.value.problems if one.severity == "error" and one.location]
    assert line is None or line in {place.line for place in places}, places
    assert all(one.hint or one.code == "card.rejected" for one in refused.value.problems if one.severity == "error")
    assert not api.repo_exists("me/x")
