"""Tables for notebooks: short, and free of markup from file names."""

import pytest

from hublish.base.values.notebook_table import markdown_table, markdown_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("model.safetensors", r"model\.safetensors"),
        ("a|b", r"a\|b"),
        ("<script>x</script>", r"\<script\>x\<\/script\>"),
        ("![x](http://a)", r"\!\[x\]\(http\:\/\/a\)"),
        ("$x$ `y` **z**", r"\$x\$ \`y\` \*\*z\*\*"),
        ("one\ntwo\r| three\u202e", r"one two \| three"),
        ("hf_" + "aB3dE5gH7" * 4, "hf\\_…"),
        ("x" * 100, "x" * 79 + "…"),
        ("é 漢", "é 漢"),
    ],
)
def test_a_cell_shows_its_text_as_it_is(text: str, shown: str) -> None:
    assert markdown_text(text) == shown


def test_a_table_has_a_title_and_a_header() -> None:
    assert markdown_table("a@main", ("file", "size"), [("x", "1 B")]) == (
        "**a\\@main**\n\n| file | size |\n| --- | --- |\n| x | 1 B |\n"
    )


def test_a_table_without_rows_is_its_title() -> None:
    assert markdown_table("a", ("file",), []) == "**a**\n"


def test_a_long_table_is_cut_and_counted() -> None:
    lines = markdown_table("a", ("file",), [(str(number),) for number in range(50)]).splitlines()
    assert len(lines) == 26
    assert lines[-1] == "… and 30 more"
