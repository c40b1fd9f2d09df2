"""The arguments of `sign` and `attest`: the repo, and who signs it."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from hublish.cli.arguments import (
    add_hub,
    add_lock,
    add_manifest,
    add_repo_type,
    check_repo,
    hub_options,
    repo_options,
    require_consent,
)
from hublish.cli.report import Report

# As in `sign` of hub.yaml, where each is described.
_FILES = ("private_key", "signing_certificate", "trust_config")
_TEXTS = ("private_key_env", "password_env", "identity", "identity_provider")


def add_signing(parser: ArgumentParser) -> None:
    """Add REPO[@REV], or the manifest that names it, and the options of the signer."""
    text = "a repo, as `hublish pull` takes it; REV must be what main has (default: that of the manifest)"
    parser.add_argument("repo_id", nargs="?", metavar="REPO[@REV]", help=text)
    add_repo_type(parser, "the type of REPO (default: model, or its prefix: datasets/acme/digits)")
    add_manifest(parser)
    add_lock(parser)
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask for confirmation")
    signer = parser.add_argument_group("who signs (default: `sign` of hub.yaml)")
    signer.add_argument("--private-key", metavar="FILE", help="the private key, PEM")
    signer.add_argument("--private-key-env", metavar="NAME", help="the environment variable with the private key")
    signer.add_argument("--password-env", metavar="NAME", help="the environment variable with its password")
    signer.add_argument("--signing-certificate", metavar="FILE", help="the certificate of the key, PEM")
    signer.add_argument(
        "--certificate-chain", metavar="FILE", action="append", help="a certificate that vouches for it; repeatable"
    )
    signer.add_argument("--identity", metavar="TEXT", help="the identity that signs, such as that of a workflow")
    signer.add_argument("--identity-provider", metavar="URL", help="who vouches for the identity: sign without a key")
    signer.add_argument("--trust-config", metavar="FILE", help="a private instance of Sigstore")
    add_hub(parser)


def signing_options(arguments: Namespace, report: Report) -> dict[str, Any]:
    """Return the keywords of `hublish.sign` and `hublish.attest`, without `confirm`.

    Raises:
        UsageError: the repo is named twice, or there is no terminal to ask on.
    """
    check_repo(arguments)
    require_consent(arguments, report, agreed=arguments.yes)
    return {**repo_options(arguments, report), "signer": _signer(arguments), **hub_options(arguments, report)}


def _signer(arguments: Namespace) -> dict[str, Any] | None:
    given = {name: value for name in _TEXTS if (value := getattr(arguments, name)) is not None}
    # Relative to the current folder, and not to that of hub.yaml.
    given |= {name: _absolute(path) for name in _FILES if (path := getattr(arguments, name)) is not None}
    if arguments.certificate_chain:
        given["certificate_chain"] = [_absolute(path) for path in arguments.certificate_chain]
    if not given:
        return None
    by_certificate = "certificate" if "signing_certificate" in given else "key"
    return {"method": "sigstore" if "identity_provider" in given else by_certificate, **given}


def _absolute(path: str) -> str:
    return str(Path(path).expanduser().absolute())
