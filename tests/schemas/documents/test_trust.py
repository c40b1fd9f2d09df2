"""trust.yaml: every mistake has its line, and a policy that would accept anyone is refused."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.manifest_yaml import dump_yaml
from hublish.schemas.documents.trust import Requirement, TrustPolicy, read_trust
from tests.faults.projects import rounds

GITHUB = "https://token.actions.githubusercontent.com"
WORKFLOW = "https://github.com/acme/digits/.github/workflows/release.yml@refs/tags/v*"
WHOLE = f"""\
schema_version: 1
signers:
  acme-ci: {{identity: '{WORKFLOW}', identity_provider: {GITHUB}}}
  acme-key: {{public_key: keys/acme.pub}}
  partner: {{certificate_chain: [keys/root.pem], identity: release@example.com}}
rules:
  - {{repos: [acme/scratch-*], require: []}}
  - {{repos: [acme/*, datasets/acme/*], signers: [acme-ci, acme-key], require: [signature, provenance]}}
  - repos: [partner/*]
    signers: [partner]
    require: [same_builder]
    builder: {WORKFLOW}
"""
RULE = "rules: [{repos: [a/b], signers: [k], require: [signature]}]\n"
SIGNER = "signers: {k: {public_key: k.pub}}\n"


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(InvalidDocumentError) as caught:
        read_trust(text.encode())
    return caught.value.problems


def test_a_policy_names_signers_and_rules() -> None:
    policy, _ = read_trust(WHOLE.encode())
    assert [*policy.signers] == ["acme-ci", "acme-key", "partner"]
    assert policy.rules[1].require == ("signature", "provenance")


@pytest.mark.parametrize(
    ("repo", "index"),
    [
        ("acme/digits", 1),
        ("ACME/Digits", 1),
        ("datasets/acme/digits", 1),
        ("acme/scratch-1", 0),
        ("Acme/Scratch-1", 0),
        ("spaces/acme/digits", None),
        ("acmes/digits", None),
        ("gpt2", None),
        ("partner/x", 2),
    ],
)
def test_the_first_rule_that_matches_decides(repo: str, index: int | None) -> None:
    policy, _ = read_trust(WHOLE.encode())
    found = policy.rule_for(repo)
    assert (found and found[0]) == index


@pytest.mark.parametrize("pattern", ["datasets", "Spaces", "models", "acme/[ab", "acme/ab]", "acme/[]x"])
def test_a_pattern_that_applies_to_no_repo_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        read_trust((SIGNER + f"rules: [{{repos: ['{pattern}'], signers: [k], require: [signature]}}]\n").encode())
    assert [problem.path for problem in caught.value.problems] == ["rules[0].repos[0]"]


@pytest.mark.parametrize("pattern", ["acme/[ab]*", "acme/[!x]*", "acme/d[i]gits"])
def test_brackets_are_one_of_some_characters(pattern: str) -> None:
    policy, _ = read_trust((SIGNER + f"rules: [{{repos: ['{pattern}'], signers: [k], require: []}}]\n").encode())
    assert (policy.rule_for("acme/digits") is not None) is (pattern != "acme/[ab]*")


@pytest.mark.parametrize("repo", ["gpt2", "acme/digits", "datasets/acme/digits", "kernels/acme/relu"])
def test_a_star_alone_is_every_repo(repo: str) -> None:
    policy, _ = read_trust((SIGNER + "rules: [{repos: ['*'], signers: [k], require: [signature]}]\n").encode())
    assert policy.rule_for(repo) is not None


@pytest.mark.parametrize(
    ("require", "included"),
    [
        ("[]", []),
        ("[signature]", ["signature"]),
        ("[provenance]", ["signature", "provenance"]),
        ("[same_builder]", ["signature", "provenance", "same_builder"]),
        ("[same_builder, signature]", ["signature", "provenance", "same_builder"]),
    ],
)
def test_a_stronger_requirement_includes_the_weaker_ones(require: str, included: list[str]) -> None:
    policy, _ = read_trust((SIGNER + f"rules: [{{repos: [a/b], signers: [k], require: {require}}}]\n").encode())
    names: tuple[Requirement, ...] = ("signature", "provenance", "same_builder")
    assert [name for name in names if policy.rules[0].requires(name)] == included


MISTAKES = [
    (SIGNER + "rules: []\n", "trust.yaml:2:8", "trust.value", "must not be empty"),
    ("signers: {}\n" + RULE, "trust.yaml:1:10", "trust.value", "must not be empty"),
    (RULE, "trust.yaml:1:1", "trust.missing", "the required key 'signers' is missing"),
    (SIGNER, "trust.yaml:1:1", "trust.missing", "the required key 'rules' is missing"),
    ("schema_version: 2\n" + SIGNER + RULE, "trust.yaml:1:17", "trust.value", "expected 1"),
    (SIGNER + RULE + "rule: 1\n", "trust.yaml:3:1", "trust.unknown_key", "did you mean 'rules'?"),
    (SIGNER + RULE.replace("[k]", "[kk]"), "trust.yaml:2:34", "trust.value", "did you mean 'k'?"),
    (SIGNER + RULE.replace("[k]", "[other]"), "trust.yaml:2:34", "trust.value", "not a name under `signers`"),
    (SIGNER + RULE.replace("[k]", "k"), "trust.yaml:2:33", "trust.type", "expected a list, got a string"),
    (SIGNER + RULE.replace("[k]", "[]"), "trust.yaml:2:9", "trust.value", "requires a signature of nobody"),
    (
        SIGNER + RULE.replace("signers: [k], require: [signature]", "require: [provenance]"),
        "trust.yaml:2:9",
        "trust.value",
        "requires a provenance of nobody",
    ),
    (
        SIGNER + RULE.replace("[signature]", "[signatures]"),
        "trust.yaml:2:48",
        "trust.value",
        "did you mean 'signature'",
    ),
    (SIGNER + RULE.replace("[signature]", "signature"), "trust.yaml:2:47", "trust.type", "expected a list"),
    (SIGNER + RULE.replace("}]", ", builder: x}]"), "trust.yaml:2:9", "trust.value", "`builder` has no effect"),
    (SIGNER + RULE.replace("a/b", "models/a/b"), "trust.yaml:2:18", "trust.value", "a model has no prefix"),
    (SIGNER + RULE.replace("a/b", "dataset/a/b"), "trust.yaml:2:18", "trust.value", "at most a type, a namespace"),
    (SIGNER + RULE.replace("a/b", "datasets/a/b/c"), "trust.yaml:2:18", "trust.value", "at most a type, a namespace"),
    (SIGNER + RULE.replace("a/b", "'https://huggingface.co/a'"), "trust.yaml:2:18", "trust.value", "not a pattern"),
    (SIGNER + RULE.replace("a/b", "a/b@v1"), "trust.yaml:2:18", "trust.value", "not a pattern over ids"),
    (SIGNER + RULE.replace("a/b", "/a/b"), "trust.yaml:2:18", "trust.value", "not a pattern over ids"),
    (SIGNER + RULE.replace("[a/b]", "[]"), "trust.yaml:2:17", "trust.value", "must not be empty"),
    ("signers: {k: {}}\n" + RULE, "trust.yaml:1:14", "trust.value", "nothing alone does not identify a signer"),
    ("signers: {k: {identity: a@b.c}}\n" + RULE, "trust.yaml:1:14", "trust.value", "identity alone does not identify"),
    (f"signers: {{k: {{identity_provider: '{GITHUB}'}}}}\n" + RULE, "trust.yaml:1:14", "trust.value", "alone does not"),
    (
        "signers: {k: {certificate_chain: [a.pem]}}\n" + RULE,
        "trust.yaml:1:14",
        "trust.value",
        "alone does not identify",
    ),
    ("signers: {k: {public_key: a, identity: b@c.d}}\n" + RULE, "trust.yaml:1:14", "trust.value", "does not identify"),
    ("signers: {k: {public_key: ''}}\n" + RULE, "trust.yaml:1:27", "trust.value", "must not be empty"),
    ("signers: {k: {public_kye: a}}\n" + RULE, "trust.yaml:1:15", "trust.unknown_key", "did you mean 'public_key'?"),
    (
        f"signers: {{k: {{identity: '*', identity_provider: {GITHUB}}}}}\n" + RULE,
        "trust.yaml:1:25",
        "trust.value",
        "an identity that anybody can have",
    ),
    (
        f"signers: {{k: {{identity: '*@*', identity_provider: {GITHUB}}}}}\n" + RULE,
        "trust.yaml:1:25",
        "trust.value",
        "an identity that anybody can have",
    ),
    (
        "signers: {k: {identity: a@b.c, identity_provider: '*'}}\n" + RULE,
        "trust.yaml:1:51",
        "trust.value",
        "the URL of",
    ),
    ("signers: &x {k: {public_key: a}}\n" + RULE, "trust.yaml:1:10", "yaml.anchor", "anchor"),
    (
        "signers: {k: {public_key: a}, k: {public_key: b}}\n" + RULE,
        "trust.yaml:1:31",
        "yaml.duplicate_key",
        "duplicate",
    ),
    ("- a\n", "trust.yaml:1:1", "yaml.not_a_mapping", "expected a mapping"),
    ("", "trust.yaml:1:1", "yaml.empty", "empty"),
]


@pytest.mark.parametrize(("text", "place", "code", "message"), MISTAKES)
def test_a_mistake_has_its_place_and_its_code(text: str, place: str, code: str, message: str) -> None:
    found = problems(text)[0]
    assert (str(found.location), found.code) == (place, code)
    assert message in found.message


def test_all_problems_are_reported_at_once_in_the_order_of_their_lines() -> None:
    found = problems("signers: {k: {public_kye: a}}\nrules:\n  - {repos: [x/y/z], signers: [n], requires: []}\n")
    assert [problem.path for problem in found] == [
        "signers.k.public_kye",
        "rules[0].repos[0]",
        "rules[0].signers[0]",
        "rules[0].requires",
    ]


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
SIGNERS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("public_key", "certificate_chain", "identity", "identity_provider", "x"), VALUES)
)
RULES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("repos", "signers", "require", "builder"), VALUES)
) | st.fixed_dictionaries(
    {
        "repos": st.lists(st.sampled_from(["a/*", "*", "datasets/a/b", "a", "é"]), max_size=2),
        "signers": st.lists(st.sampled_from(["k", "l"]), max_size=2),
        "require": st.lists(st.sampled_from(["signature", "provenance", "same_builder", "x"]), max_size=2),
    }
)
POLICIES = st.fixed_dictionaries(
    {},
    optional={
        "schema_version": st.integers(0, 2),
        "signers": st.dictionaries(st.sampled_from(["k", "l"]), SIGNERS | VALUES, max_size=2) | VALUES,
        "rules": st.lists(RULES | VALUES, max_size=3) | VALUES,
    },
)


def read(text: bytes) -> TrustPolicy | tuple[Problem, ...]:
    try:
        return read_trust(text)[0]
    except InvalidDocumentError as error:
        return error.problems


@given(POLICIES)
@settings(max_examples=rounds(300))
def test_any_document_is_a_policy_or_has_problems_with_places(data: dict[str, Any]) -> None:
    found = read(dump_yaml(data).encode())
    if isinstance(found, tuple):
        assert found
        assert all(problem.location is not None for problem in found)
        return
    for rule in found.rules:
        assert set(rule.signers) <= found.signers.keys()
        assert rule.signers or not rule.require


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
@settings(max_examples=rounds(200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    assert read(data) != ()
