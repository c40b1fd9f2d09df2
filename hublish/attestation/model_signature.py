"""The signature over the files of a release, in the format of OpenSSF Model Signing, version 1.0.

Format: https://github.com/ossf/model-signing-spec. It is an in-toto statement, whose one subject is the model, with the
digest of all digests of its files; names and digests of the files are in the predicate. Any `model_signing` command
verifies it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hublish.attestation.interface import InvalidSignatureError
from hublish.attestation.statements import assembled, canonical, read_statement
from hublish.attestation.strict import files_of, list_of, object_with, shown
from hublish.schemas.documents.file_names import UNSIGNED_FILES

PREDICATE_TYPE: Final = "https://model_signing/signature/v1.0"

# The stock command ignores these as well, and with them everything in a folder of that name. That is for its readers:
# here a file that is ignored and in the repo is an unsigned file.
_IGNORED_BY_DEFAULT: Final = (".git", ".github", ".gitignore")
_SERIALIZATION: Final = {
    "allow_symlinks": False,
    "hash_type": "sha256",
    "ignore_paths": list(UNSIGNED_FILES),
    "method": "files",
}
_SERIALIZATION_FIELDS: Final = frozenset({"allow_symlinks", "hash_type", "method"})
_RESOURCE_FIELDS: Final = frozenset({"algorithm", "digest", "name"})


@dataclass(frozen=True, slots=True)
class SignedFiles:
    """The files that a signature covers."""

    repo: str
    """The name that was signed: `acme/digits`, `datasets/acme/digits`. The stock command signs that of a folder."""
    files: Mapping[str, str]
    """The sha256, in hexadecimal, of each file, by its path in the repo."""

    def unsigned_among(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return those of a repo's files that the signature should be over, and is not."""
        return tuple(sorted(path for path in paths if path not in self.files and path not in UNSIGNED_FILES))


def signature_statement(repo: str, files: Iterable[tuple[str, str]]) -> bytes:
    """Return the statement to sign.

    Args:
        repo: the name of the repo: `acme/digits`, `datasets/acme/digits`.
        files: path_in_repo and sha256, in hexadecimal, of each file, in any order.
    """
    # The order of the stock command, which sorts the segments of paths: no character of a name comes before the NUL.
    ordered = sorted(files, key=lambda file: file[0].replace("/", "\0"))
    resources = [f'{{"algorithm":"sha256","digest":"{sha256}","name":{canonical(path)}}}' for path, sha256 in ordered]
    predicate = f'{{"resources":[{",".join(resources)}],"serialization":{canonical(_SERIALIZATION)}}}'
    return assembled(PREDICATE_TYPE, {repo: _root(sha256 for _, sha256 in ordered)}, predicate)


def read_signature_statement(statement: bytes) -> SignedFiles:
    """Return what a statement is over whose signature has been verified.

    Raises:
        InvalidSignatureError: it is not a signature over whole files by their sha256, leaves out files of its choice,
            or is inconsistent.
    """
    read = read_statement(statement)
    if read.predicate_type != PREDICATE_TYPE:
        raise InvalidSignatureError(f"a statement about {shown(read.predicate_type)}; a signature is {PREDICATE_TYPE}")
    if len(read.subjects) != 1:
        raise InvalidSignatureError(f"a signature covers one repo, and this one {len(read.subjects)}")
    # A later version may add facts about the model, which readers of this version pass over.
    ((repo, root),) = read.subjects.items()
    ignored = _ignored_paths(read.predicate.get("serialization"))
    files = files_of(map(_name_and_sha256, list_of(read.predicate, "resources")), "resources")
    if _root(files.values()) != root:
        raise InvalidSignatureError("the digest of the subject is not that of the listed files")
    if contradictions := files.keys() & ignored:
        raise InvalidSignatureError(f"{shown(min(contradictions))} is signed and ignored at once")
    return SignedFiles(repo, files)


def _ignored_paths(serialization: Any) -> frozenset[str]:
    """Return the paths that a signature leaves out, after checking how it was made."""
    # Other methods have other fields.
    if isinstance(serialization, dict) and (method := serialization.get("method", "files")) != "files":
        raise InvalidSignatureError(f"a signature over {shown(str(method))}; hublish reads those over whole files")
    fields = object_with(serialization, "serialization", _SERIALIZATION_FIELDS, {"ignore_paths"})
    if (algorithm := fields["hash_type"]) != "sha256":
        raise InvalidSignatureError(f"a signature over digests of {shown(str(algorithm))}; hublish reads sha256")
    if not isinstance(fields["allow_symlinks"], bool):
        raise InvalidSignatureError("allow_symlinks is not true or false")
    ignored = list_of(fields, "ignore_paths") if "ignore_paths" in fields else []
    for path in ignored:
        if path not in (*UNSIGNED_FILES, *_IGNORED_BY_DEFAULT):
            raise InvalidSignatureError(f"the signature leaves out {shown(str(path))}, which it has to be over")
    return frozenset(ignored)


def _name_and_sha256(entry: Any) -> tuple[Any, Any]:
    fields = object_with(entry, "a resource", _RESOURCE_FIELDS)
    if fields["algorithm"] != "sha256":
        raise InvalidSignatureError(f"a digest of {shown(str(fields['algorithm']))}; hublish reads sha256")
    return fields["name"], fields["digest"]


def _root(digests: Iterable[str]) -> str:
    """Return the sha256 over the bytes of all digests, in their order."""
    return hashlib.sha256(bytes.fromhex("".join(digests))).hexdigest()
