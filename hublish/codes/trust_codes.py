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
        cause="A rule names a signer that is not declared or requires a signature without naming a signer, a signer "
        "is not identified, a pattern can match no repo, or the file of a key cannot be used.",
        danger="With such a rule, the requirement would hold for no release, or for releases of anyone.",
        fix="Follow the hint of the message.",
    ),
    Code(
        "sign.key",
        "A key that is not on this machine",
        cause="A file or an environment variable that `sign` in hub.yaml names does not exist here. A plan and its "
        "review need no key: the signature is then made when the release is published.",
        fix="Correct the path or the name, or publish on the machine that has the key.",
        level="warning",
    ),
    Code(
        "sign.unsigned_file",
        "A file on the Hub that the signature would not cover",
        cause="The repo has a file that is not part of the release, or that was changed since the release was signed.",
        danger="Readers cannot tell such a file from one that was slipped in, and refuse the repo.",
        fix="Delete it with `patterns.delete_patterns`, or add it to the release, and publish.",
    ),
    Code(
        "sign.unrecorded_file",
        "A file on the Hub that is not as the lock of the release records it",
        cause="`hublish sign` or `hublish attest` found another file on main than the lock here records: the repo has "
        "a newer commit, or the lock is that of another release.",
        danger="The signature would vouch for a change that you may never have seen.",
        fix="Get the current lock, for example with `git pull`. To sign the change as well, read it and name its "
        "commit: `hublish sign REPO@COMMIT`.",
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
        "sign.stale",
        "An unsigned release beside the signature of another one",
        cause="The repo is signed, the release changes its files, and hub.yaml has no `sign`: model.sig would be over "
        "files that are not there any more.",
        danger="Readers with a trust.yaml, and those of other tools, would refuse the repo.",
        fix="Add `sign` to hub.yaml, or delete the files of the signature with `patterns.delete_patterns`.",
    ),
    Code(
        "sign.no_provenance",
        "Claims that do not say how a release was built",
        cause="`hublish attest` finds no lock that records exactly the files on the Hub: neither hub.lock nor a former "
        "version of it in git. Nothing else records how they were built.",
        fix="Run it beside the lock of the release, in a clone with the whole history, or name the lock with --lock.",
        level="warning",
    ),
    Code(
        "sign.foreign_claims",
        "Claims of another signer beside a new signature",
        cause="`hublish sign` replaces the signature, and claims.jsonl is signed by another signer. Readers accept it "
        "only if their trust.yaml accepts that signer as well.",
        fix="Run `hublish attest`, which signs the files and makes new claims.",
        level="warning",
    ),
    Code(
        "sign.unread",
        "A signature over large files that were not read",
        cause="`hublish sign` and `hublish attest` download no large files. No lock records these: their digests are "
        "those that the Hub lists, and nothing searched their content for pickles and secrets.",
        fix="`hublish pull` downloads, compares and audits them. A release that is published with hublish has a lock.",
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
    Code(
        "trust.unsigned",
        "A release without a signature",
        cause="A rule of trust.yaml requires a signature for this repo, and the release has no model.sig.",
        danger="Anyone who can write to the repo may have made it.",
        fix="Ask the publisher for a signed release; hublish signs with `sign` in hub.yaml. To accept the repo as it "
        "is, put a rule before this one that names it and has `require: []`.",
    ),
    Code(
        "trust.signer",
        "A release that none of the accepted signers has signed",
        cause="The signature is of another key, identity or authority, its certificate has expired, or it is of a "
        "signer whom the rule does not accept for this repo. Where the rule requires no signature, it is a warning.",
        danger="An attacker may have replaced the release of the signer whom you trust.",
        fix=_OTHER_SIGNER,
    ),
    Code(
        "trust.signature",
        "A model.sig that is not a signature over the files of a release",
        cause="It is truncated, has unknown fields or several signatures, or leaves files out that it has to be over.",
        danger="Two tools could read it differently, and files that it leaves out could be anything.",
        fix="Ask the publisher to sign the release again, with hublish or with `model_signing` 1.0 or newer, which "
        "has to leave out model.sig, claims.jsonl and .gitattributes and nothing else.",
    ),
    Code(
        "trust.repo",
        "The signature of another repo",
        cause="The signature is valid, and over the release of another repo: it was copied, or the repo was renamed.",
        danger="A signer who releases two models has signed both: one could be passed off as the other.",
        fix="Pull the repo that the message names. After a rename, the publisher has to sign the release again.",
    ),
    Code(
        "trust.files",
        "Files that are not those that were signed",
        cause="A file has other bytes than were signed, is signed and missing, or is in the repo and not signed. Most "
        "often, the card was edited on the website after the release.",
        danger="Whoever changed the file did not have the key.",
        fix="Pull the tag or the commit of the release, or ask the publisher to release the change. A file with other "
        "bytes was removed.",
    ),
    Code(
        "trust.claim",
        "A claim that no accepted signer has made about these files",
        cause="A line of claims.jsonl is not signed, is signed by another signer, or is about other files than "
        "model.sig: it was added, or copied from another release.",
        danger="It would make a release look as if it was built by another builder or from other sources.",
        fix=_OTHER_SIGNER,
    ),
    Code(
        "trust.provenance",
        "A provenance that is missing, ambiguous or of another repo",
        cause="The rule requires `provenance`, and claims.jsonl has none; or it has two different ones, one that "
        "hublish does not understand, or that of another repo.",
        fix="Ask the publisher to release with hublish, which states how it was built; or require `signature` alone.",
    ),
    Code(
        "trust.builder",
        "A release of another builder",
        cause="The rule requires `same_builder`, and the provenance names another builder than the rule or hub.lock; "
        "or neither of them names one.",
        danger="A signer may sign on any machine: the builder shows that it was the workflow that you know.",
        fix="Compare the two builders in the message. If the workflow has moved, change `builder` in trust.yaml.",
    ),
    Code(
        "trust.bom",
        "A bill of materials that is not the one that was claimed",
        cause="The bill of materials in claims.jsonl is not the content of bom.cdx.json, or that file is missing.",
        fix="Ask the publisher to release it again.",
    ),
    Code(
        "trust.lock",
        "A signature that is not the one in hub.lock",
        cause="The lock records who signed the release, and the release is now unsigned, or has another signer.",
        danger="The release was replaced after it was locked.",
        fix="Do not use it. If the publisher has signed it again, get a new hub.lock.",
    ),
    Code(
        "trust.no_rule",
        "A folder that no rule of trust.yaml could be applied to",
        cause="The name of a folder proves nothing. It has no signature that names its repo, or the "
        "signature names a repo without a rule, so nothing about it was verified.",
        danger="Whoever changes the files of a folder can also remove the signature, or replace it by another one.",
        fix="Pull the release again with the trust policy, or verify the folder together with its lock: "
        "`hublish verify --attestations FOLDER --lock hub.lock`.",
    ),
    Code(
        "trust.size",
        "An attestation file that is too large to be read",
        cause="model.sig, claims.jsonl or bom.cdx.json is far larger than the files of the release explain.",
        danger="It would fill the disk or the memory before anything about it is known.",
        fix="Ask the publisher; hublish writes a few hundred bytes for each file of a release.",
    ),
)
