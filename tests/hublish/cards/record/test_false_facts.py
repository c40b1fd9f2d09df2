"""Whether a text shows a value, by the form in which another value was published."""

from typing import Any

import pytest

from hublish.cards.record.false_facts import shows

# The recorded value, its published text, a value, a text, and whether the text shows the value.
CASES: list[tuple[Any, str, Any, str, bool]] = [
    (0.9312, "93.1 %", 0.9312, "93.1 %", True),
    (0.9312, "93.1 %", 0.9312, "93.1%", True),
    (0.9312, "93.1 %", 0.9312, "93.12 %", True),
    (0.9312, "93.1 %", 0.9312, "94.1 %", False),
    (0.9312, "93.1 %", 0.9312, "93 %", False),
    (0.9312, "93.1 %", 0.9512, "95.1 %", True),
    (0.9312, "0.9312", 0.9312, "93.12 %", True),
    (0.9312, "0.9312", 0.9312, "0.9313", False),
    (7241732096, "7.2B", 7241732096, "7.24B", True),
    (7241732096, "7.2B", 7241732096, "7.2M", False),
    (7241732096, "7.2B", 8030261248, "8.0B", True),
    (7241732096, "7.2B", 8030261248, "7.2B", False),
    (2410, "2,410", 2410, "2410", True),
    (2410, "2,410", 2410, "2,411", False),
    (9640, "9.6 KB", 9640, "9.6 MB", False),
    (9640, "9.6 KB", 12340, "12.3 KB", True),
    (1e-05, "1e-05", 1e-05, "0.00001", True),
    (3, "3 layers", 3, "3 layers", True),
    (3, "3 layers", 3, "4 layers", False),
    ("mit", "MIT", "mit", "MIT", True),
    ("mit", "MIT", "mit", "Apache", False),
    ("mit", "MIT", "mit", "mit", True),
    ("a/b", "[a/b](https://hf.co/a/b)", "c/d", "[c/d](https://hf.co/c/d)", True),
    ("a/b", "[a/b](https://hf.co/a/b)", "a/b", "a/b", True),
    ("a_b", "a\\_b", "a_b", "a_b", True),
    (True, "True", True, "False", False),
    (True, "True", False, "True", False),
    (None, "", None, "1", False),
    ([1, 2], "2 columns", [1, 2], "3 columns", False),
    (0, "0", 0, "1", False),
]


@pytest.mark.parametrize(("recorded", "published", "value", "text", "expected"), CASES)
def test_a_text_shows_a_value_in_the_published_form(
    recorded: Any, published: str, value: Any, text: str, expected: bool
) -> None:
    assert shows(text, value, published=published, recorded=recorded) is expected
