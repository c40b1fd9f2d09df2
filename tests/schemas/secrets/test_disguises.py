"""An encoding does not hide a token, and decoding finds none in ordinary bytes."""

import base64
import json
import random
import string
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.schemas.secrets.masking import find_tokens, holds_token, redact

LETTERS = string.ascii_letters + string.digits
TOKEN = "hf" + "_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ01234567"
OTHER = "ghp" + "_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3gH5"


def encoded(text: str, before: int = 0) -> str:
    return base64.b64encode(b"-" * before + text.encode() + b"yz").decode()


FORMS: dict[str, Callable[[str], str]] = {
    "itself": str,
    "a JSON escape": lambda token: token.replace("_", "\\u005f"),
    "a JSON escape in JSON": lambda token: json.dumps(token.replace("_", "\\u005f")),
    "every character escaped": lambda token: "".join(f"\\x{ord(char):02x}" for char in token),
    "escapes of YAML": lambda token: "".join(f"\\U{ord(char):08X}" for char in token),
    "joined lines": lambda token: f"{token[:9]}\\\n    {token[9:]}",
    "percent signs": lambda token: "".join(f"%{ord(char):02X}" for char in token),
    "percent signs twice": lambda token: quote(token.replace("_", "%5F")),
    "HTML entities": lambda token: f"&#{ord(token[0])};&#x{ord(token[1]):x};{token[2:]}",
    "after an escaped line end": lambda token: f"first\\n{token}\\n",
    "after a color": lambda token: f"\x1b[1m{token}\x1b[0m",
    "base64": encoded,
    "base64 after one byte": lambda token: encoded(token, 1),
    "base64 after two bytes": lambda token: encoded(token, 2),
    "base64 after other digits": lambda token: f"data/{encoded(token, 3)}",
    "base64 of URLs": lambda token: base64.urlsafe_b64encode(f"??>>{token}".encode()).decode().rstrip("="),
    "base64 in lines": lambda token: base64.encodebytes(f"{'-' * 40}{token}{'-' * 40}".encode()).decode(),
    "base64 of UTF-16": lambda token: base64.b64encode(token.encode("utf-16-le")).decode(),
    "base64 twice": lambda token: encoded(encoded(token)),
    "base64 with percent signs": lambda token: quote(encoded(token, 2), safe=""),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("token", [TOKEN, OTHER])
def test_a_token_is_found_in_every_form(token: str, form: str) -> None:
    text = f"it is '{FORMS[form](token)}' here"
    assert holds_token(text)
    clean = redact(text)
    assert not holds_token(clean)
    assert clean.startswith("it is '")
    assert clean.endswith("' here")


@pytest.mark.parametrize("form", [form for form in FORMS if form != "base64 twice"])
def test_a_known_secret_of_any_kind_is_found_in_every_form(form: str) -> None:
    assert "***" in redact(f"it is '{FORMS[form]('correct-horse-battery')}' here", ["correct-horse-battery"])


def test_the_place_of_an_escaped_token_is_that_of_its_escapes() -> None:
    text = f"%41%42 {FORMS['percent signs'](TOKEN)} %43"
    assert [text[start:end] for start, end in find_tokens(text)] == [FORMS["percent signs"](TOKEN)]


@given(st.text(st.sampled_from("\\%&#;x4165u_hfZa=/+\n\x1b[1m") | st.characters()))
def test_text_without_a_token_is_left_alone(text: str) -> None:
    assert redact(text) == text or "@" in text


def test_random_base64_holds_no_token() -> None:
    chance = random.Random(3)
    text = "".join(chance.choices(LETTERS + "+/", k=300_000))
    assert redact(text) == text


@pytest.mark.parametrize("piece", ["%25", "\\", "\\\\u005c", "&#38;", "aGZf", "QUJD\n", "=", "%", "//a:", "://a:", "@"])
def test_a_hostile_text_of_a_quarter_megabyte_is_searched_quickly(piece: str) -> None:
    # Quadratic search would take minutes, and the run would be stopped.
    assert redact(piece * (2**18 // len(piece)), ["correct-horse-battery"])
