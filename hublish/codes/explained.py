"""The table of every code, and similar codes for a wrong one."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from hublish.codes.card_codes import CARD
from hublish.codes.entry import Code
from hublish.codes.loading_codes import LOADING
from hublish.codes.manifest_codes import DOCUMENTS, MANIFEST
from hublish.codes.plan_codes import PLAN, STALE
from hublish.codes.policy_codes import POLICY
from hublish.codes.release_codes import RELEASE
from hublish.codes.run_codes import RUN
from hublish.codes.surprise_codes import SURPRISES
from hublish.codes.trust_codes import TRUST
from hublish.codes.yaml_codes import YAML

# In the order of a release: the manifest, its files and its card, the audit, the plan, the Hub, a reader.
_TABLES: Final = (YAML, MANIFEST, RELEASE, CARD, POLICY, PLAN, STALE, SURPRISES, DOCUMENTS, LOADING, TRUST, RUN)

EXPLAINED: Final[Mapping[str, Code]] = MappingProxyType({entry.code: entry for table in _TABLES for entry in table})
"""The explanations by their codes."""
RULES: Final[Mapping[str, Code]] = MappingProxyType({entry.code: entry for entry in POLICY})
"""Those of the audit: each is about one finding in a file."""

FAMILIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "yaml": "The YAML of hub.yaml",
        "manifest": "The keys and values of hub.yaml",
        "source": "The files that artifacts name",
        "policy": "The audit of the files",
        "serializer": "The conversion of files",
        "release": "Parts of a release that are missing or unfinished",
        "card": "The card and its metadata",
        "config": "The configuration of a model",
        "kernel": "Releases of kernels",
        "repo": "The target in hub.yaml",
        "draft": "Drafts of hub.yaml",
        "plan": "Plans",
        "surprise": "Facts of a plan that a reviewer must not overlook",
        "publish": "The confirmation of a plan",
        "lock": "hub.lock",
        "receipt": "Receipts",
        "document": "Plans, receipts and locks",
        "remote": "Requests to the Hub",
        "verify": "The comparison of a repo with its release",
        "integrity": "The digests of downloaded files",
        "pull": "Downloads into a folder",
        "load": "Loading a release",
        "sign": "The signature of a release",
        "trust": "Signatures and claims of other people's releases",
        "check": "Warnings that fail a command",
        "output": "The output of a command",
        "usage": "The command line",
        "run": "The run of a command",
        "system": "This machine",
        "internal": "Defects",
        "hublish": "Other failures",
    }
)
"""The part of a code before its first dot, in words: the heading above its codes."""

_CODE: Final = re.compile(r"[a-z]+(?:\.[a-z_0-9]+)+")
# `card.md` and `config.json` are files, whether they exist or not.
_FILE: Final = re.compile(
    r".+\.(?:md|py|jsonl?|ya?ml|toml|txt|csv|tsv|html|lock|log|tmp|zip|tar"
    r"|bin|pth?|ckpt|np[yz]|safetensors|gguf|onnx|keras|parquet|arrow|h5|png)"
)


def near_codes(word: str) -> tuple[str, ...]:
    """Return the codes that are most similar to a word."""
    # The last part alone, too: `pickles` means policy.pickle.
    last = {code.partition(".")[2]: code for code in reversed(list(EXPLAINED))}
    found = [*get_close_matches(word, EXPLAINED, n=3, cutoff=0.75), *get_close_matches(word, last, n=1, cutoff=0.8)]
    return tuple(dict.fromkeys(last.get(each, each) for each in found))[:3]


def reads_as_code(word: str) -> bool:
    """Return whether a word has the form of a code and is one, or is similar to one."""
    return bool(_CODE.fullmatch(word)) and not _FILE.fullmatch(word) and bool(near_codes(word))
