"""Problems: errors and warnings, their number, their order, and the positions in a document."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.schemas.diagnose.problems import (
    Location,
    Path,
    Positions,
    Problem,
    SourceText,
    by_place,
    counted,
    errors_in,
    format_path,
    parse_path,
)
from hublish.schemas.yaml.reader import read_yaml

ERROR = Problem("a.b", "wrong")
WARNING = Problem("a.c", "odd", severity="warning")


def test_warnings_are_not_errors() -> None:
    assert errors_in([WARNING, ERROR, WARNING]) == (ERROR,)
    assert errors_in([WARNING]) == ()


@pytest.mark.parametrize(("count", "text"), [(1, "a problem"), (2, "2 problems")])
def test_problems_are_counted_for_a_sentence(count: int, text: str) -> None:
    assert counted([ERROR] * count) == text


@pytest.mark.parametrize(
    ("source", "path", "place"),
    [
        ("m/app.py", "app.py", "m/app.py:1:2"),
        ("app.py", "app.py", "app.py:1:2"),
        ("my_app.py", "app.py", "my_app.py:1:2 app.py"),
        ("hub.yaml", "repo.repo_id", "hub.yaml:1:2 repo.repo_id"),
    ],
)
def test_a_file_is_named_once(source: str, path: str, place: str) -> None:
    problem = Problem("policy.secret", "a secret", path=path, location=Location(source, 1, 2))
    assert (problem.place, str(problem)) == (place, f"{place}: a secret")


def test_problems_are_sorted_from_the_top_of_the_text() -> None:
    late = Problem("a.b", "wrong", location=Location("hub.yaml", 10, 1))
    early = Problem("a.b", "wrong", location=Location("hub.yaml", 9, 3), path="b")
    beside = Problem("a.b", "wrong", location=Location("hub.yaml", 9, 3), path="a")
    assert sorted([late, early, beside, ERROR], key=by_place) == [ERROR, beside, early, late]


TEXT = b"""\
repo:
  repo_id: acme/x   # comment
artifacts:
  - source: 'a'
  - {source: b, options: {size: 1.10}}
'odd key': "x {{ y }}"
"""


@pytest.fixture(scope="module")
def positions() -> Positions:
    return read_yaml(TEXT, "hub.yaml").positions


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        ((), "1:1", "1:1"),
        (("repo",), "1:1", "2:3"),
        (("repo", "repo_id"), "2:3", "2:12"),
        (("artifacts",), "3:1", "4:3"),
        (("artifacts", 0), "4:5", "4:5"),
        (("artifacts", 1, "options", "size"), "5:27", "5:33"),
        (("odd key",), "6:1", "6:12"),
    ],
)
def test_keys_and_values_are_found(positions: Positions, path: Path, key: str, value: str) -> None:
    assert str(positions.key(path)) == f"hub.yaml:{key}"
    assert str(positions.value(path)) == f"hub.yaml:{value}"


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("repo", "tag"), "1:1"),
        (("artifacts", 7, "source"), "3:1"),
        (("artifacts", 0, "options", "size"), "4:5"),
        (("nothing", "here"), "1:1"),
    ],
)
def test_the_place_of_an_unknown_path_is_the_key_of_the_last_value_on_the_way(
    positions: Positions, path: Path, place: str
) -> None:
    assert str(positions.value(path)) == str(positions.key(path)) == f"hub.yaml:{place}"


def test_a_part_of_a_value_has_its_own_place(positions: Positions) -> None:
    assert str(positions.within(("odd key",), "{{ y }}")) == "hub.yaml:6:15"
    assert str(positions.within(("odd key",), "absent")) == "hub.yaml:6:12"


def test_an_unquoted_scalar_is_returned_as_written(positions: Positions) -> None:
    assert positions.plain_text(("artifacts", 1, "options", "size")) == "1.10"
    assert positions.plain_text(("artifacts", 0, "source")) is None
    assert positions.plain_text(("repo", "tag")) is None


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("artifacts", 0, "source"), "artifacts[0].source"),
        (("a", "b", "c"), "a.b.c"),
        (("a", 1, 2), "a[1][2]"),
        (("card", "metadata", "model-index", 0), "card.metadata.model-index[0]"),
        (("a", "odd key", "b"), 'a["odd key"].b'),
        (("a.b",), '["a.b"]'),
        ((), ""),
    ],
)
def test_paths_are_formatted_for_people_and_parsed_back(path: Path, text: str) -> None:
    assert format_path(path) == text
    assert parse_path(text) == path


@given(st.lists(st.text(st.characters(exclude_characters='"'), min_size=1) | st.integers(0, 99), max_size=5))
def test_every_path_without_quotes_is_parsed_back(steps: list[str | int]) -> None:
    assert parse_path(format_path(tuple(steps))) == tuple(steps)


@given(st.text("ab\r\n", max_size=30), st.integers(0, 40))
def test_lines_and_columns_are_those_an_editor_shows(text: str, offset: int) -> None:
    location = SourceText(text, "x").location(offset)
    before = text[: min(offset, len(text))]
    lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not (before.endswith("\r") and text[len(before) : len(before) + 1] == "\n"):  # inside a line end
        assert (location.line, location.column) == (len(lines), len(lines[-1]) + 1)
