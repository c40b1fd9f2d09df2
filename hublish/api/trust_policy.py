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


def find_trust_policy(given: str | Path | None) -> "TrustedSigners | None":
    """Return the trust policy that applies to a call; None without one.

    It is the first of these:

    1. the `trust_policy` argument of the verb: `--trust-policy`;
    2. the file that HUBLISH_TRUST names;
    3. trust.yaml in the current folder, if there is one.

    A file in the folder of a release, or in the release, never counts: its publisher wrote it.

    Raises:
        UsageError: the file that is named does not exist.
        TrustPolicyError: it is invalid.
    """
    named = given or os.environ.get(_VARIABLE)
    path = Path(named or TRUST_FILE)
    if named is None and not path.is_file():
        return None
    try:
        text = path.read_bytes()
    except OSError as error:
        origin = "the trust policy" if given else f"the trust policy in {_VARIABLE}"
        msg = f"{origin} cannot be read: {path}: {error.strerror}"
        raise UsageError(msg, hint="name a file in the form of trust.yaml: `hublish schema trust`") from None
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
