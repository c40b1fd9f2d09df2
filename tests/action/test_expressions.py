"""The interpreter of the tests evaluates expressions as GitHub documents it."""

from typing import Any

import pytest

from tests.action.expressions import Context

VALUES = {"inputs": {"a": "x", "empty": "", "yes": "true"}, "github": {"event": {"n": 7, "deep": {"sha": "abc"}}}}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("inputs.a", "x"),
        ("inputs.missing", None),
        ("github.event.pull_request.number", None),
        ("github.event.deep.sha", "abc"),
        ("inputs.a == 'X'", True),
        ("inputs.empty == github.event.missing", True),
        ("github.event.n == '7'", True),
        ("inputs.a != 'y' && inputs.empty || 'it''s'", "it's"),
        ("!(inputs.yes == 'true')", False),
        ("!inputs.empty && inputs.a", "x"),
        ("true && 0 || null", None),
    ],
)
def test_a_value(expression: str, value: Any) -> None:
    assert Context(VALUES).evaluate(expression) == value


@pytest.mark.parametrize(
    ("condition", "failed", "runs"),
    [
        (None, False, True),
        (None, True, False),
        ("inputs.yes == 'true'", True, False),
        ("${{ !cancelled() && inputs.yes == 'true' }}", True, True),
        ("failure()", False, False),
        ("${{ always() }}", True, True),
        ("inputs.empty", False, False),
    ],
)
def test_a_condition(condition: str | None, failed: bool, runs: bool) -> None:
    assert Context(VALUES, failed=failed).holds(condition) is runs


def test_a_text_is_filled() -> None:
    assert Context(VALUES).fill("${{ inputs.a }}/${{ inputs.missing }}/${{ true }}") == "x//true"


@pytest.mark.parametrize("expression", ["secrets.x", "inputs[0]", "toJSON(inputs)", "inputs.a inputs.a", "'x", "a b"])
def test_what_is_not_understood_is_an_error(expression: str) -> None:
    with pytest.raises((AssertionError, KeyError)):
        Context(VALUES).evaluate(expression)
