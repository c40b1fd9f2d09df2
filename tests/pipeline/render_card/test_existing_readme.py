"""A README that is published as it is written: every mistake in its metadata, with its line."""

from pathlib import Path
from typing import Any

import pytest

from hublish.base.errors import CardError
from hublish.pipeline.render_card.render_card import RenderCard
from hublish.schemas.diagnose.problems import Problem
from tests.pipeline.staging import project_in, staged


def problems_of(folder: Path, readme: str, **fields: Any) -> tuple[Problem, ...]:
    value = staged(project_in(folder, **fields), {"README.md": readme.encode(), "app.py": b""})
    try:
        return RenderCard().run(value).warnings
    except CardError as error:
        return error.problems


FAULTS = {
    "blank_after_the_end": ("---\nlicense: mit\n--- \n# T\n", 3, "blank after"),
    "tab_after_the_end": ("---\nlicense: mit\n---\t\n# T\n", 3, "blank after"),
    "blank_after_the_beginning": ("--- \nlicense: mit\n---\n# T\n", 1, "blank after"),
    "blank_before_the_end": ("---\nlicense: mit\n ---\n# T\n", 1, "never closed"),
    "four_dashes_at_the_end": ("---\nlicense: mit\n----\n# T\n", 3, "4 dashes"),
    "four_dashes_at_the_beginning": ("----\nlicense: mit\n---\n# T\n", 1, "4 dashes"),
    "two_dashes": ("---\nlicense: mit\n--\n# T\n", 3, "2 dashes"),
    "long_dashes": ("\u2014\nlicense: mit\n\u2014\n# T\n", 1, "\u2014"),
    "dots": ("---\nlicense: mit\n...\n# T\n", 3, "..."),
    "toml": ('+++\nlicense = "mit"\n+++\n# T\n', 1, "no metadata"),
    "never_closed": ("---\nlicense: mit\n# T\n", 1, "never closed"),
    "byte_order_mark": ("\ufeff---\nlicense: mit\n---\n# T\n", 1, "byte order mark"),
    "byte_order_mark_of_windows": ("\ufeff---\r\nlicense: mit\r\n---\r\n# T\r\n", 1, "byte order mark"),
    "below_a_comment": ("<!-- ours -->\n---\nlicense: mit\n---\n# T\n", 2, "not at the top"),
    "below_a_title": ("# T\n\n---\nlicense: mit\n---\n", 3, "not at the top"),
    "without_a_beginning": ("license: mit\ntags: [a]\n---\n# T\n", 1, "opens"),
    "none": ("# T\n", 1, "no metadata"),
    "a_rule": ("---\n\nHello.\n", 1, "no metadata"),
    "tab": ("---\nlicense: mit\ntags:\n\t- a\n---\n", 4, ""),
    "duplicate_key": ("---\nlicense: mit\ntags: [a]\nlicense: mit\n---\n", 4, "duplicate"),
    "a_list": ("---\n- license: mit\n---\n", 2, "mapping"),
    "a_word": ("---\nmit\n---\n", 2, "mapping"),
    "unclosed_bracket": ("---\nlicense: mit\ntags: [a\n---\n# T\n", 3, ""),
    "unquoted_version": ("---\nlicense: mit\ntags: [3.10]\n---\n", 3, "3.10 is the number 3.1"),
    "license": ("---\nlicense: apache2.0\n---\n", 2, "license id"),
    "carriage_returns": ("---\rlicense: mit\rtags: [a\r---\r# T\r", 1, "carriage returns alone"),
    "a_key_with_its_value_below": ("---\nlicense: mit\n# tags\npipline_tag:\n  text-ranking\n---\n", 4, "pipeline_tag"),
    "a_key_with_a_list_below": ("---\nlicense: mit\ndatset:\n- a/b\n---\n", 3, "datasets"),
    "below_a_carriage_return": ("---\rlicense: mit\ntags: [a\n---\n", 3, ""),
    "in_a_text_of_several_lines": ("---\nlicense: mit\ntags: >\n  a\n  b\n---\n", 3, "a list"),
    "an_item_of_a_list": ("---\nlicense: mit\nlanguage:\n- en\n# no\n- English\n---\n", 6, "language code"),
    "an_alias": ("---\nlicense: mit\nx: 1\ntags: *a\n---\n", 4, "alias"),
}


