"""Explain the code of an error, a problem or a surprise."""

from hublish.base.errors import UsageError
from hublish.codes.entry import Code
from hublish.codes.explained import EXPLAINED, near_codes


def explain_code(code: str) -> Code:
    """Return the explanation of a code, such as `policy.pickle`: the cause, the danger, and the fix.

    Args:
        code: the code of an error, a problem or a surprise, as messages and JSON show it.

    Raises:
        UsageError: there is no such code; the hint names similar ones.
    """
    if code not in EXPLAINED:
        near = near_codes(code)
        raise UsageError(f"{code} is not a code of hublish", hint=f"did you mean {' or '.join(near)}?" if near else "")
    return EXPLAINED[code]
