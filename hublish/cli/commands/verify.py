"""`hublish verify`: compare the Hub with the lock."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from hublish.cli.arguments import (
    add_cache,
    add_hub,
    add_lock,
    add_manifest_file,
    add_trust_policy,
    hub_options,
    repeated_options,
)
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import FAILED
from hublish.cli.report import Report
from hublish.schemas.documents.file_names import MANIFEST_FILE

_LOCKED = Path("<the locked commit>")
DESCRIPTION = """Lists the files at the locked revision and compares their digests with the lock: missing, extra and
different files. The facts that the card states are derived again from the files on the Hub, and each one that no longer
holds is named: small files and headers are read, and no weights. The signature of a signed release is verified. Any
difference ends with exit code 1, and so does a lock of another repo, type or Hub than the manifest's. --attestations
verifies signature and claims alone: without a network, and by the rule of trust.yaml for the repo, else by the signer
that hub.yaml or hub.lock names."""
EXAMPLES = (
    Example("hublish verify --attestations model", "offline: is the folder as it was signed, and who built it?"),
    Example("hublish verify", "does the Hub still hold the release in hub.lock, and is its card right?"),
    Example("hublish verify --lock releases/v1.lock", "another lock"),
    Example("hublish verify --quiet", "the paths that differ, one a line"),
)


def configure(parser: ArgumentParser) -> None:
    add_manifest_file(parser)
    add_lock(parser)
    parser.add_argument(
        "--attestations",
        nargs="?",
        type=Path,
        const=_LOCKED,
        metavar="FOLDER",
        help="verify signature and claims offline: of a folder, or of the locked commit in the cache",
    )
    parser.add_argument("--ignore-missing", action="store_true", help="accept a FOLDER with some of the files only")
    add_trust_policy(parser)
    parser.add_argument("--cache-dir", metavar="DIR", type=Path, help="the cache of --attestations")
    add_cache(parser)
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    if arguments.attestations is not None:
        return _attestations(arguments, report)
    import hublish
    from hublish.cli.views.verify import VerificationView

    # Of the manifest, `verify` needs the folder and the endpoint. Standard input is not read for them.
    path = Path(MANIFEST_FILE if arguments.file == "-" else arguments.file)
    options = hub_options(arguments, report)
    found = hublish.verify(path, lock=arguments.lock, trust_policy=arguments.trust_policy, **options)
    return Outcome(VerificationView(found, repeated_options(arguments)), 0 if found.ok else FAILED)


def _attestations(arguments: Namespace, report: Report) -> Outcome:
    import hublish
    from hublish.cli.views.verify_attestations import AttestationsView

    folder = None if arguments.attestations == _LOCKED else arguments.attestations
    checked = hublish.verify_attestations(
        folder,
        manifest=Path(MANIFEST_FILE if arguments.file == "-" else arguments.file),
        lock=arguments.lock,
        trust_policy=arguments.trust_policy,
        cache_dir=arguments.cache_dir,
        ignore_missing=arguments.ignore_missing,
        progress=report.progress(),
        digest_cache=arguments.digest_cache,
    )
    return Outcome(AttestationsView(checked), 0 if checked.ok else FAILED)
