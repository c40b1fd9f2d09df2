"""Every kind of credential in the table is found, masked and rejected everywhere."""

import json
import random
import re

import pytest

from hublish.audit.secret_scan import secrets_in_text
from hublish.hub.client.failures import translate
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.manifest_yaml import read_manifest
from hublish.schemas.secrets.masking import find_tokens, mask, redact
from hublish.schemas.secrets.token_rules import (
    BOUNDARY,
    HUB_TOKEN,
    HUB_TOKEN_PART,
    HUB_TOKEN_PREFIXES,
    RULES,
    SHORTEST_TOKEN,
    names_credential,
)
from tests.planted_tokens import ALPHANUMERIC, TOKENS, random_part
from tests.rows import every

HUB_KINDS = ("huggingface-token", "huggingface-jwt", "huggingface-oauth-token", "huggingface-organization-token")
every_kind = every("kind", TOKENS)


def issue(kind: str) -> str:
    return TOKENS[kind](random.Random(7))


def leaks(kind: str, text: str) -> bool:
    """Return whether eight characters of the second half of the random part occur in a text."""
    secret = random_part(kind, issue(kind))
    return any(secret[start : start + 8] in text for start in range((len(secret) - 8) // 2, len(secret) - 7))


def test_every_rule_has_a_token_to_try() -> None:
    assert set(TOKENS) == {rule.name for rule in RULES}


@every_kind
def test_the_audit_finds_it(kind: str) -> None:
    assert [secret.rule for secret in secrets_in_text(f"value: '{issue(kind)}'")] == [kind]


@every_kind
def test_it_is_masked_in_output(kind: str) -> None:
    token = issue(kind)
    assert not leaks(kind, redact(f"cannot use {token}!"))
    assert not leaks(kind, mask(f"use: {token} # here"))


@every_kind
def test_it_is_masked_in_an_error_of_the_hub(kind: str) -> None:
    token = issue(kind)
    assert not leaks(kind, str(translate(ValueError(f"bad credentials: {token}"), "reading acme/x")))


@every_kind
def test_a_manifest_rejects_it(kind: str) -> None:
    token = issue(kind)
    text = f"repo: {{repo_id: a/b, commit_description: {json.dumps(token)}}}\nartifacts: [{{source: a}}]\n"
    with pytest.raises(InvalidDocumentError) as caught:
        read_manifest(text.encode())
    (problem,) = caught.value.problems
    assert problem.code == "manifest.secret"
    assert problem.location is not None
    assert not leaks(kind, repr(problem))


@pytest.mark.parametrize("kind", HUB_KINDS)
def test_every_level_knows_the_hubs_own_tokens(kind: str) -> None:
    assert HUB_TOKEN.fullmatch(issue(kind))
    assert HUB_TOKEN_PART.match(issue(kind)[:18])
    assert issue(kind).encode().startswith(HUB_TOKEN_PREFIXES)


@every_kind
def test_every_match_contains_a_literal_of_its_rule_and_is_long_enough(kind: str) -> None:
    (rule,) = (rule for rule in RULES if rule.name == kind)
    found = re.search(BOUNDARY + rule.pattern, issue(kind))
    assert found is not None
    assert any(literal in found.group() for literal in rule.literals)
    assert len(found.group()) >= SHORTEST_TOKEN


@pytest.mark.parametrize("piece", ["-eyJ", "eyJ", "_eyJaaaaaaaa.", "hf_", "-----BEGIN PRIVATE KEY-----", "\\n"])
def test_a_hostile_text_of_a_quarter_megabyte_is_searched_quickly(piece: str) -> None:
    # Quadratic search would take minutes, and the run would be stopped.
    assert not list(find_tokens(piece * (2**18 // len(piece))))


@pytest.mark.parametrize(
    ("name", "credential"),
    [
        *((name, True) for name in ("token", "HF_TOKEN", "api_key", "APIKEY", "my_password", "AWS_SECRET_ACCESS_KEY")),
        *((name, False) for name in ("tokens", "tokenizer", "TOKENIZERS_PARALLELISM", "secrets", "key", "monkey")),
    ],
)
def test_a_credential_is_recognized_by_the_end_of_its_name(name: str, credential: bool) -> None:
    assert names_credential(name) is credential


@pytest.mark.parametrize("kind", ["anthropic-key", "fly-token", "aws-session", "1password-token"])
def test_a_very_long_token_is_masked_to_its_end(kind: str) -> None:
    token = issue(kind).rstrip("=") + "".join(random.Random(2).choices(ALPHANUMERIC, k=2000))
    for shown in (redact(f"use {token}, please"), mask(f"use {token}, please")):
        assert not any(token[start : start + 8] in shown for start in range(20, len(token) - 8))
        assert shown.endswith(", please")
