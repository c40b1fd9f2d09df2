"""The files and variables that `sign` of a manifest names, as far as this machine has them."""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.signing import Sign

_USUAL_NAME: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*", re.ASCII)


def missing_parts(sign: Sign, folder: Path, environ: Mapping[str, str] = os.environ) -> Iterator[Problem]:
    """Yield a warning for each file and variable that this machine does not have.

    Args:
        sign: the section.
        folder: that of the manifest.
        environ: the environment variables.
    """
    files = {"private_key": sign.private_key, "signing_certificate": sign.signing_certificate}
    files |= {f"certificate_chain[{index}]": path for index, path in enumerate(sign.certificate_chain)}
    files["trust_config"] = sign.trust_config
    for field, path in files.items():
        if path is not None and not place_of(folder, path).exists():
            yield _missing(field, f"'{path}' does not exist")
    for field, name in (("private_key_env", sign.private_key_env), ("password_env", sign.password_env)):
        if name is not None and not environ.get(name):
            # A password may be in the place of a name; its message goes to the log of a job.
            shown = name if _USUAL_NAME.fullmatch(name) else f"that sign.{field} names"
            yield _missing(field, f"the environment variable {shown} is not set")


def place_of(folder: Path, path: str) -> Path:
    """Return the place of a file that a manifest in a folder names; unlike a source, it may be outside."""
    with suppress(RuntimeError):  # there is no such user
        return folder / Path(path).expanduser()
    return folder / path


def _missing(field: str, what: str) -> Problem:
    message = f"{what}: this machine cannot sign the release"
    hint = "correct the path or the name; a machine that only plans or reviews needs no key"
    return Problem("sign.key", message, hint, f"sign.{field}", severity="warning")
