"""The command of the stock `model_signing` that verifies a signature without hublish.

Its documentation: https://github.com/sigstore/model-transparency.
"""

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from hublish.attestation.bundles import read_bundle
from hublish.attestation.examine import AppliedRule
from hublish.attestation.interface import InvalidSignatureError
from hublish.base.values.examined import Examination
from hublish.schemas.documents.file_names import SIGNATURE_FILE, UNSIGNED_FILES
from hublish.schemas.documents.signing import SigningMethod

CLIENT_FOLDER: Final = ".cache"
"""The client's records of a download with `local_dir`, which are not part of the release."""

# What hublish never releases: git's own files, and those records.
_NEVER_RELEASED: Final = (".git", CLIENT_FOLDER)


def stock_command(
    method: SigningMethod, folder: str, signer: Iterable[str], *, beside: Iterable[str] = (), is_snapshot: bool = False
) -> str:
    """Return the command line that verifies the signature of the files in a folder.

    Args:
        method: the method of the signature.
        folder: the folder of the release.
        signer: the options that name whom to trust: `--public_key`, `acme.pub`.
        beside: the folders in it that are not part of the release.
        is_snapshot: whether the folder is one of the cache, whose files are links.
    """
    command = ["model_signing", "verify", method, folder, "--signature", f"{folder}/{SIGNATURE_FILE}"]
    # A signature of hublish names the first three itself, and one of the stock command only its own file.
    for name in (*UNSIGNED_FILES, *beside):
        command += ["--ignore-paths", f"{folder}/{name}"]
    # It passes over `.gitignore` and `.github` otherwise, which are files of a release like others.
    command.append("--no-ignore-git-paths")
    command += ["--allow_symlinks"] if is_snapshot else []
    return shlex.join([*command, *signer])


def examined_command(
    folder: Path, applied: AppliedRule, signature: bytes | None, examination: Examination, *, is_snapshot: bool
) -> str:
    """Return the command line for a folder that was examined; empty without a signature that the command reads.

    Args:
        folder: the folder of the release.
        applied: the rule.
        signature: the content of model.sig.
        examination: the result of verifying it; the signer that it names counts, else the first of the rule.
        is_snapshot: whether the folder is one of the cache, whose files are links.
    """
    try:
        method = read_bundle(signature or b"").unverified_method
    except InvalidSignatureError:
        return ""
    signer = [*applied.options.get(examination.signer or next(iter(applied.rule.signers), ""), ())]
    if "--identity" in signer and examination.signed_by is not None:
        # It takes no wildcards.
        signer[signer.index("--identity") + 1] = examination.signed_by.name
    beside = (name for name in _NEVER_RELEASED if (folder / name).exists())
    return stock_command(method, str(folder), signer, beside=beside, is_snapshot=is_snapshot)
