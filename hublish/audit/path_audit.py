"""Audit names, sizes and counts, for which no file is read.

The limits are those in the Hub's documentation, "Storage limits and recommendations": a file may have 500 GB and should
have at most 200 GB, a folder may have 10,000 entries, a repo should have at most 100,000 files.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase, translate
from typing import Final

from hublish.audit.policy import at_level, described, secret_problem, secrets_in
from hublish.formats.catalogue import WEIGHT_SUFFIXES
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.manifest import Policy
from hublish.schemas.documents.path_rules import (
    collisions,
    in_suspect_batches,
    path_problems,
    portability_problems,
    unusual_among,
)
from hublish.schemas.documents.sizes import format_size
from hublish.schemas.secrets.rule import APART

# In bytes, with the Hub's decimal prefixes.
FILE_LIMIT: Final = 500 * 10**9
FILE_ADVICE: Final = 200 * 10**9
FOLDER_LIMIT: Final = 10_000
REPO_ADVICE: Final = 100_000

# For fewer paths, importing the scanner for many takes longer than a search of each.
_MANY: Final = 500

DEFAULT_DENIED: Final = (
    # Environments and credentials that tools keep in a file with a fixed name.
    *(".env", ".env.*", ".envrc", ".git-credentials", ".netrc", "_netrc", ".pypirc", ".npmrc", ".yarnrc", ".htpasswd"),
    *(".pgpass", ".my.cnf", ".s3cfg", ".boto", ".dockercfg", ".docker/config.json", ".aws/credentials", ".aws/config"),
    *(".azure/*", ".kube/config", ".config/gcloud/*", ".huggingface/token", ".cache/huggingface/*"),
    ".kaggle/kaggle.json",
    # Keys.
    *(".ssh/*", ".gnupg/*", "id_rsa", "id_dsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk"),
    *("*.pem", "*.key", "*.ppk", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx"),
    # Leftovers of shells and file managers.
    *(".bash_history", ".zsh_history", ".python_history", ".DS_Store", "Thumbs.db", "desktop.ini"),
    # A repository within the release.
    ".git/*",
)
"""Files that no release contains. A pattern matches a name, or the end of a path, in any folder and any case."""

# All patterns at once, one group each: 5,000 names take milliseconds. Whole segments only: `*.pem` and `.ssh/*` match
# in every folder, and `id_rsa` does not match `grid_rsa`.
_DENIED: Final = re.compile(
    "(?:.*/)?(?:" + "|".join(f"({translate(pattern.lower())})" for pattern in DEFAULT_DENIED) + ")", re.DOTALL
)
# The patterns that match a path in no hidden folder: a whole name, or the end of one.
_WHOLE_NAMES: Final = frozenset(each.lower() for each in DEFAULT_DENIED if not each.startswith((".", "*")))
_ENDS: Final = tuple(each.lower().removeprefix("*") for each in DEFAULT_DENIED if each.startswith("*"))
# The same for many paths at once: a hidden segment, a whole name, or an end, which begins with a dot.
_PERHAPS_DENIED: Final = re.compile(
    "[/\0.](?:[.]|(?:" + "|".join(re.escape(each.removeprefix(".")) for each in (*_WHOLE_NAMES, *_ENDS)) + ")\0)"
)
# Published on purpose: they show which variables to set.
_TEMPLATES: Final = (".env.example", ".env.sample", ".env.template", ".env.dist")


def audit_paths(files: Iterable[tuple[str, int]], policy: Policy) -> Iterator[Problem]:
    """Yield the problems of all files of a release: their names, sizes and counts, and names that collide.

    Args:
        files: the path_in_repo of each file, and its size in bytes.
        policy: the manifest's.
    """
    found = list(files)
    paths = [path for path, _ in found]
    yield from collision_problems(paths)
    yield from count_problems(paths)
    # Nearly no file is among them, and there may be 100,000.
    suspects = {*unusual_among(paths), *denied_among(paths), *_with_secrets(paths)}
    largest = min(policy.max_file_size, FILE_ADVICE)
    for path, size in sorted(found):
        if not 0 < size <= largest or path in suspects or policy.deny_patterns:
            yield from audit_path(path, size, policy)


def audit_path(path: str, size: int | None, policy: Policy) -> Iterator[Problem]:
    """Yield the problems of one file's name and of its size in bytes, which is None while it is unknown."""
    yield from name_problems(path, policy)
    if size is not None:
        yield from size_problems(path, size, policy.max_file_size)


def download_problems(paths: Collection[str]) -> Iterator[Problem]:
    """Yield the problems of names that a repo offers for download: those that lead out of a folder or collide."""
    for path in paths:
        if found := path_problems(path):
            yield Problem("load.name", f"{path!r}: {'; '.join(found)}")
        for secret in secrets_in(path):
            yield Problem("load.secret", f"{path!r}: the name contains {described(secret)}")
    for one, other, reason in collisions(paths):
        yield Problem("load.collision", f"'{one}' and '{other}': {reason}")


def default_denied(path: str) -> str | None:
    """Return the pattern of `DEFAULT_DENIED` that excludes `path`, a path with `/` between its segments, or None."""
    folded = path.lower()
    name = folded.rpartition("/")[2]
    # Almost no path of a release gets further; for one that does, all patterns take twenty times as long.
    is_hidden = folded.startswith(".") or "/." in folded
    if not (is_hidden or name in _WHOLE_NAMES or name.endswith(_ENDS)) or name in _TEMPLATES:
        return None
    found = _DENIED.fullmatch(folded)
    return None if found is None or found.lastindex is None else DEFAULT_DENIED[found.lastindex - 1]


