"""Releases that cannot be signed, and signatures that do not satisfy the trust policy of a reader."""

from typing import Final

from hublish.base import errors
from hublish.codes.entry import Code

TRUST: Final = (
    Code.of_error(
        errors.SigningError,
        cause="The private key, its certificate or the identity of the job is missing, cannot be used, or is not the "
        "one that `sign` in hub.yaml declares. The message names it.",
        fix="Compare `sign` in hub.yaml with the key or the job. Nothing was created on the Hub.",
    ),
    Code.of_error(
        errors.TrustError,
        cause="A rule of trust.yaml applies to the repo, and the release does not satisfy it. The listed problems name "
        "the file, the signer or the claim.",
        danger="The files may not be those that the signer released.",
        fix="Do not use the release. If its signer changed, ask for the new key or identity and add it to trust.yaml.",
    ),
)
