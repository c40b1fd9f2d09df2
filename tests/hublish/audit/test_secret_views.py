"""Escapes and base64 hide no credential, and the reported place is where the encoded text begins."""

import base64
import json
import random
import urllib.parse
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.audit import secret_views
from hublish.audit.secret_scan import secrets_in_text
from tests.planted_tokens import TOKENS

BEFORE = "some other text of a letter, which is long enough to fill a line "


def encoded(text: str, before: str = "") -> str:
    return base64.b64encode((before + text).encode()).decode()


FORMS: dict[str, Callable[[str], str]] = {
    "JSON in JSON": lambda text: json.dumps(json.dumps({"a": text})),
    "escapes of JSON": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "escapes of JSON in JSON": lambda text: "".join(f"\\\\u{ord(char):04X}" for char in text),
    "escapes of JavaScript": lambda text: "".join(f"\\u{{{ord(char):x}}}" for char in text),
    "escapes of Python": lambda text: "".join(f"\\x{ord(char):02x}" for char in text),
    "long escapes of Python": lambda text: "".join(f"\\U{ord(char):08x}" for char in text),
    "escaped slashes": lambda text: text.replace("/", "\\/"),
    "one escape": lambda text: text[:3] + f"\\u{ord(text[3]):04x}" + text[4:],
    "a URL": lambda text: urllib.parse.quote(text, safe=""),
    "every character of a URL": lambda text: "".join(f"%{ord(char):02X}" for char in text),
    "numbers of HTML": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "hexadecimal numbers of HTML": lambda text: "".join(f"&#x{ord(char):x};" for char in text),
    "base64": encoded,
    "base64 after a character": lambda text: encoded(text, " "),
    "base64 after two characters": lambda text: encoded(text, "- "),
    "base64 after bytes": lambda text: base64.b64encode(b"\xff\x00\xfe" * 9 + b"\n" + text.encode()).decode(),
    "base64 in a path": lambda text: f"data/{encoded(text)}",
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 in lines": lambda text: base64.encodebytes((BEFORE + text).encode()).decode(),
    "base64 in a string with lines": lambda text: json.dumps(base64.encodebytes((BEFORE + text).encode()).decode()),
    "base64 in base64": lambda text: encoded(encoded(text)),
    "base64 of escapes": lambda text: encoded("".join(f"\\u{ord(char):04x}" for char in text)),
    "a URL in base64 in a URL": lambda text: urllib.parse.quote(encoded(urllib.parse.quote(text))),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_credential_of_every_kind_is_found_in_another_form(form: str) -> None:
    missed = [
        kind
        for kind, make in TOKENS.items()
        if kind not in {secret.rule for secret in secrets_in_text(f"value = '{FORMS[form](make(random.Random(4)))}'\n")}
    ]
    assert missed == []


@pytest.mark.parametrize("form", ["escapes of JSON", "a URL", "numbers of HTML", "base64", "one escape"])
def test_the_place_is_that_of_the_encoded_text(form: str) -> None:
    text = TOKENS["huggingface-token"](random.Random(6))
    (secret,) = secrets_in_text(f"first line\n\\u0041 = '{FORMS[form](text)}'\n")
    assert (secret.line, secret.column) == (2, 11)


@pytest.mark.parametrize(
    "clean",
    [
        encoded("The quick brown fox jumps over the lazy dog, again and again and again."),
        encoded("token: hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
        "".join(f"\\x{ord(char):02x}" for char in "postgres://user:password@localhost/db"),
        "data:image/png;base64," + base64.b64encode(random.Random(1).randbytes(3000)).decode(),
    ],
)
def test_clean_text_in_another_form_is_not_a_finding(clean: str) -> None:
    assert secrets_in_text(clean) == ()


ASCII = st.text("abcdefghij kl=:user\n", max_size=120).map(str.encode)
PIECES = st.one_of(
    ASCII.map(base64.b64encode),
    ASCII.map(base64.encodebytes),
    ASCII.map(lambda text: base64.encodebytes(text).replace(b"\n", b"\\n")),
    st.binary(max_size=60).map(lambda data: data.hex().encode()),
    st.text("CDIZafAHQXgnwz03BE\\n\r +/", max_size=60).map(str.encode),
)


@given(st.lists(PIECES, max_size=5).map(b"".join), st.integers(0, 200), st.integers(0, 600))
def test_base64_is_found_where_a_search_with_the_pattern_finds_it(data: bytes, start: int, end: int) -> None:
    expected = [found.span() for found in secret_views._ENCODED.finditer(data, start, end)]
    assert [found.span() for found in secret_views._encoded(data, start, end)] == expected
