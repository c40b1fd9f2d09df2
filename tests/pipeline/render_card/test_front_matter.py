"""Whatever the metadata holds, it comes back equal, for every reader, and the body stays outside."""

from typing import Any

import pytest
import yaml
from huggingface_hub import RepoCard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hublish.pipeline.render_card.front_matter import read_front_matter, with_front_matter
from hublish.schemas.diagnose.problems import InvalidDocumentError
from tests.faults.projects import rounds

BODY = "# Title\n\n---\n\nText."

# What a manifest can hold: no surrogates, no control characters, no separators that pass for line breaks.
texts = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff", include_characters="\n\t"
    )
)
hostile = st.sampled_from(
    [
        "x\n---\nlicense: mit\n",
        "---",
        "\n---\n",
        "...",
        "no",
        "on",
        "yes",
        "null",
        "~",
        "12:30:45",
        "2024-01-01",
        "1e3",
        "0o7",
        "0x1F",
        ".inf",
        "1_000",
        "{{ 7 * 7 }}",
        "{% include 'x' %}",
        "!!python/object/apply:os.system [x]",
        "&a *a",
        "<<",
        "# comment",
        "a: b",
        "'\"",
        " leading and trailing ",
        "\ttab",
        "- item",
        "|",
        ">",
        "%TAG",
        "@at",
        "`tick`",
        "=",
        "",
    ]
)
scalars = st.none() | st.booleans() | st.integers(-(10**12), 10**12) | texts | hostile
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts.filter(bool) | hostile, inner, max_size=4),
    max_leaves=8,
)
metadata = st.dictionaries(texts.filter(bool) | hostile.filter(bool), values, max_size=6)


@settings(max_examples=rounds(60))
@given(metadata)
@example({"a": "x\n---\nlicense: mit\n", "license": "apache-2.0"})
@example({"key with a very long name " * 8: "value"})
@example({"language": "no", "tags": ["on", "yes", "12:30:45"]})
def test_metadata_parses_back_equal_whoever_reads_it(data: dict[str, Any]) -> None:
    card = with_front_matter(data, BODY)
    reading = read_front_matter(card.encode(), "README.md")
    assert reading is not None
    assert reading.problems == ()
    assert reading.data == data
    assert yaml.safe_load(card.split("\n---\n", 1)[0].removeprefix("---\n")) == data


@given(metadata)
def test_huggingface_hub_reads_the_same_card(data: dict[str, Any]) -> None:
    card = RepoCard(with_front_matter(data, BODY), ignore_metadata_errors=False)
    assert card.text.strip() == BODY
    assert card.content.startswith("---\n")


def test_the_form_is_fixed() -> None:
    assert (
        with_front_matter({"license": "mit", "tags": ["a"]}, "\n# A\n\n")
        == "---\nlicense: mit\ntags:\n- a\n---\n\n# A\n"
    )


@pytest.mark.parametrize("card", ["", "# Title\n", "text\n---\na: b\n---\n", "---\nno end\n"])
def test_a_card_without_metadata_has_none(card: str) -> None:
    assert read_front_matter(card.encode(), "README.md") is None


def test_places_are_counted_from_the_top_of_the_file() -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        read_front_matter(b"\n---\nlicense: mit\ntags: [a\n---\n\ntext\n", "README.md")
    location = caught.value.problems[0].location
    assert location is not None
    assert location.line >= 4


@pytest.mark.parametrize("end", [b"", b"x", b"\n--", b"\n---x"])
def test_a_megabyte_of_blank_lines_is_looked_at_once(end: bytes) -> None:
    assert read_front_matter(b"---\n" + b"\n" * (1 << 20) + end, "README.md") is None


@pytest.mark.parametrize("card", [b"---\n\n---\n", b"---\r\n\r\n---\r\n", b"\n ---\n\n\n---"])
def test_metadata_may_be_empty(card: bytes) -> None:
    with pytest.raises(InvalidDocumentError, match="empty"):
        read_front_matter(card, "README.md")