@pytest.mark.parametrize("name", ["tab", "duplicate_key", "unclosed_bracket", "license", "an_item_of_a_list"])
def test_line_ends_and_a_byte_order_mark_move_no_mistake(tmp_path: Path, name: str) -> None:
    readme, line, words = FAULTS[name]
    for text, count in ((readme.replace("\n", "\r\n"), 0), ("\ufeff" + readme, 1)):
        problems = problems_of(tmp_path, text)
        # The mark comes first: because of it, no reader finds the metadata, so that none rejects it.
        assert [problem.code for problem in problems[:count]] == ["card.front_matter"] * count
        found = problems[count]
        assert words in found.message
        assert found.location is not None
        assert found.location.line == line
        assert count == 0 or {problem.severity for problem in problems} == {"warning"}


@pytest.mark.parametrize(("readme", "line", "words"), FAULTS.values(), ids=FAULTS)
def test_a_mistake_has_its_line(tmp_path: Path, readme: str, line: int, words: str) -> None:
    first = problems_of(tmp_path, readme)[0]
    assert first.location is not None
    assert (first.location.source, first.location.line) == ("README.md", line)
    assert words in first.message
    assert first.hint


@pytest.mark.parametrize(
    "readme",
    [
        "---\nlicense: mit\n---\n# T\n\n---\n\nMore.\n",
        "---\r\nlicense: mit\r\n---\r\n# T\r\n",
        "\n---\nlicense: mit\n---",
        "---\nlicense: mit\nsummary: |\n  a\n  ----\n---\n",
        "---\n# a comment\nlicense: mit\n---\n| a |\n|---|\n",
    ],
)
def test_metadata_that_every_reader_finds_has_no_fault(tmp_path: Path, readme: str) -> None:
    assert problems_of(tmp_path, readme) == ()


def test_errors_and_warnings_are_reported_together(tmp_path: Path) -> None:
    readme = "---\nlicense: apache2.0\npipeline_tag: image-clasification\n---\n[x](nope.md)\n"
    found = problems_of(tmp_path, readme)
    assert [(each.severity, each.location and each.location.line) for each in found] == [
        ("error", 2),
        ("warning", 3),
        ("warning", 5),
    ]


def test_a_version_without_quotes_is_no_error_of_a_file_that_stays_as_it_is(tmp_path: Path) -> None:
    readme = "---\nlicense: mit\nsdk: gradio\npython_version: 3.10\n---\n"
    (warning,) = problems_of(tmp_path, readme, repo={"repo_type": "space"})
    assert (warning.severity, warning.hint) == ("warning", 'quote it: "3.10"')


@pytest.mark.parametrize(("sdk", "count"), [("gradio", 0), ("docker", 1)])
def test_the_sdk_of_the_manifest_and_of_the_card_must_agree(tmp_path: Path, sdk: str, count: int) -> None:
    (tmp_path / "Dockerfile").touch()
    repo = {"repo_type": "space", "space_sdk": "gradio"}
    found = problems_of(tmp_path, f"---\nlicense: mit\nsdk: {sdk}\napp_file: app.py\n---\n", repo=repo)
    conflicts = [problem for problem in found if problem.code == "card.sdk"]
    assert len(conflicts) == count
    assert all(problem.location and problem.location.line == 3 for problem in conflicts)


def test_a_readme_is_named_relative_to_the_same_folder_as_the_manifest(tmp_path: Path) -> None:
    from dataclasses import replace

    project = replace(project_in(tmp_path), name="models/digits/hub.yaml")
    (warning,) = RenderCard().run(staged(project, {"README.md": b"# T\n"})).warnings
    assert str(warning.location) == "models/digits/README.md:1:1"
