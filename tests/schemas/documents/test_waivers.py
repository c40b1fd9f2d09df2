"""Waivers in hub.yaml: every mistake has its line, and only rules and files that may be waived are accepted."""

import pytest

from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.manifest_yaml import differs_only_in_settings, read_manifest
from hublish.schemas.documents.waivers import NEVER_WAIVED

HEAD = "repo: {repo_id: a/b}\nartifacts: [{source: x}]\npolicy:\n  waivers:\n"


def written(*waivers: str) -> bytes:
    return (HEAD + "".join(f"    - {{{each}}}\n" for each in waivers)).encode()


def problems(*waivers: str) -> tuple[Problem, ...]:
    with pytest.raises(InvalidDocumentError) as caught:
        read_manifest(written(*waivers))
    return caught.value.problems


def test_a_waiver_names_a_rule_a_file_and_a_reason() -> None:
    manifest = read_manifest(
        written(
            "rule: policy.secret, path_in_repo: tests/key.txt, reason: made for a test",
            "rule: policy.pickle, path_in_repo: tests/key.txt, reason: made for a test",
            "rule: policy.secret, path_in_repo: tests/Key.txt, reason: made for a test",
        )
    )
    assert [(each.rule, each.path_in_repo) for each in manifest.policy.waivers] == [
        ("policy.secret", "tests/key.txt"),
        ("policy.pickle", "tests/key.txt"),
        ("policy.secret", "tests/Key.txt"),
    ]


def test_variables_are_replaced_in_a_waiver() -> None:
    text = written("rule: policy.secret, path_in_repo: '{{ name }}.txt', reason: 'made for {{ name }}'")
    (waiver,) = read_manifest(text + b"variables: {name: tests}\n").policy.waivers
    assert (waiver.path_in_repo, waiver.reason) == ("tests.txt", "made for tests")


@pytest.mark.parametrize(
    ("waiver", "place", "message"),
    [
        ("rule: policy.secrets, path_in_repo: a, reason: r", "hub.yaml:5:14", "did you mean 'policy.secret'?"),
        ("rule: secret, path_in_repo: a, reason: r", "hub.yaml:5:14", "did you mean 'policy.secret'?"),
        ("rule: manifest.type, path_in_repo: a, reason: r", "hub.yaml:5:14", "expected policy.pickle, policy.secret"),
        ("rule: 3, path_in_repo: a, reason: r", "hub.yaml:5:14", "expected policy.pickle, policy.secret"),
        ("rule: policy.secret, path_in_repo: ../a, reason: r", "hub.yaml:5:43", "'..' segment not allowed"),
        ("rule: policy.secret, path_in_repo: ./a, reason: r", "hub.yaml:5:43", "not a normalized relative path"),
        ("rule: policy.secret, path_in_repo: a//b, reason: r", "hub.yaml:5:43", "not a normalized relative path"),
        ("rule: policy.secret, path_in_repo: a/, reason: r", "hub.yaml:5:43", "not a normalized relative path"),
        ("rule: policy.secret, path_in_repo: /a, reason: r", "hub.yaml:5:43", "absolute path not allowed"),
        ("rule: policy.secret, path_in_repo: 'a\\b', reason: r", "hub.yaml:5:43", "backslash"),
        ("rule: policy.secret, path_in_repo: '', reason: r", "hub.yaml:5:43", "not a normalized relative path"),
        ("rule: policy.secret, path_in_repo: hub.yaml, reason: r", "hub.yaml:5:43", "a secret in hub.yaml cannot"),
        ("rule: policy.secret, path_in_repo: a, reason: ''", "hub.yaml:5:54", "must not be empty"),
        ("rule: policy.secret, path_in_repo: a, reason: ' - '", "hub.yaml:5:54", "must not be empty"),
        ('rule: policy.secret, path_in_repo: a, reason: "a\\nb"', "hub.yaml:5:54", "expected one line"),
        ('rule: policy.secret, path_in_repo: a, reason: "a\\u202eb"', "hub.yaml:5:54", "bidi control character"),
        (f"rule: policy.secret, path_in_repo: a, reason: {'r' * 501}", "hub.yaml:5:54", "must have at most 500"),
        ("rule: policy.secret, path_in_repo: a", "hub.yaml:5:7", "the required key 'reason' is missing"),
        ("rule: policy.secret, path_in_repo: a, why: r", "hub.yaml:5:46", "did you mean 'reason'?"),
        ("rule: policy.secret, path: a, reason: r", "hub.yaml:5:29", "did you mean 'path_in_repo'?"),
        ("rule: policy.secret, path_in_repo: [a], reason: r", "hub.yaml:5:43", "expected a string, got a list"),
    ],
)
def test_a_mistake_has_its_line_and_column(waiver: str, place: str, message: str) -> None:
    (problem,) = problems(waiver)
    assert str(problem.location) == place
    assert message in problem.message


@pytest.mark.parametrize("rule", NEVER_WAIVED)
def test_a_rule_that_cannot_be_waived_is_refused_with_the_reason(rule: str) -> None:
    (problem,) = problems(f"rule: {rule}, path_in_repo: a, reason: r")
    reason, hint = NEVER_WAIVED[rule]
    assert (problem.message, problem.hint) == (f"{rule} cannot be waived: {reason}", hint)


def test_a_second_waiver_for_a_rule_and_a_file_is_refused_where_it_is_written() -> None:
    again = "rule: policy.secret, path_in_repo: a, reason: another"
    (problem,) = problems("rule: policy.secret, path_in_repo: a, reason: r", again)
    assert (str(problem.location), problem.path) == ("hub.yaml:6:43", "policy.waivers[1].path_in_repo")


def test_a_pattern_is_only_the_name_of_a_file() -> None:
    (waiver,) = read_manifest(written("rule: policy.secret, path_in_repo: '*', reason: r")).policy.waivers
    assert waiver.path_in_repo == "*"


def test_a_changed_waiver_is_a_new_version_of_the_released_manifest_and_a_changed_level_is_not() -> None:
    without = HEAD.replace("  waivers:\n", "  secrets: forbid\n").encode()
    with_one = written("rule: policy.secret, path_in_repo: a, reason: r")
    other_reason = with_one.replace(b"reason: r", b"reason: s")
    assert differs_only_in_settings(without, without.replace(b"forbid", b"warn"))
    assert not differs_only_in_settings(without, with_one)
    assert not differs_only_in_settings(with_one, other_reason)