def denied_among(paths: Sequence[str]) -> dict[str, str]:
    """Return the paths that `default_denied` excludes, each with the pattern."""
    suspects = in_suspect_batches(paths, lambda text: _PERHAPS_DENIED.search(text.lower()))
    return {path: pattern for path in suspects if (pattern := default_denied(path)) is not None}


def first_match(path: str, patterns: Iterable[str]) -> str | None:
    """Return the first pattern that matches `path` by the rules of huggingface_hub, or None.

    These are `fnmatch.fnmatchcase` on the whole path, where `*` matches `/`, `\\` means `/`, and a pattern that ends
    in `/` means everything below (`filter_repo_objects`).
    """
    for pattern in patterns:
        normal = pattern.replace("\\", "/")
        if fnmatchcase(path.replace("\\", "/"), f"{normal}*" if normal.endswith("/") else normal):
            return pattern
    return None


def name_problems(path: str, policy: Policy) -> Iterator[Problem]:
    """Yield the problems of one file's name."""
    for reason in path_problems(path):
        # `path_in_repo` names a single file: for one of a folder or a glob, it would only change what is before it.
        hint = "rename it, or list it as a source of its own with another path_in_repo"
        yield Problem("policy.name", reason, hint, path)
    for reason in portability_problems(path):
        hint = "rename it so that every system can check it out"
        yield Problem("policy.portability", reason, hint, path, severity="warning")
    if (pattern := first_match(path, policy.deny_patterns)) is not None:
        rule = f"policy.deny_patterns[{policy.deny_patterns.index(pattern)}]"
        yield Problem("policy.denied", f"matches {rule}: {pattern}", "exclude it with patterns.ignore_patterns", path)
    if (pattern := default_denied(path)) is not None:
        hint = "such files hold credentials or belong to one machine; exclude it"
        yield Problem("policy.denied", f"never part of a release: {pattern}", hint, path)
    yield from at_level(_secrets_in_name(path), policy.secrets)


def size_problems(path: str, size: int, max_file_size: int) -> Iterator[Problem]:
    """Yield the problems of one file's size; all sizes are in bytes, `max_file_size` is the manifest's own limit."""
    if size > FILE_LIMIT:
        message = f"{format_size(size)} is larger than the Hub's limit of {format_size(FILE_LIMIT)} a file"
        yield Problem("policy.size", message, "split it: safetensors with max_shard_size, or archives in parts", path)
    elif size > max_file_size:
        message = f"{format_size(size)} is larger than policy.max_file_size, {format_size(max_file_size)}"
        yield Problem("policy.size", message, "split the file, or raise policy.max_file_size", path)
    elif size > FILE_ADVICE:
        message = f"{format_size(size)} is more than the {format_size(FILE_ADVICE)} the Hub advises for a file"
        yield Problem("policy.size", message, "split it into shards", path, severity="warning")
    if not size and path.lower().endswith(WEIGHT_SUFFIXES):
        # Such a file is a failed export.
        yield Problem("policy.empty", "an empty weight file", "export it again, or exclude it", path)


def collision_problems(paths: Iterable[str]) -> Iterator[Problem]:
    """Yield names that are one file on some systems, or the target of two sources."""
    found = list(paths)
    names = set(found)
    if len(names) < len(found):
        for path in found:
            if path not in names:
                yield Problem("policy.collision", "two sources for one target", "give one another path_in_repo", path)
            names.discard(path)
    for first, second, reason in collisions(found):
        yield Problem("policy.collision", f"{reason}: {first}, {second}", "rename one of them", second)


def count_problems(paths: Iterable[str]) -> Iterator[Problem]:
    """Yield folders with too many entries, and a release with too many files."""
    files = set(paths)
    for folder, count in sorted(_entries(files).items()):
        if count > FOLDER_LIMIT:
            message = f"{count:,} entries in one folder; the Hub's limit is {FOLDER_LIMIT:,}"
            hint = "spread them over subfolders, or pack them into archives"
            yield Problem("policy.count", message, hint, f"{folder}/")
    if len(files) > REPO_ADVICE:
        message = f"{len(files):,} files; the Hub advises at most {REPO_ADVICE:,} in a repo"
        hint = "pack them into archives such as Parquet, WebDataset or zip"
        yield Problem("policy.count", message, hint, severity="warning")


def _with_secrets(paths: Sequence[str]) -> Iterator[str]:
    """Yield the paths that contain a secret."""
    if len(paths) < _MANY:
        search = secrets_in
    else:
        from hublish.audit.secret_scan import secrets_in_text as search
    return (path for path in in_suspect_batches(paths, search, APART) if secrets_in(path))


def _secrets_in_name(path: str) -> Iterator[Problem]:
    for secret in secrets_in(path):
        # The path itself would reveal it.
        masked = "/".join("…" if secrets_in(part) else part for part in path.split("/"))
        yield secret_problem(masked, f"a file name contains {described(secret)}")


def _entries(files: set[str]) -> Counter[str]:
    """Count files and subfolders by their folder; the root is ''."""
    counts = Counter(path.rpartition("/")[0] for path in files)
    # Each folder is entered once: 100,000 files in deep folders take one pass.
    entered = {""}
    for below in list(counts):
        folder = below
        while folder not in entered:
            entered.add(folder)
            parent = folder.rpartition("/")[0]
            # A file of the same name is an entry already, and another problem.
            counts[parent] += folder not in files
            folder = parent
    return counts
