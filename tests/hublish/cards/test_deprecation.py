"""The banner of a deprecated card: everything else keeps its bytes, and removing it gives the same bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.cards.deprecation import UneditableCardError, new_version_of, with_banner, without_banner
from tests.rows import every

BANNER = ("> [!WARNING]", "> **This model is deprecated.**")
BLOCK = "<!-- hublish:deprecated -->\n> [!WARNING]\n> **This model is deprecated.**\n<!-- /hublish:deprecated -->\n\n"
CARDS = (
    "",
    "# Digits\n",
    "\n\n# Digits",
    "---\nlicense: mit\n---\n\n# Digits\n",
    "---\r\nlicense: mit # a comment\r\n---\r\n\r\n# Digits\r\n",
    "\ufeff---\nlicense: mit\n---\n# Digits",
    "\ufeff# Digits",
    "---\n---\n# Digits\n",
    "---\r\n---\r\n\r\nDigits",
    "---\n\n---\nDigits",
    "---\n# only a comment\n---\nDigits",
    "---\n{license: mit, tags: [a]}\n---\nDigits",
    "---\n{}\n---\nDigits",
    "---\nlicense: mit\ntags:\n- a\n# the end\n---",
    "---\nlicense: mit\n---\n",
    "---\ntext: |\n  two\n\n  lines\n\n---\nDigits",
    "---\na: &anchor 1\nb: *anchor\n---\nDigits",
    "---\nempty:\n---\nDigits",
    "\n\n---\nlicense: mit\n---\nDigits",
    "---\nlicense: 'mit'\n---\r\nmixed\r\n",
    "old\rMac\r",
    "---\nlicense: mit\r---\rDigits\r",
    "a rule\n\n---\n\nand more\n",
    "not \udcff UTF-8\n",
    "<!-- a comment -->\n> [!NOTE]\n> Another alert.\n",
)


@every("card", CARDS)
def test_a_card_has_the_same_bytes_after_both_steps(card: str) -> None:
    marked = with_banner(card, "acme/new", BANNER)
    assert new_version_of(marked) == "acme/new"
    assert without_banner(marked) == card
    assert with_banner(marked, "acme/new", BANNER) == marked
    # Every character of the card is still there, in order.
    rest = iter(marked)
    assert all(character in rest for character in card)


def test_the_banner_is_above_the_text_and_the_key_below_the_others() -> None:
    marked = with_banner("---\nlicense: mit # ours\ntags: [a]\n---\n\n# Digits\n", "acme/new", BANNER)
    assert marked == f"---\nlicense: mit # ours\ntags: [a]\nnew_version: acme/new\n---\n\n{BLOCK}# Digits\n"


def test_another_version_and_banner_take_the_place_of_the_first() -> None:
    card = "---\nlicense: mit\n---\n# Digits\n"
    first = with_banner(card, "acme/new", BANNER)
    second = with_banner(first, "acme/newer", (*BANNER, "> More."))
    assert second == first.replace("acme/new", "acme/newer").replace("ed.**\n", "ed.**\n> More.\n")
    assert without_banner(second) == card


def test_a_version_that_a_person_declared_is_replaced_and_removed() -> None:
    card = "---\nnew_version: 'acme/mine' # ours\nlicense: mit\n---\n# Digits\n"
    marked = with_banner(card, "acme/new", BANNER)
    assert marked == card.replace("acme/mine", "acme/new").replace("# Digits", BLOCK + "# Digits")
    assert without_banner(marked) == "---\n# ours\nlicense: mit\n---\n# Digits\n"


def test_keys_that_a_person_adds_to_added_metadata_stay() -> None:
    marked = with_banner("# Digits\n", "acme/new", BANNER).replace("new_version", "license: mit\nnew_version")
    assert without_banner(marked) == "---\nlicense: mit\n---\n\n# Digits\n"


def test_a_banner_that_a_person_moved_and_edited_is_found() -> None:
    marked = with_banner("# Digits\n\nText.\n", "acme/new", BANNER)
    start, end = marked.index("<!--"), marked.index("# Digits")
    moved = marked[:start] + "# Digits\n\n" + marked[start:end].replace("> **", "> Mine. **").rstrip() + "\n\nText.\n"
    assert without_banner(moved) == "# Digits\n\nText.\n"


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ("---\nfoo bar\n---\nDigits", "cannot be read: expected a mapping"),
        ("---\n- a\n---\n", "cannot be read: expected a mapping"),
        ("---\na: [1\n---\n", "cannot be read"),
        ("----\nlicense: mit\n---\n", "cannot be found: the metadata begins with 4 dashes"),
        ("license: mit\n---\n", "cannot be found: no `---` opens"),
    ],
)
def test_metadata_that_cannot_be_edited_is_refused(card: str, message: str) -> None:
    with pytest.raises(UneditableCardError) as failure:
        with_banner(card, "acme/new", BANNER)
    assert message in failure.value.message
    assert failure.value.line > 0


def test_many_openings_without_an_end_take_time_in_proportion() -> None:
    card = "<!-- hublish:deprecated -->\n" * 100_000
    assert without_banner(card) == card


LINES = st.sampled_from(
    [
        "# A",
        "text",
        "- item",
        "> quote",
        "```",
        "---",
        "<!-- c -->",
        "license: mit",
        "tags: [a, b]",
        "# comment",
        "",
        " ",
    ]
)
KEYS = st.sampled_from(
    ["license: mit", "tags: [a]", "tags:", "- a", "# comment", "", "a: 1 # c", "b: |", "  text", "'q': x"]
)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@given(st.lists(KEYS, max_size=4), st.lists(LINES, max_size=6), ENDS, st.booleans(), st.booleans(), st.booleans())
def test_a_card_of_any_lines_has_the_same_bytes_after_both_steps(
    keys: list[str], lines: list[str], end: str, front: bool, mark: bool, ended: bool
) -> None:
    metadata = ["---", *keys, "---"] if front else []
    card = ("\ufeff" if mark else "") + end.join([*metadata, *lines]) + (end if ended else "")
    before = new_version_of(card)
    try:
        marked = with_banner(card, "acme/new", BANNER)
    except UneditableCardError:
        return
    assert before is None
    assert new_version_of(marked) == "acme/new"
    assert without_banner(marked) == card
    assert with_banner(marked, "acme/new", BANNER) == marked


@given(st.text(max_size=60))
def test_a_card_of_any_text_has_the_same_bytes_after_both_steps(card: str) -> None:
    try:
        marked = with_banner(card, "acme/new", BANNER)
    except UneditableCardError:
        return
    assert without_banner(marked) == card
