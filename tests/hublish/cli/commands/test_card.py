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


def test_the_sections_without_content_are_listed_with_the_lines_that_fill_them(run: Run, with_card: Path) -> None:
    shown = run("card --missing").stdout
    assert (
        "\nLimitations: Its technical and social limitations, biases and risks.\n  card.variables.limitations: "
        in shown
    )
    assert "\n  card.evaluation: metrics.json\n  or card.variables.results\n" in shown
    assert "License" not in shown
    listed = json.loads(run("card --missing --json").stdout)["missing"]
    assert {"title", "path", "meaning", "example", "instead"} == listed[0].keys()
    assert run("card --missing -q").stdout.splitlines() == [each["path"] for each in listed]


def test_a_copy_of_the_built_in_template_renders_the_same_card(run: Run, with_card: Path) -> None:
    # The table of files has the size of hub.yaml, which changes below.
    card = run("card").stdout.partition("## Files")[0]
    (with_card / "own.md.j2").write_text(run("card --template model").stdout)
    manifest = with_card / "hub.yaml"
    manifest.write_text(manifest.read_text().replace("card:\n", "card:\n  template: own.md.j2\n"))
    assert run("card").stdout.partition("## Files")[0] == card


def test_a_template_that_does_not_exist_is_a_usage_error(run: Run, project: Path) -> None:
    assert "did you mean 'dataset'?" in run("card --template datset", exits=2).stderr
