import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.schemas.yaml.composing import MAX_DIGITS, is_plain_text, resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(text, None) for text in ("", "~", "null", "Null", "NULL")],
        *[(text, True) for text in ("true", "True", "TRUE")],
        *[(text, False) for text in ("false", "False", "FALSE")],
        *[("0", 0), ("-0", 0), ("+12", 12), ("-3", -3), ("007", 7), ("0o17", 15), ("0x1F", 31), ("0xff", 255)],
        *[("1.", 1.0), (".5", 0.5), ("1.10", 1.1), ("-1e3", -1000.0), ("1E-2", 0.01), ("+.5e+1", 5.0), ("0e0", 0.0)],
    ],
)
def test_the_core_schema_is_followed(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("no", "No", "yes", "on", "OFF", "y", "n", "nUll", "tRue", "None"),
        *(
            "12:30:45",
            "2024-01-01",
            "2024-13-45",
            "1_000",
            "0b11",
            "0o8",
            "0x",
            "0xg",
            "-0x1",
            "1.2.3",
            "1e",
            "e1",
            ".",
        ),
        *("-", "+", "+-1", "1.2.0", "v1", "inf", "nan", ".infinity", "\u0661\u0662", "1 2", "=", "<<"),
    ],
)
def test_everything_else_is_a_string(text: str) -> None:
    assert resolve(text) == text
    assert is_plain_text(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9" * (MAX_DIGITS + 1), "number too large"),
        ("0x" + "f" * MAX_DIGITS, "number too large"),
        ("1e999", "number too large or too small"),
        ("-1e999", "number too large or too small"),
        ("1e-999", "number too large or too small"),
        *[(text, "not a finite number") for text in (".inf", "-.Inf", "+.INF", ".nan", ".NaN", ".NAN")],
    ],
)
def test_numbers_that_json_cannot_represent_are_rejected(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        resolve(text)
    assert not is_plain_text(text)


def test_the_longest_number_is_read_exactly() -> None:
    assert resolve("9" * MAX_DIGITS) == 10**MAX_DIGITS - 1


@given(st.integers(-(10**60), 10**60))
def test_integers_round_trip(number: int) -> None:
    assert resolve(str(number)) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_round_trip(number: float) -> None:
    assert resolve(repr(number)) == number


@given(st.text())
def test_any_string_resolves_or_is_rejected(text: str) -> None:
    try:
        value = resolve(text)
    except ValueError:
        assert text[0] in "+-.0123456789"
    else:
        assert value is None or isinstance(value, str | int | float)
