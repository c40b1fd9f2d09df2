import contextlib
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hublish.hub.server.front_matter import FrontMatterError, read_front_matter


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("12", 12),
        ("-3", -3),
        ("007", 7.0),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("0x10", "0x10"),
        ("12:30:45", "12:30:45"),
        ("2024-05-01", "2024-05-01"),
        ("1_000", "1_000"),
        ("9" * 5000, "9" * 5000),
        ("'1'", "1"),
        ("[a, 1]", ["a", 1]),
    ],
)
def test_scalars_are_read_as_yaml_1_2(text: str, value: object) -> None:
    found = read_front_matter(f"---\nkey: {text}\n---\n")
    assert found is not None
    assert found["key"] == value
    assert isinstance(found["key"], type(value))


@pytest.mark.parametrize(
    "text", ["---\na: 1\n---\nbody", "---\na: 1\n---", "---\r\na: 1\r\n---\r\n", "\n---\na: 1\n---\n---\nb: 2\n---\n"]
)
def test_the_block_stands_at_the_top(text: str) -> None:
    assert read_front_matter(text) == {"a": 1}


@pytest.mark.parametrize("text", ["", "body", "---\na: 1\n", "x\n---\na: 1\n---\n", "----\na: 1\n----\n"])
def test_without_a_block_there_is_no_metadata(text: str) -> None:
    assert read_front_matter(text) is None


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), values, min_size=1, max_size=4))
def test_what_a_dumper_writes_is_read_back(metadata: dict[str, Any]) -> None:
    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    text = yaml.dump(metadata, Dumper=Dumper, default_style='"', allow_unicode=False)
    quoted = read_front_matter(f"---\n{text}---\n")
    assert quoted is not None


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(FrontMatterError):
        read_front_matter(f"---\n{text}\n---\n")


@pytest.mark.parametrize("end", ["", "x", "\n---\n"])
def test_a_readme_of_blank_lines_is_looked_at_once(end: str) -> None:
    # A search from every line to every other would take days for a hundred thousand lines.
    assert not read_front_matter("---\n" + "\n" * 100_000 + end)
