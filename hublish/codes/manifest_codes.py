"""Mistakes in hub.yaml, and in the JSON documents that hublish writes."""

from typing import Final

from hublish.base import errors
from hublish.codes.entry import Code

MANIFEST: Final = (
    Code.of_error(
        errors.ManifestInvalidError,
        cause="hub.yaml, or the file that `-f` names, has at least one mistake, does not exist or cannot be read. "
        "Every mistake is reported with a code, a line and a column of its own.",
        fix="Correct the listed problems, then run `hublish check` again. `hublish init` drafts a new manifest, and "
        "`hublish schema --example` prints a complete one with comments.",
    ),
    Code(
        "manifest.unknown_key",
        "A key that hub.yaml does not have",
        cause="A key is misspelled, is at the wrong level, or belongs to another tool. Unknown keys are rejected, "
        "because a typing mistake in `policy` would otherwise switch a check off.",
        fix="Use the name that the message suggests, or remove the key. Names are those of huggingface_hub; `hublish "
        "schema` lists all, and an editor with the YAML language server completes them.",
        example="repo: {repo_id: acme/digits-mlp}\nartefacts: [{source: runs/best/model.safetensors}]\n",
    ),
    Code(
        "manifest.missing",
        "A required key that is missing",
        cause="A section lacks a key that it cannot do without, such as `repo.repo_id`, `artifacts` or "
        "`artifacts[0].source`.",
        fix="Add the key. The hint shows a value of the expected form.",
        example="repo: {repo_type: model}\nartifacts: [{source: runs/best/model.safetensors}]\n",
    ),
    Code(
        "manifest.type",
        "A value of another type",
        cause="A string, a list, a mapping, a number or a boolean is expected, and the value is of another type. "
        "Unquoted values are often read as another type than they look: `1.10` is a number, `null` is nothing.",
        fix="Write the value in the form that the message names. Quote a string that looks like a number: `version: "
        '"1.10"`. A list of one entry is `["*.json"]`.',
        example="repo: {repo_id: acme/digits-mlp}\nartifacts: {source: runs/best/model.safetensors}\n",
    ),
    Code(
        "manifest.value",
        "A value that is not allowed",
        cause="The type is right, but the value breaks a rule of its field: it is not one of the choices, is too "
        "long, has a forbidden character, leads out of the folder, or contradicts another field.",
        fix="Write a value as the message and the hint describe it. `hublish schema` has the choices and the form of "
        "every field.",
        example="repo: {repo_id: acme/digits-mlp, visibility: secret}\n"
        "artifacts: [{source: runs/best/model.safetensors}]\n",
    ),
    Code(
        "manifest.variable",
        "A variable without a value",
        cause="`{{ name }}` names a variable that is not under `variables`, an environment variable that is not under "
        "`env`, or a value of git that this folder does not have. Braces that are not closed, and names that a reader "
        "of the published file could not resolve, count too.",
        fix="Declare it under `variables`, pass `--set name=value`, or list the environment variable under `env`. For "
        "git.tag, tag the commit or fetch the tags: `git fetch --tags`. Two braces as text are `{{ '{{' }}`.",
        example='repo: {repo_id: acme/digits-mlp, tag: "v{{ version }}"}\n'
        "artifacts: [{source: runs/best/model.safetensors}]\n",
    ),
    Code(
        "manifest.setting",
        "A value from the command line that nothing uses",
        cause="`--set name=value` sets a variable that hub.yaml mentions nowhere. The release would silently lack the "
        "value.",
        fix="Correct the name: the hint shows the most similar one. Or use the variable in hub.yaml as `{{ name }}`, "
        "or leave `--set` out.",
    ),
    Code(
        "manifest.secret",
        "A credential in hub.yaml",
        cause="A text in the manifest, also in a comment, has the form of a token, a password or a private key; or a "
        "variable would insert one, such as `{{ env.HF_TOKEN }}`. The message never shows the value.",
        danger="hub.yaml is checked into git and is published with the release.",
        fix="Remove it, and revoke it where it was issued if the file was ever committed or shared. hublish takes the "
        "token from HF_TOKEN, from `hf auth login`, or from OIDC in CI.",
        example='repo: {repo_id: acme/digits-mlp, commit_message: "by {{ env.HF_TOKEN }}"}\n'
        "artifacts: [{source: runs/best/model.safetensors}]\n",
    ),
    Code(
        "manifest.too_large",
        "A manifest that grows too large with its variables",
        cause="After the variables are inserted, the texts of the manifest have more than 256 KiB. Long values that "
        "are mentioned many times multiply.",
        fix="Use shorter values, or mention them less often. Keep long texts in a template of the card.",
    ),
    Code.of_error(
        errors.DocumentInvalidError,
        cause="A saved plan, a receipt or hub.lock is damaged, of an unknown version, or another kind of file. Its "
        "problems have codes such as plan.syntax or lock.version.",
        fix="Restore the file from version control, or make it again: `hublish plan --out plan.json` makes a plan, "
        "and `hublish publish` writes the lock. Do not edit these files.",
    ),
)

# The six mistakes in a JSON document: the end of a code, of its title and of its cause.
_MISTAKES: Final = (
    ("syntax", "that is not JSON", "is not one JSON object: it is truncated, has a key twice, or is another file."),
    ("version", "of an unknown version", "has no version, or one that this hublish does not read."),
    ("missing", "without a required key", "lacks a key: it was edited, or is another file."),
    ("unknown_key", "with an unknown key", "has a key that hublish does not write there: it was edited."),
    ("type", "with a value of another type", "has, for example, a string where a list belongs: it was edited."),
    ("value", "with a value that is not allowed", "has a value that breaks the rule of its field: it was edited."),
)


def _of_document(family: str, name: str, fix: str) -> tuple[Code, ...]:
    """Return the codes of a JSON document that hublish writes and people do not edit."""
    newer = "Update hublish if the file is of a newer one. Otherwise: "
    return tuple(
        Code(
            f"{family}.{kind}",
            f"{name} {title}",
            cause=f"{name} {cause}",
            fix=newer + fix[0].lower() + fix[1:] if kind == "version" else fix,
        )
        for kind, title, cause in _MISTAKES
    )


DOCUMENTS: Final = (
    *_of_document("plan", "A saved plan", "Make the plan again, and have it reviewed: `hublish plan --out plan.json`."),
    *_of_document(
        "receipt",
        "A receipt",
        "Give the output of `hublish publish --json` as it was. It cannot be made again; hub.lock records the release "
        "too.",
    ),
    *_of_document(
        "lock",
        "A lock",
        "Restore hub.lock from version control, such as with `git checkout hub.lock`. Without a good copy, move it "
        "away and publish again, which sends no unchanged file and writes a new lock.",
    ),
)
"""The same mistakes in each document that hublish writes."""
