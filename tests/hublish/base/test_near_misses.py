"""What a pattern without a match was meant to match."""

from pathlib import Path

import pytest

from hublish.base.content import InMemory
from hublish.base.near_misses import near_glob, near_misses
from hublish.base.values import Candidate, Effect, Step, Verdict

RULE = Verdict.of([Step("source", Effect.COLLECTS, "artifacts[0].source: runs", "artifacts[0].source")])
FOUND = tuple(
    Candidate(path, f"runs/best/{path}", InMemory(b""), 0, RULE)
    for path in ("model.safetensors", "config.json", "tokenizer/vocab.txt")
)


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("*.safetensor", "did you mean '*.safetensors'?"),
        ("tokenizer/*.tx", "did you mean 'tokenizer/*.txt'?"),
        ("confg.json", "did you mean 'config.json'?"),
        ("runs/best/*.json", "patterns match path_in_repo: it is 'config.json' there, not 'runs/best/config.json'"),
        ("*.gguf", "patterns match path_in_repo; `hublish files --excluded` lists every one"),
    ],
)
def test_a_pattern_that_matches_nothing_shows_what_is_near(pattern: str, hint: str) -> None:
    assert near_misses(pattern, FOUND) == hint


@pytest.mark.parametrize(
    ("glob", "near"),
    [
        ("runs/best/*.jsn", "runs/best/*.json"),
        ("run/best/*.json", "runs/best/*.json"),
        ("**/*.saftensors", "**/*.safetensors"),
        ("runs/best/*.gguf", None),
        ("**", None),
    ],
)
def test_a_glob_that_matches_nothing_shows_one_that_does(glob: str, near: str | None) -> None:
    assert near_glob(glob, [candidate.source for candidate in FOUND]) == near


def test_a_hundred_thousand_names_are_not_all_compared() -> None:
    many = tuple(Candidate(f"data/{number}.png", f"{number}", InMemory(b""), 0, RULE) for number in range(100_000))
    assert near_misses(str(Path("dta/7.png")), many)
