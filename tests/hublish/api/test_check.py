"""The warnings and errors of `check`, before anything is built."""

from pathlib import Path

import pytest

import hublish
from hublish.base.errors import ManifestInvalidError, SourceError


def test_check_gives_warnings_and_raises_with_lines_and_columns(manifest: Path) -> None:
    (manifest.parent / "data" / "note.tmp").unlink()
    warnings = hublish.check(manifest)
    assert [(problem.message, str(problem.location)) for problem in warnings] == [
        ("the release has neither a card nor a README.md, and so no license", f"{manifest}:8:3"),
        ("pattern '*.tmp' matched nothing", f"{manifest}:14:21"),
    ]
    manifest.write_text(manifest.read_text().replace("runs/model.npz", "runs/modle.npz"))
    with pytest.raises(SourceError) as caught:
        hublish.check(manifest)
    problem, pattern = caught.value.problems
    assert pattern.severity == "warning"
    assert (str(problem.location), problem.path) == (f"{manifest}:8:13", "artifacts[0].source")
    assert "runs/model.npz" in problem.hint


def test_problems_of_the_files_and_of_the_card_are_reported_at_once(manifest: Path) -> None:
    text = manifest.read_text().replace("runs/model.npz", "runs/modle.npz")
    manifest.write_text(text.partition("card:")[0] + "card:\n  template: modle\n  metadata: {license: apache2}\n")
    with pytest.raises(SourceError, match="3 problems, with the files and with the card") as caught:
        hublish.check(manifest)
    assert [problem.path for problem in caught.value.problems] == [
        *("artifacts[0].source", "card.template", "card.metadata.license")
    ]
    assert all(problem.location for problem in caught.value.problems)


def test_errors_hide_neither_each_other_nor_warnings(manifest: Path) -> None:
    text = manifest.read_text().replace('"*.tmp"', '"*.tmp", "*.bak"').partition("card:")[0]
    (manifest.parent / "data" / "link").symlink_to("nowhere")
    card = "card:\n  metadata: {license: apache2, pipeline_tag: image-clasification}\n  variables: {summary: TBD}\n"
    manifest.write_text(text.replace("data/\n", "data\n") + card)
    with pytest.raises(SourceError) as caught:
        hublish.check(manifest)
    found = [(problem.severity, problem.code) for problem in caught.value.problems]
    assert {("error", "source.symlink"), ("error", "card.refused"), ("warning", "source.pattern")} <= {*found}
    assert ("warning", "release.placeholder") in found
    assert len(found) == len(set(caught.value.problems))


def test_the_error_for_a_missing_manifest_explains_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ManifestInvalidError, match="does not exist"):
        hublish.check(tmp_path / "hub.yaml")


def test_the_card_of_an_invalid_manifest_is_checked_as_well(manifest: Path) -> None:
    card = "card:\n  metadata: {license: apache2, python_version: 3.10}\n"
    manifest.write_text(manifest.read_text().partition("card:")[0] + f"artefacts: []\n{card}")
    with pytest.raises(ManifestInvalidError) as caught:
        hublish.check(manifest)
    found = {problem.path: problem for problem in caught.value.problems}
    assert {"artefacts", "card.metadata.license", "card.metadata.python_version"} <= found.keys()
    assert found["card.metadata.python_version"].hint == 'quote it: "3.10"'
    assert all(problem.location for problem in found.values())
