"""The stock command of OpenSSF Model Signing, in an environment of its own: `make` installs it into .venv-clients."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

INSTALLED: Final = Path(__file__).parents[2] / ".venv-clients" / "model-signing" / "bin"


@dataclass(frozen=True)
class Outcome:
    """How the command ended."""

    succeeded: bool
    output: str


def model_signing(*arguments: str | Path) -> Outcome:
    """Run the command; when it fails, this is not for the lack of anything it needs."""
    done = subprocess.run(
        [INSTALLED / "model_signing", *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert done.returncode == 0 or "with error:" in done.stdout, done.stdout
    return Outcome(done.returncode == 0, done.stdout)


def verify_key(folder: Path, public_key: Path, *options: str) -> Outcome:
    """Verify `model.sig` in a folder with a public key."""
    signature = ("--signature", folder / "model.sig")
    return model_signing("verify", "key", folder, *signature, "--public_key", public_key, *options)


def verify_certificate(folder: Path, chain: Path, *options: str) -> Outcome:
    """Verify `model.sig` in a folder with root certificates."""
    signature = ("--signature", folder / "model.sig")
    return model_signing("verify", "certificate", folder, *signature, "--certificate_chain", chain, *options)


def sign_key(folder: Path, private_key: Path, *options: str | Path) -> Outcome:
    """Write `model.sig` into a folder with a private key."""
    signature = ("--signature", folder / "model.sig")
    return model_signing("sign", "key", folder, *signature, "--private_key", private_key, *options)


def run_python(program: str, *arguments: str | Path) -> str:
    """Run a program with the library of the command, and return its output."""
    done = subprocess.run([INSTALLED / "python", "-c", program, *arguments], text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
