"""The command of the stock `model_signing` with which anybody verifies a signature, without hublish."""

import shlex
from pathlib import Path
from typing import Final

from hublish.attestation.bundles import read_bundle
from hublish.attestation.examine import AppliedRule
from hublish.attestation.interface import InvalidSignatureError
from hublish.attestation.model_signature import UNSIGNED_FILES
from hublish.base.values.examined import Examination
from hublish.schemas.documents.file_names import SIGNATURE_FILE

# What hublish never releases: git's own files, and the client's records of a download with `local_dir`.
_NEVER_RELEASED: Final = (".git", ".cache")


def stock_command(
    folder: Path, applied: AppliedRule, signature: bytes | None, examination: Examination, *, is_snapshot: bool
) -> str:
    """Return the command line; empty for a folder without a signature that it reads.

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
    ignored = [folder / name for name in UNSIGNED_FILES]
    ignored += [folder / name for name in _NEVER_RELEASED if (folder / name).exists()]
    command = ["model_signing", "verify", method, str(folder), "--signature", str(folder / SIGNATURE_FILE)]
    command += [argument for path in ignored for argument in ("--ignore-paths", str(path))]
    # It passes over `.gitignore` and `.github` otherwise, which are files of a release like others.
    command.append("--no-ignore-git-paths")
    command += ["--allow_symlinks"] if is_snapshot else []
    options = [*applied.options.get(examination.signer or next(iter(applied.rule.signers), ""), ())]
    if "--identity" in options and examination.signed_by is not None:
        # It takes no wildcards.
        options[options.index("--identity") + 1] = examination.signed_by.name
    return shlex.join([*command, *options])
