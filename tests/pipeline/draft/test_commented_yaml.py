"""The YAML of a draft: comments in their places, and values that every reader reads alike."""

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from hublish.pipeline.draft.commented_yaml import Field, Items, Section, dump_commented, plain
from hublish.schemas.yaml.reader import read_yaml
from tests.pipeline.draft.listings import TEXT, TOKEN

WHY = "a reason that is too long for the end of the line " * 3
FIELDS = (
    Field("a", 1, "first"),
    Field("b", "x", WHY),
    Field("hint", ["one", "two"], "after b", hint=True),
    Field(
        "section", Section((Field("c", "no"), Field("d", [{"e": ["a b"]}], "nested"), Field("f", 0, "last", hint=True)))
    ),
    Field(
        "items",
        Items(
            (Section((Field("g", "*", WHY), Field("h", {"i": "{{ j }}"}))), Section((Field("g", "2"),))),
            (Section((Field("g", "3", WHY), Field("h", True))),),
        ),
    ),
    Field("k", Section((Field("l", 1, "why"),)), hint=True),
)
WRITTEN = """\
# A paragraph.
a: 1  # first
# a reason that is too long for the end of the line a reason that is too long for the end of the line a reason that is
# too long for the end of the line
b: x

# hint: [one, two]  # after b

section:
  c: 'no'
  # nested
  d:
    - e:
        - a b
  # f: 0  # last

items:
  # a reason that is too long for the end of the line a reason that is too long for the end of the line a reason that is
  # too long for the end of the line
  - g: '*'
    h:
      i: '{{ ''{{'' }} j }}'
  - g: '2'
  # a reason that is too long for the end of the line a reason that is too long for the end of the line a reason that is
  # too long for the end of the line
  # - g: '3'
  #   h: true

# k:
#   l: 1  # why

# The end:
#   x
"""


def test_comments_are_written_beside_their_key_or_above_it() -> None:
    assert dump_commented(["A paragraph."], FIELDS, [("The end:", "x")]) == WRITTEN


def test_the_same_fields_always_give_the_same_text() -> None:
    assert len({dump_commented((), FIELDS) for _ in range(3)}) == 1


@pytest.mark.parametrize(
    "text",
    [
        *(
            "no",
            "y",
            "on",
            "null",
            "~",
            "1.0",
            "0o7",
            "0x10",
            "1_000",
            "12:30:00",
            "2026-01-01",
            "=",
            "<<",
            ".inf",
            "1e3",
        ),
        *(
            "1e3",
            "",
            " ",
            "- a",
            "a: b",
            "a #b",
            "#",
            "'",
            '"',
            "a\nb",
            "a\tb",
            "\u2028",
            "\x85",
            "\ufeff",
            "🚀",
            "x" * 300,
        ),
        *("a " * 200, "!a", "&a", "*a", "[a", "{a", "%a", "@a", "`a", "? a", "| a", "> a", "---", "..."),
    ],
)
def test_a_string_is_read_back_as_a_string_by_every_reader(text: str) -> None:
    written = dump_commented((), [Field("x", text, "why"), Field("y", [text], "why")])
    assert yaml.safe_load(written) == {"x": text, "y": [text]}
    assert read_yaml(written.encode(), "a test").data == {"x": text, "y": [text]}


SCALAR = st.one_of(TEXT, st.integers(), st.booleans())
VALUE = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner))


@given(st.lists(VALUE, max_size=4), TEXT)
@example([["a", "b"], {"a": []}, {}], TOKEN)
def test_no_value_and_no_reason_can_add_a_key(values: list[Any], why: str) -> None:
    fields = [Field(f"key{index}", value, why) for index, value in enumerate(values)]
    hints = [Field(f"hint{index}", value, why, hint=True) for index, value in enumerate(values)]
    written = dump_commented([why], [Field("top", Section((*fields, *hints)))], [(why, why)])
    found = yaml.safe_load(written) or {}
    assert set(found) == {"top"}
    assert list(found["top"] or {}) == list(plain(fields))
    comments = [line for line in dump_commented([why], fields, [(why, why)]).split("\n") if line.startswith("#")]
    assert all(line.isprintable() and TOKEN not in line for line in comments)
