"""Without the packages of `hublish[sign]`: a message with the command that installs them, and no import before."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from hublish.attestation.certificates import CertificateSigner, CertificateVerifier
from hublish.attestation.extra import signing_extra
from hublish.attestation.keys import KeySigner, KeyVerifier
from hublish.base.errors import MissingDependencyError
from tests.hublish.formats.test_frameworks import absent

ROOMS = "bundles certificate_chain certificates keys model_signature statements"
DOORS: dict[str, Callable[[], object]] = {
    "signing with a key": lambda: KeySigner.from_pem(b""),
    "verifying with a key": lambda: KeyVerifier.from_pem(b""),
    "signing with a certificate": lambda: CertificateSigner(b"", None, b"", []),
    "verifying with a certificate": lambda: CertificateVerifier(b"", None),
}


@pytest.mark.parametrize("door", DOORS)
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent(monkeypatch, "cryptography")
    with pytest.raises(MissingDependencyError, match="signatures need cryptography, which is not installed") as caught:
        DOORS[door]()
    assert caught.value.hint == "pip install 'hublish[sign]'"


def test_a_broken_package_is_another_problem() -> None:
    with pytest.raises(MissingDependencyError, match="cannot be imported: no libssl") as caught, signing_extra():
        raise ImportError("no libssl")
    assert caught.value.hint.startswith("install it again")


def test_importing_the_rooms_imports_no_package_of_the_extra() -> None:
    program = (
        f"import sys, importlib\nfor room in '{ROOMS}'.split(): importlib.import_module('hublish.attestation.' + room)"
    )
    check = "\nprint(sorted({name.split('.')[0] for name in sys.modules} & {'cryptography', 'sigstore', 'OpenSSL'}))"
    done = subprocess.run([sys.executable, "-c", program + check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
