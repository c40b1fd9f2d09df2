"""Find and read trust.yaml: the signers whose releases the caller accepts."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hublish.base.errors import TrustPolicyError, UsageError
from hublish.schemas.diagnose.problems import InvalidDocumentError, counted
from hublish.schemas.documents.file_names import TRUST_FILE

if TYPE_CHECKING:
    from hublish.attestation.trusted_signers import TrustedSigners

_VARIABLE: Final = "HUBLISH_TRUST"
_FORM: Final = "name a file in the form of trust.yaml: `hublish schema trust`"
_HERE: Final = "the trust policy in the current folder"


def find_trust_policy(given: str | Path | None) -> "TrustedSigners | None":
    """Return the trust policy that applies to a call; None without one.

    It is the first of these:

    1. the `trust_policy` argument of the verb: `--trust-policy`;
    2. the file that HUBLISH_TRUST names;
    3. trust.yaml in the current folder, if there is one.

    A trust.yaml in a release never counts: its publisher wrote it.

    Raises:
        UsageError: the file that is named cannot be read, or the one in the current folder is part of a release.
        TrustPolicyError: it is invalid.
    """
    path, origin = _place(given)
    # A link that leads nowhere was meant to be a policy.
    if origin == _HERE and not os.path.lexists(path):
        return None
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{origin} cannot be read: {path}: {error.strerror}", hint=_FORM) from None
    if origin == _HERE:
        _refuse_theirs(path)
    # Imported here: most calls have none.
    from hublish.attestation.trusted_signers import TrustedSigners
    from hublish.schemas.documents.trust import read_trust

    try:
        policy, reading = read_trust(text, str(path))
    except InvalidDocumentError as error:
        msg = f"{path} has {counted(error.problems)}"
        raise TrustPolicyError(
            msg, hint="nothing is accepted by it until it is correct", problems=error.problems
        ) from None
    return TrustedSigners(str(path), policy, reading, path.parent, Path.read_bytes)


def _place(given: str | Path | None) -> tuple[Path, str]:
    """Return the path of the policy, and where it was named.

    Raises:
        UsageError: the name is empty: a variable of a script that was not set must not switch the policy off.
    """
    if given is not None:
        named, origin = given, "the trust policy"
    elif _VARIABLE in os.environ:
        named, origin = os.environ[_VARIABLE], f"the trust policy in {_VARIABLE}"
    else:
        named, origin = TRUST_FILE, _HERE
    if named == "":
        raise UsageError(f"{origin} is an empty name", hint=_FORM)
    return Path(named), origin


def _refuse_theirs(path: Path) -> None:
    # Imported here: most calls have no policy.
    from hublish.api.downloaded_folder import release_around

    if (release := release_around(path)) is not None:
        msg = f"{path} in the current folder came with the release in {release}: its publisher wrote it"
        raise UsageError(msg, hint="name your own file: --trust-policy FILE, or HUBLISH_TRUST; or use another folder")
