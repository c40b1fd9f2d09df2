"""The table of every code, and similar codes for a wrong one."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from hublish.codes.entry import Code
from hublish.codes.policy_codes import POLICY

EXPLAINED: Final[Mapping[str, Code]] = MappingProxyType({entry.code: entry for entry in POLICY})
"""The explanations by their codes."""
RULES: Final[Mapping[str, Code]] = MappingProxyType({entry.code: entry for entry in POLICY})
"""Those of the audit: one finding in one file."""

FAMILIES: Final[Mapping[str, str]] = MappingProxyType(
    {
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
)
"""The part of a code before its first dot, in words."""
_SEE: Final = "The message names the single mistake, and the hint a way to correct it."

# Families whose rules are all in the table above.
_FULL_FAMILIES: Final = frozenset(code.partition(".")[0] for code in EXPLAINED)
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


def code_of(code: str) -> Code | None:
    """Return the explanation of a code, or the family that it belongs to; None for a code of neither."""
    family = code.partition(".")[0]
    if code in EXPLAINED or family not in FAMILIES or code == family:
        return EXPLAINED.get(code)
    return Code(f"{family}.*", FAMILIES[family], "", _SEE)


def near_codes(word: str) -> tuple[str, ...]:
    """Return the codes that are most similar to a word."""
    # The last part alone, too: `pickles` means policy.pickle.
    last = {code.partition(".")[2]: code for code in reversed(list(EXPLAINED))}
    found = [*get_close_matches(word, EXPLAINED, n=3, cutoff=0.75), *get_close_matches(word, last, n=1, cutoff=0.8)]
    return tuple(dict.fromkeys(last.get(each, each) for each in found))[:3]


def reads_as_code(word: str) -> bool:
    """Return whether a word has the form of a code and begins with a family that has codes."""
    family = word.partition(".")[0]
    if _CODE.fullmatch(word) is None or word.rpartition(".")[2] in _SUFFIXES:
        return False
    return family in FAMILIES or family in _FULL_FAMILIES
