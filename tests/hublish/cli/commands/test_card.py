"""`hublish card` as a page: printed, or opened in a browser."""

import json
from pathlib import Path

import pytest

from tests.hublish.cli.running import Run


@pytest.fixture
def with_card(project: Path) -> Path:
    with (project / "hub.yaml").open("a") as manifest:
        manifest.write("card:\n  metadata: {license: apache-2.0}\n")
    return project


def test_a_page_is_one_file_with_the_card(run: Run, with_card: Path) -> None:
    page = run("card --html").stdout
    assert page.lstrip().startswith("<!doctype html>")
    assert "apache-2.0" in page
    assert json.loads(run("card --html --json").stdout) == {"html": page}


@pytest.mark.parametrize(("browser", "note"), [("true", ""), ("no-such-browser", "No browser was found here")])
def test_a_page_is_opened_from_a_file_that_stays(
    browser: str, note: str, run: Run, with_card: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER", browser)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin" if browser == "true" else "")
    path, *rest = run("card --open").stdout.splitlines()
    assert Path(path).read_text().lstrip().startswith("<!doctype html>")
    assert note in "".join(rest)


def test_a_manifest_without_a_card_has_no_page(run: Run, project: Path) -> None:
    assert "declares no card" in run("card --html", exits=2).stderr


def test_the_facts_are_printed_as_json_with_their_sources(run: Run, with_card: Path) -> None:
    facts = {fact["name"]: fact for fact in json.loads(run("card --facts").stdout)}
    assert facts["facts.license"] == {
        "name": "facts.license",
        "value": "apache-2.0",
        "file": "README.md",
        "key": "license",
        "released": True,
    }
    assert facts["facts.files.count"]["value"] > 0
    assert json.loads(run("card --facts --json").stdout)["facts"] == [*facts.values()]


def test_the_facts_are_printed_for_a_card_with_errors(run: Run, with_card: Path) -> None:
    with (with_card / "hub.yaml").open("a") as manifest:
        manifest.write("  variables: {summary: '{{ facts.files.cuont }}'}\n")
    assert "did you mean 'facts.files.count'?" in run("card", exits=1).stderr
    assert "facts.files.count" in run("card --facts").stdout
