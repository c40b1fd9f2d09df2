"""Every rule of the audit, explained: `hublish explain policy.pickle`, the rules of SARIF, and the table in README.md.

A problem of another kind, such as `card.template`, belongs to a family, which is explained as a whole: its message and
its hint name the single mistake.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final, NamedTuple, get_args

from hublish.schemas.diagnose.problems import Severity
from hublish.schemas.documents.waivers import NEVER_WAIVED, WaivableRule


class Rule(NamedTuple):
    """One rule: the cause of its findings, the danger, and the fix."""

    code: str
    """The code of its findings; for a family, the part before the dot, a dot and a star."""
    title: str
    """A few words, in the singular."""
    cause: str
    danger: str
    fix: str
    level: Severity = "error"
    """How it is reported by default."""
    risk: float | None = None
    """The severity of a finding for security, as in CVSS: from 0.1 to 10; None for a rule about something else."""

    @property
    def may_be_waived(self) -> bool:
        """Whether `policy.waivers` accepts it."""
        return self.code in get_args(WaivableRule)

    @property
    def waiver(self) -> str:
        """Whether a waiver may accept a finding, and why not, in a sentence."""
        if self.may_be_waived:
            return "A finding can be waived for one file, with a reason, under `policy.waivers` in hub.yaml."
        reason, other = NEVER_WAIVED.get(self.code, ("it is not a matter of policy", ""))
        return f"It cannot be waived: {reason}." + (f" Instead: {other}." if other else "")


_RULES: Final = (
    Rule(
        "policy.pickle",
        "A file that runs code when it is loaded",
        "The content of the file is a pickle, contains one, or is another program for its loader: a Keras model with "
        "a lambda, a TensorFlow graph that opens files, a chat template that leaves its sandbox, YAML with Python "
        "objects. A container that cannot be inspected to its end, or that two readers could understand differently, "
        "counts too.",
        "Whoever loads the file runs the code of whoever wrote it, with all rights of the user: it can read tokens "
        "and install programs. Names and suffixes show nothing of this.",
        "Release the weights as safetensors: `serializer: safetensors` converts most checkpoints. Where the format is"
        " required, set policy.pickle to `warn` or `allow`, or waive it for the file; readers still have to permit "
        "it.",
        risk=8.8,
    ),
    Rule(
        "policy.secret",
        "A token, a password or a private key",
        "A text, an archive's member or the metadata of a file has the form of a credential: a token of a known "
        "service, a private key, a login in a URL. The message shows its kind and its place, and never the value.",
        "A release is public or becomes public, stays in the history of the repo after it is deleted, and is searched"
        " by programs within minutes. Others can use the credential until it is revoked.",
        "Remove it and revoke it where it was issued: it may have been read already. Keep credentials in environment "
        "variables. An example that was never valid can be waived for its file.",
        risk=9.1,
    ),
    Rule(
        "policy.size",
        "A file above a limit of size",
        "The file is larger than policy.max_file_size, 50 GB by default, or than the Hub's limits: at most 500 GB, "
        "and 200 GB as the Hub advises.",
        "The Hub rejects the largest files after hours of upload, and readers cannot resume or share parts of a huge "
        "one.",
        "Split it: `max_shard_size` of the serializer safetensors, or archives in parts. Raise policy.max_file_size, "
        "or waive it for the file, where the size is intended. The Hub's limit of 500 GB cannot be waived.",
    ),
    Rule(
        "policy.empty",
        "An empty weight file",
        "A file with the suffix of weights has no bytes.",
        "It is the rest of an export that failed: loading the release fails, or starts with random weights.",
        "Export the weights again, or exclude the file. A placeholder that is intended can be waived.",
    ),
    Rule(
        "policy.denied",
        "A name that is never released",
        "The name of the file is on the list of names that hold credentials or belong to one machine, such as .env, "
        "id_rsa, *.pem or .DS_Store, or matches policy.deny_patterns.",
        "Such files hold keys and logins in forms that no search for secrets recognizes with certainty.",
        "Exclude it with patterns.ignore_patterns, or rename it when it is something else.",
        risk=7.5,
    ),
    Rule(
        "policy.name",
        "A path that is not safe in a repo",
        "The path leads out of a folder, names a part of .git, has control or direction characters, is too long, or "
        "is not UTF-8.",
        "git, Windows, macOS or the Hub reject or change it; a reader could write outside of the folder of the "
        "download, or see another name than the real one.",
        "Rename the file, or list it as a source of its own with another path_in_repo.",
        risk=7.5,
    ),
    Rule(
        "policy.portability",
        "A name that Windows cannot store",
        "A segment of the path is the name of a device such as `aux`, ends with a dot or a space, or has one of the "
        'characters < > : " | ? *.',
        "Cloning the repo on Windows fails, for all of its files.",
        "Rename the file.",
        level="warning",
    ),
    Rule(
        "policy.collision",
        "Two paths that are one file on some systems",
        "Two paths differ only in case or in their Unicode form, two sources have the same path, or one path is a "
        "file and also the folder of another.",
        "macOS and Windows keep only one of the two, so their users get another release than was audited.",
        "Give one of them another path_in_repo, or exclude it.",
    ),
    Rule(
        "policy.count",
        "Too many files",
        "A folder has more than 10,000 entries, which the Hub rejects, or the release has more than 100,000 files, "
        "which the Hub advises against.",
        "The Hub rejects the commit, or becomes slow for every reader of the repo.",
        "Spread the files over folders, or pack them: Parquet, WebDataset, tar or zip.",
    ),
    Rule(
        "policy.hard_link",
        "A file with several names on this disk",
        "Another path on this disk is the same file.",
        "A program that writes to the other path changes the release between its audit and its upload; the upload "
        "then stops.",
        "Copy the file if something else writes to it.",
        level="warning",
    ),
    Rule(
        "policy.dirty",
        "A file that differs from the git tag of the release",
        "repo.tag mentions git.tag or git.commit, and a file of the release is not the one in that commit.",
        "The name of the release promises a state of the repository that it does not have.",
        "Commit the change and tag it, or write `dirty: allow` under policy.",
    ),
    Rule(
        "policy.unused_waiver",
        "A waiver without effect",
        "policy.waivers has a waiver for which the audit finds nothing: the file is gone, has another path or is "
        "clean, or the rule is not searched for.",
        "The next finding in that file would be accepted without a review.",
        "Remove the waiver, or correct its path_in_repo.",
    ),
    Rule(
        "source.symlink",
        "A symbolic link",
        "The path is a link that policy.symlinks forbids, that leads out of the folder, to a folder or to nothing.",
        "A link in a training folder can bring any file of the machine into the release: /etc/passwd, a key, another "
        "project.",
        "Replace the link by the file, exclude it, or set policy.symlinks to `follow` for links inside of the folder.",
        risk=6.5,
    ),
    Rule(
        "source.not_a_file",
        "Something that is not a regular file",
        "The path is a pipe, a socket or a device.",
        "Reading it would block, never end, or act on hardware.",
        "Exclude it, or move it away.",
    ),
    Rule(
        "source.unreadable",
        "A file or folder that cannot be read",
        "The permissions of the file or folder, or the disk, do not let this user read it.",
        "Its content is not audited.",
        "Make it readable, or exclude it.",
    ),
    Rule(
        "source.changed",
        "A file that changes while it is read",
        "The file was replaced, rewritten, truncated or removed between its listing and the end of its audit.",
        "The bytes that were audited are not the ones that remain.",
        "Wait until the files are complete, then run again.",
    ),
    Rule(
        "source.denied",
        "A source with a name that is never released",
        "An artifact collects a file such as .env, id_rsa or *.pem.",
        "Such files hold keys and logins in forms that no search for secrets recognizes with certainty.",
        "Remove it from the artifacts, or rename it when it is something else.",
        risk=7.5,
    ),
    Rule(
        "source.collision",
        "Two sources for one path",
        "Two files of the release would have the same path in the repo.",
        "Only one of them could be released.",
        "Give one of them another path_in_repo, or exclude it.",
    ),
    Rule(
        "source.missing",
        "A source that does not exist",
        "No file, folder or match exists for a source in hub.yaml.",
        "The release would lack a part.",
        "Correct the path: the message names the most similar ones.",
    ),
    Rule(
        "source.pattern",
        "A pattern that matches nothing",
        "A pattern in hub.yaml matches no file.",
        "It was meant to select or to exclude files that it does not.",
        "Correct the pattern, or remove it.",
    ),
)

_FAMILIES: Final = {
    "manifest": "A mistake in hub.yaml",
    "yaml": "A mistake in the YAML of hub.yaml",
    "card": "A problem of the card or its metadata",
    "config": "A config.json that readers cannot use",
    "release": "A part of the release that is missing or unfinished",
    "repo": "A field of `repo` that cannot be used",
    "serializer": "A file that cannot be converted",
    "load": "A release that cannot be loaded",
    "pull": "A download that would replace other files",
    "integrity": "A downloaded file with other bytes than promised",
    "plan": "A plan that cannot be published",
    "receipt": "A receipt that cannot be read",
    "lock": "A lock that cannot be used",
    "remote": "A request that the Hub refused",
    "verify": "A repo on the Hub that differs from the release",
}
_SEE: Final = "The message names the single mistake, and the hint a way to correct it."

RULES: Final[Mapping[str, Rule]] = MappingProxyType({rule.code: rule for rule in _RULES})
"""The rules by their codes."""
# Families whose rules are all in the table above.
_FULL_FAMILIES: Final = frozenset(code.partition(".")[0] for code in RULES)
_CODE: Final = re.compile(r"[a-z]+(?:\.[a-z_0-9]+)+")
# `card.md` and `config.json` are files, whether they exist or not.
_SUFFIXES: Final = (
    *(
        "md",
        "py",
        "json",
        "jsonl",
        "yaml",
        "yml",
        "toml",
        "txt",
        "csv",
        "tsv",
        "html",
        "lock",
        "log",
        "tmp",
        "zip",
        "tar",
    ),
    *(
        "bin",
        "pt",
        "pth",
        "ckpt",
        "npz",
        "npy",
        "safetensors",
        "gguf",
        "onnx",
        "keras",
        "parquet",
        "arrow",
        "h5",
        "png",
    ),
)


def rule_of(code: str) -> Rule | None:
    """Return the rule of a code, or the family that it belongs to; None for a code of neither."""
    family = code.partition(".")[0]
    if code in RULES or family not in _FAMILIES or code == family:
        return RULES.get(code)
    return Rule(f"{family}.*", _FAMILIES[family], "", "", _SEE)


def near_codes(word: str) -> tuple[str, ...]:
    """Return the codes that are most similar to a word."""
    # The last part alone, too: `pickles` means policy.pickle.
    last = {code.partition(".")[2]: code for code in reversed(list(RULES))}
    found = [*get_close_matches(word, RULES, n=3, cutoff=0.75), *get_close_matches(word, last, n=1, cutoff=0.8)]
    return tuple(dict.fromkeys(last.get(each, each) for each in found))[:3]


def reads_as_code(word: str) -> bool:
    """Return whether a word has the form of a code and begins with a family that has codes."""
    family = word.partition(".")[0]
    if _CODE.fullmatch(word) is None or word.rpartition(".")[2] in _SUFFIXES:
        return False
    return family in _FAMILIES or family in _FULL_FAMILIES
