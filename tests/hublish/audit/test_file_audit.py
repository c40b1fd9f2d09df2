"""Every rule of the policy is a step, and only its findings refuse the file."""

from pathlib import Path
from typing import Any

import pytest

from hublish.audit.file_audit import audit_content, policy_steps
from hublish.audit.fingerprint import Interest, fingerprint
from hublish.audit.path_audit import audit_path
from hublish.base.content import InMemory
from hublish.base.values import Effect
from hublish.schemas.documents.manifest import Policy

SECRET = b"token: hf_" + b"aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3f"
PICKLE = b"\x80\x04]\x94(K\x01K\x02e."
CASES: list[tuple[str, bytes, dict[str, Any], dict[str, Effect]]] = [
    ("a.txt", b"x", {}, {}),
    ("a.txt", b"x", {"deny_patterns": ["*.log"]}, {}),
    ("a.log", b"x", {"deny_patterns": ["*.md", "*.log"]}, {"policy.deny_patterns[1]": Effect.REFUSES}),
    ("a.txt", b"x" * 2000, {"max_file_size": 1000}, {"policy.max_file_size": Effect.REFUSES}),
    ("a.bin", PICKLE, {}, {"policy.pickle": Effect.REFUSES}),
    ("a.bin", PICKLE, {"pickle": "warn"}, {"policy.pickle": Effect.WARNS}),
    ("a.bin", PICKLE, {"pickle": "allow"}, {}),
    ("a.txt", SECRET, {}, {"policy.secrets": Effect.REFUSES}),
    ("a.txt", SECRET, {"secrets": "allow"}, {}),
    ("aux.txt", b"x", {}, {"": Effect.WARNS}),
    ("model.safetensors", b"", {}, {"policy.max_file_size": Effect.REFUSES}),
]


@pytest.mark.parametrize(("path", "data", "fields", "against"), CASES)
def test_every_rule_is_a_step_with_its_findings(
    path: str, data: bytes, fields: dict[str, Any], against: dict[str, Effect]
) -> None:
    policy = Policy.model_validate(fields)
    print_ = fingerprint(InMemory(data), Interest.of(policy), lambda _: None)
    found = list(policy_steps(path, path, len(data), print_, policy))
    assert {step.path: step.effect for step in found if step.effect is not Effect.PASSES} == against
    asked = {step.rule for step in found}
    assert {"policy.max_file_size", "policy.pickle", "policy.secrets"} <= asked
    assert ("policy.deny_patterns" in asked) is ("deny_patterns" in fields)
    problems = [*audit_path(path, len(data), policy), *audit_content(path, path, print_, policy)]
    assert len(problems) == len(against)
    assert all(any(problem.message in step.text for step in found) for problem in problems)


def test_a_file_that_is_not_written_yet_is_audited_by_its_name(tmp_path: Path) -> None:
    policy = Policy.model_validate({"deny_patterns": ["*.bin"]})
    found = list(policy_steps("a.bin", "a.bin", None, None, policy))
    assert [(step.rule, step.effect) for step in found] == [
        ("policy.deny_patterns", Effect.REFUSES),
        ("policy", Effect.LATER),
    ]
