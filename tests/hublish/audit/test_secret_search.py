"""The search is linear, however the bytes are chosen, and numpy finds the same text as the search without it."""

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.audit import secret_search
from hublish.audit.secret_scan import SecretScanner
from hublish.audit.secret_search import run_ranges, search, text_ranges
from hublish.schemas.secrets.rule import Rule
from hublish.schemas.secrets.token_rules import RULES
from tests.planted_tokens import TOKENS
from tests.rows import every

# Pieces that begin a rule again and again, and break it off.
HOSTILE = [
    *("-eyJ", "eyJ.", "_eyJaaaaaaaa.", "://", "a://b:c", "http://u:", "x://:@", "password ", "password=", ";pwd=x"),
    *(
        "login ",
        "login a ",
        "login a password ",
        "user=",
        "user=a password=",
        "username=",
        "PRIVATE KEY",
        "%2B",
        "\\u00",
    ),
    *("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n", '"auth', '"auth":"', "hf_", "sig=", ":AA", "8Q~"),
    *(
        "wandb key ",
        "secret_key",
        'secret_key":"',
        "AZDO",
        "JQQJ9",
        ".atlasv1.",
        "&amp;",
        "aGZf",
        "sk-",
        "\\/",
        "&#104;",
    ),
    *(
        'username":"a","key":"',
        "session_token=",
        "API_KEY=",
        "Private-Lines: 1\n",
        "glpat-",
        "A" * 76 + "\n",
        "ghs_1_eyJ",
    ),
]
SIZE = 1 << 16


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the number of times that a rule is applied to a place."""
    counter, match = [0], secret_search._Entry.match

    def counting(entry: secret_search._Entry, data: bytes, position: int) -> re.Match[bytes] | None:
        counter[0] += 1
        return match(entry, data, position)

    monkeypatch.setattr(secret_search._Entry, "match", counting)
    return counter


@pytest.mark.parametrize("piece", HOSTILE)
def test_the_rules_are_applied_to_a_bounded_number_of_places(piece: str, applied: list[int]) -> None:
    data = (piece * (SIZE // len(piece))).encode()
    scanner = SecretScanner()
    scanner.feed(data)
    # Several rules may share a literal, and escapes and base64 are searched once more.
    assert applied[0] <= 8 * len(data)


@every("rule", RULES)
def test_a_rule_finds_the_match_around_its_literal(rule: Rule) -> None:
    text = TOKENS[rule.name](random.Random(5))
    found = re.search(rule.pattern, text, re.ASCII)
    assert found is not None
    places = [place for literal in rule.literals if (place := found[0].find(literal)) >= 0]
    assert min(places) <= rule.lead
    if rule.place == "start":
        assert re.match("[A-Za-z0-9]", found[0])


@every("kind", TOKENS)
def test_a_credential_in_binary_data_is_found(kind: str) -> None:
    for seed in range(5):
        data = random.Random(seed).randbytes(900) + b"\0" + TOKENS[kind](random.Random(seed)).encode() + bytes(900)
        for vectorized in (False, True):
            texts = text_ranges(data, vectorized=vectorized)
            assert kind in {found.rule.name for found in search(data, texts, run_ranges(data, texts))}


@given(
    st.lists(st.one_of(st.binary(max_size=40), st.text("ab \n", min_size=10, max_size=40).map(str.encode)), max_size=40)
)
def test_numpy_finds_the_same_text(pieces: list[bytes]) -> None:
    data = b"\0".join(pieces)
    assert text_ranges(data, vectorized=True) == text_ranges(data)


def test_a_long_credential_is_found_on_the_border_of_pieces() -> None:
    key = TOKENS["private-key"](random.Random(1)).encode()
    for cut in range(0, 200, 7):
        scanner = SecretScanner()
        scanner.feed(b"x\n" * 9000 + key[:cut])
        scanner.feed(key[cut:])
        assert [secret.rule for secret in scanner.found] == ["private-key"]
