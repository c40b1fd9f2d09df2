import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.schemas.secrets.masking import find_tokens, holds_token, mask, quotable, redact, safe_hint

LETTERS = string.ascii_letters + string.digits
# Made here and worth nothing; put together so that no scanner takes this file for a leak.
TOKEN = "hf" + "_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ01234567"
KEY_HEADER = "-----BEGIN PRIVATE " + "KEY-----"
OTHER = "ghp" + "_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3gH5"


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"token: {TOKEN}",
        f'"{TOKEN}"',
        f"https://user:{TOKEN}@host/x",
        f"Authorization: Bearer {TOKEN}",
        f"HF_TOKEN={TOKEN}",
        f"x_{TOKEN}",
        f"glued{TOKEN}",
        "hf" + "_jwt_" + "eyJhbGciOiJFZERTQSJ9.eyJyZWFkIjp0cnVlfQ.c2lnbmF0dXJl",
        "hf" + "_jwt_" + "eyJhbGciOiJFZERTQSJ9_eyJyZWFkIjp0cnVlfQ_aa",
        "hf" + "_oauth_" + "eyJhbGciOiJFZERTQSJ9.eyJyZWFkIjp0cnVlfQ.c2lnbmF0dXJl",
        "api_org" + "_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ01234567",
    ],
)
def test_tokens_are_found_and_redacted(text: str) -> None:
    assert len(list(find_tokens(text))) == 1
    clean = redact(text)
    assert "…" in clean
    assert not holds_token(clean)
    assert "aBcDeFgH" not in clean
    assert "eyJhbGci" not in clean


PLACEHOLDERS = ("hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "hf_yourtokengoeshere")
NAMES = (
    *(
        "${HF_TOKEN}",
        "hf_...",
        "hf_your_token_here",
        "HF_TOKEN=secret",
        "hf_hub_download",
        "hf_tokenizer.py",
        "hf_short",
    ),
    *("hf_wav2vec2.json", "hf_Qwen2VL7B", "hf_AutoModelForCausalLM", "hf_oauth_expiration_minutes", "hf_jwt"),
    *("hf_internal_testing_tiny_random_model_with_a_long_name", "hf_transfer", "hf_tokenizer.py", "a" * 64),
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
)


@pytest.mark.parametrize("text", [*PLACEHOLDERS, *NAMES])
def test_a_placeholder_is_not_a_token(text: str) -> None:
    assert not holds_token(text)


@pytest.mark.parametrize("text", NAMES)
def test_redacting_leaves_names_and_hashes_alone(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("hf_" + "canary" * 6, "hf_…"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer …"),
        ("the value s3cr3t-value here", "the value *** here"),
        ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AWS_SECRET_ACCESS_KEY=…"),
        (f"{KEY_HEADER}\n{'MIIEvQIBADANBgkqhkiG9w0B' * 2}\nAbC=\n-----END", f"{KEY_HEADER}\n…\n-----END"),
    ],
)
def test_redacting_hides_possible_tokens_and_known_secrets(text: str, clean: str) -> None:
    assert redact(text, ["s3cr3t-value"]) == clean


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("https://me:pw@host/x", "https://…@host/x"),
        ("see https://me:p@ss/w?rd@host/x.", "see https://…@host/x."),
        ("postgres://:pw@db/x and redis://:pw@h:1/0", "postgres://…@db/x and redis://…@h:1/0"),
        ("HTTPS://ME:PW@HOST", "HTTPS://…@HOST"),
        (r"https:\/\/me:pw@host\/x", r"https:\/\/…@host\/x"),
        ("https%3A%2F%2Fme%3Apw%40host", "https%3A%2F%2F…%40host"),
        ("https://0123456789aBcDeF0123456789@host", "https://…@host"),
        ("Authorization: Basic bWU6cHc=", "Authorization: Basic …"),
        *(
            (text, text)
            for text in (
                *(
                    "https://me@host/x",
                    "git@github.com:a/b",
                    "ssh://git@github.com/a/b",
                    "http://localhost:8000/a/x@v1",
                ),
                *("https://host/a:b@c", "docker://ghcr.io/o/i:t@sha256:0123", "http://[::1]:8000/a@b", "Basic usage"),
                *("me:pw@host", "https://host?a=b:c@d", "acme/x@v1"),
            )
        ),
    ],
)
def test_a_password_in_a_url_is_redacted(text: str, clean: str) -> None:
    assert redact(text) == clean


