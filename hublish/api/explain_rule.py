"""Explain a rule by the code of its findings."""

from hublish.audit.rules import Rule, near_codes, rule_of
from hublish.base.errors import UsageError


def explain_rule(code: str) -> Rule:
    """Return the rule with a code, such as `policy.pickle`: the cause of its findings, the danger, and the fix.

    A code that is not one of the audit, such as `card.template`, is explained with its family, `card.*`.

    Args:
        code: the code of a finding, as messages and JSON show it.

    Raises:
        UsageError: there is no such rule; the hint names similar ones.
    """
    rule = rule_of(code)
    if rule is None:
        near = near_codes(code)
        raise UsageError(f"no rule has the code {code}", hint=f"did you mean {' or '.join(near)}?" if near else "")
    return rule
