"""The warnings and errors of `check`, before anything is built."""

from pathlib import Path

import pytest

import hublish
from hublish.base.errors import ManifestInvalidError, SourceError


def test_check_gives_warnings_and_raises_with_lines_and_columns(manifest: Path) -> None:
    (manifest.parent / "data" / "note.tmp").unlink()
    warnings = hublish.check(manifest)
    assert [(problem.message, str(problem.location)) for problem in warnings] == [
        ("pattern '*.tmp' matched nothing", f"{manifest}:14:21")
    ]
    manifest.write_text(manifest.read_text().replace("runs/model.npz", "runs/modle.npz"))
    with pytest.raises(SourceError) as caught:
        hublish.check(manifest)
    (problem,) = caught.value.problems
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


def test_the_error_for_a_missing_manifest_explains_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(ManifestInvalidError, match="does not exist"):
        hublish.check(tmp_path / "hub.yaml")