@pytest.mark.parametrize(
    ("text", "secret", "clean"),
    [
        ("main is on main-2 in domain", "main", "*** is on ***-2 in domain"),
        ("it began with x7Kq9-Lm2 and so on", "x7Kq9-Lm2pW4", "it began with *** and so on"),
        ("a password, not a pass", "password-of-mine", "a password, not a pass"),
        ("aGVsbG8gd29ybGQgaXRz x7Kq9", "x7Kq9-Lm2pW4", "aGVsbG8gd29ybGQgaXRz x7Kq9"),
    ],
)
def test_of_a_known_secret_long_parts_are_masked_too(text: str, secret: str, clean: str) -> None:
    assert redact(text, [secret]) == clean


def test_a_thousand_random_tokens_are_all_found() -> None:
    chance = random.Random(0)
    tokens = ["hf" + "_" + "".join(chance.choices(LETTERS, k=34)) for _ in range(1000)]
    assert len(list(find_tokens("\n".join(tokens)))) == 1000


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        (f"a: {TOKEN} # b", f"a: {'*' * len(TOKEN)} # b"),
        ("password: hunter2", "password: *******"),
        ("  - my_token: 'a b' # c", "  - my_token: ** ** # c"),
        ('{"api-key": "x", b: 1}', '{"api-key": ***, b: 1}'),
        ("token:hunter2", "token:*******"),
        ("HF_TOKEN = hunter2", "HF_TOKEN = *******"),
        ("password hunter2", "password *******"),
        ("endpoint: https://me:pw@host/x", "endpoint: https://*****@host/x"),
        (f"a: {OTHER} b", f"a: {'*' * len(OTHER)} b"),
        ("a: of-this-run b", "a: *********** b"),
        ("revision: 0123456789abcdef0123456789abcdef01234567", "revision: 0123456789abcdef0123456789abcdef01234567"),
        ("tokenizer: a, secrets: forbid", "tokenizer: a, secrets: forbid"),
        ("token:", "token:"),
    ],
)
def test_a_masked_line_keeps_its_columns(line: str, masked: str) -> None:
    assert mask(line, ["of-this-run"]) == masked


@given(st.text(st.sampled_from("token: 'password=hf_@/#{},\"a1") | st.characters()))
def test_masking_changes_no_length_and_adds_nothing(line: str) -> None:
    assert len(mask(line)) == len(line)
    assert mask(mask(line)) == mask(line)


@pytest.mark.parametrize(
    ("text", "piece", "seen"),
    [
        ("a: b\nc: d", "c: d", "c: d"),
        ("a: b\nc: d", "b\nc", ""),
        ("a: \x1bb", "\x1bb", ""),
        ("token: abc", "abc", ""),
        ("a: @ghp_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3", "@ghp_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1eF3", ""),
        ("a: @0123456789abcdef0123", "@0123456789abcdef0123", "@0123456789abcdef0123"),
        ("a: " + "x" * 61, "x" * 61, ""),
        ("a: b" + "x" * 3000, "b", ""),
        ("x" * 3000 + "b", "b", ""),
    ],
)
def test_a_piece_is_quotable_when_it_is_short_and_not_a_credential(text: str, piece: str, seen: str) -> None:
    start = text.index(piece)
    assert quotable(text, start, start + len(piece)) == seen


@pytest.mark.parametrize(
    ("advice", "shown"),
    [
        (f"write 'sk_or_v1_{'0a1b' * 16}'", "write another value"),
        (f"write '{'0A1B' * 8}'", "write another value"),
        (f"write '{'0a1b' * 6}'", f"write '{'0a1b' * 6}'"),
    ],
)
def test_a_hint_does_not_repeat_a_key_whose_name_it_corrects(advice: str, shown: str) -> None:
    assert safe_hint(advice) == shown


@pytest.mark.parametrize("advice", ["write '" + "a" * 300_000 + "'", "write " + "a_" * 150_000, "a " * 150_000])
def test_a_long_hint_is_replaced_and_searched_once(advice: str) -> None:
    # A search that starts at every letter would keep this test busy for minutes.
    assert safe_hint(advice) == "write another value"
    assert not quotable(advice, 0, len(advice))
