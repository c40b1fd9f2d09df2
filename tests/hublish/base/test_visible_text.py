"""Characters that hide, reorder or control text become visible; all others stay."""

import pytest

from hublish.base.visible_text import visible

SHOWN = {
    "plain.txt": "plain.txt",
    "größe 模型 👩‍🚀": "größe 模型 👩‍🚀",
    "a\x00b\x1b[31mc\x7f\x9b": r"a\x00b\x1b[31mc\x7f\x9b",
    "invoice\u202egpj.exe": r"invoice\u202egpj.exe",
    "a\u2066b\u2069\u200e\u061c": r"a\u2066b\u2069\u200e\u061c",
    "zero\u200bwidth\ufeff\u00ad\u2060": r"zero\u200bwidth\ufeff\xad\u2060",
    "tag\U000e0041": r"tag\U000e0041",
    "line\u2028paragraph\u2029": r"line\u2028paragraph\u2029",
    "lone\ud800": r"lone\ud800",
    "tab\there": r"tab\there",
}


@pytest.mark.parametrize(("text", "shown"), SHOWN.items())
def test_hidden_characters_are_escaped(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_a_caller_may_keep_some() -> None:
    assert visible("a\tb\x1b\n", keep="\t\n") == "a\tb\\x1b\n"
