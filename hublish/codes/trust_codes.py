"""Releases that cannot be signed, and signatures that do not satisfy the trust policy of a reader."""

from typing import Final

from hublish.base import errors
from hublish.codes.entry import Code

_OTHER_SIGNER: Final = (
    "Do not use the release. If its signer changed, ask for the new key or identity, and add it to trust.yaml."
)

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
        fix=_OTHER_SIGNER,
    ),
    Code.of_error(
        errors.TrustPolicyError,
        cause="trust.yaml has a mistake, or a key or certificate that it names cannot be read. Without it, nothing is "
        "checked against it, so nothing is downloaded.",
        fix="Correct the lines that are listed. `hublish schema trust` prints the form. Paths are relative to it.",
    ),
    Code(
        "trust.unknown_key",
        "A key that trust.yaml does not have",
        cause="A key is misspelled or at the wrong level. Unknown keys are rejected, because a typing mistake would "
        "otherwise switch a requirement off.",
        fix="Use the name that the message suggests, or remove the key. `hublish schema trust` lists all keys.",
    ),
    Code(
        "trust.missing",
        "A required key of trust.yaml that is missing",
        cause="`signers`, `rules` or `repos` of a rule is missing.",
        fix="Add the key. The hint shows a value of the expected form.",
    ),
    Code(
        "trust.type",
        "A value of trust.yaml of another type",
        cause="There is, for example, a string where a list belongs: `repos: acme/*` instead of `repos: [acme/*]`.",
        fix="Write the value in the form that the hint shows.",
    ),
    Code(
        "trust.value",
        "A value of trust.yaml that is not allowed",
        cause="A rule names a signer that is not declared or requires a signature of nobody, a signer is not "
        "identified, a pattern can match no repo, or the file of a key cannot be used.",
        danger="With such a rule, the requirement would hold for no release, or for releases of anyone.",
        fix="Follow the hint of the message.",
    ),
    Code(
        "sign.commit",
        "A provenance without the commit of the job",
        cause="The manifest is in no git repository, or the commit that is checked out is not the one that CI names "
        "for the job. The provenance names the commit that is checked out, if there is one.",
        fix="Publish from a clean checkout of the commit of the job.",
        level="warning",
    ),
    Code(
        "sign.builder",
        "An incomplete description of a job",
        cause="The environment says that this is a job of CI, and does not name its workflow or its commit. The "
        "provenance names a local builder instead.",
        fix="Pass the variables of the job (`GITHUB_*` or `CI_*`) to the process that publishes, for example into its "
        "container.",
        level="warning",
    ),
    Code(
        "sign.dependency",
        "A base model or dataset without a commit",
        cause="The card names a base model or a dataset that is not on the Hub of the release, or that the token may "
        "not read. The provenance names it without a commit.",
        fix="Correct its name in the card, or use a token that may read it.",
        level="warning",
    ),
)
