"""Explain the code of an error, a problem or a surprise."""

from typing import Final

from hublish.base.errors import UsageError
from hublish.codes.entry import DOCUMENTATION, Code
from hublish.codes.explained import EXPLAINED, near_codes
from hublish.schemas.diagnose.problems import shortened

_SHOWN: Final = 60


def explain_code(code: str) -> Code:
    """Return the explanation of a code, such as `policy.pickle`: the cause, the danger, and the fix.

    Args:
        code: the code of an error, a problem or a surprise, as messages and JSON show it.

    Raises:
        UsageError: there is no such code; the hint names similar ones.
    """
    if code not in EXPLAINED:
        near = " or ".join(near_codes(code))
        hint = f"did you mean {near}?" if near else f"{DOCUMENTATION}errors/ lists every code"
        raise UsageError(f"'{shortened(code, _SHOWN)}' is not a code of hublish", hint=hint)
    return EXPLAINED[code]
