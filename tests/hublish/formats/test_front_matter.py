"""Front matter: every reader reads equal metadata back, and finds its ends where huggingface_hub does."""

from typing import Any

import pytest
import yaml
from huggingface_hub import RepoCard
from huggingface_hub.repocard import REGEX_YAML_BLOCK
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hublish.formats.front_matter import front_matter, read_front_matter, with_front_matter
from hublish.schemas.diagnose.problems import InvalidDocumentError
from tests.faults.projects import rounds

BODY = "# Title\n\n---\n\nText."

# The strings of a manifest: no surrogates, no control characters, no separators that pass for line breaks.
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
def test_every_reader_reads_equal_metadata_back(data: dict[str, Any]) -> None:
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


@settings(max_examples=rounds(300))
@given(st.text("-\n\r a:\u00a0", max_size=24).map(lambda text: f"---{text}"))
@example("---\n---\n")
@example("---\n\n---")
@example("---\r\na: 1\r\n---\r\nbody")
@example("\n---\na: 1\n---\n---\n")
@example("\ufeff---\na: 1\n---\n")
def test_it_begins_and_ends_where_huggingface_hub_finds_it(card: str) -> None:
    expected = REGEX_YAML_BLOCK.search(card)
    found = front_matter(card)
    assert (found is None) == (expected is None)
    if found is not None and expected is not None:
        assert found.strip("\r\n") == expected[2].strip("\r\n")


@pytest.mark.parametrize("card", [b"---\nname: caf\xc3", b"---\nname: caf\xc3\n---\n"])
def test_half_a_character_is_reported_by_the_parser_alone(card: bytes) -> None:
    if card.endswith(b"---\n"):
        with pytest.raises(InvalidDocumentError, match="UTF-8"):
            read_front_matter(card, "README.md")
    else:
        assert read_front_matter(card, "README.md") is None


def test_the_form_is_fixed() -> None:
    assert (
        with_front_matter({"license": "mit", "tags": ["a"]}, "\n# A\n\n")
        == "---\nlicense: mit\ntags:\n- a\n---\n\n# A\n"
    )


@pytest.mark.parametrize("card", ["", "# Title\n", "text\n---\na: b\n---\n", "---\nno end\n"])
def test_a_card_without_metadata_has_none(card: str) -> None:
    assert read_front_matter(card.encode(), "README.md") is None


def test_lines_are_counted_from_the_top_of_the_file() -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        read_front_matter(b"\n---\nlicense: mit\ntags: [a\n---\n\ntext\n", "README.md")
    location = caught.value.problems[0].location
    assert location is not None
    assert location.line >= 4


@pytest.mark.parametrize("end", [b"", b"x", b"\n--", b"\n---x"])
def test_a_megabyte_of_blank_lines_takes_linear_time(end: bytes) -> None:
    assert read_front_matter(b"---\n" + b"\n" * (1 << 20) + end, "README.md") is None


@pytest.mark.parametrize("card", [b"---\n\n---\n", b"---\r\n\r\n---\r\n", b"\n ---\n\n\n---"])
def test_metadata_may_be_empty(card: bytes) -> None:
    with pytest.raises(InvalidDocumentError, match="empty"):
        read_front_matter(card, "README.md")
