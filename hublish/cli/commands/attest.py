"""`hublish attest`: propose a bill of materials, claims and a signature for a release that is on the Hub."""

from argparse import ArgumentParser, Namespace

from hublish.cli.arguments import repeated_options
from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report
from hublish.cli.signing_arguments import add_signing, signing_options

DESCRIPTION = """Proposes bom.cdx.json, claims.jsonl and model.sig as a pull request: a bill of materials in the form of
CycloneDX, signed claims about the release, and a signature over all files. It is for a release that is on the Hub
already: `publish` makes them for a new one where hub.yaml has `sign`. The claims say how the release was built, as far
as its lock, the current one or a former version of it in git, records it; without one they do not. Files are read and
audited as by `sign`. A second run finds the pull request; after the merge, it records the signature in the lock."""
EXAMPLES = (
    Example("hublish attest", "the repo of hub.yaml, by its `sign`"),
    Example("hublish attest acme/digits --private-key acme.pem --lock hub.lock", "any repo, with its lock"),
    Example("hublish attest acme/digits --private-key-env SIGNING_KEY -y", "with a key from the environment"),
)


def configure(parser: ArgumentParser) -> None:
    add_signing(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    options = signing_options(arguments, report)

    import hublish
    from hublish.cli.views.confirmation import confirming
    from hublish.cli.views.sign import SignedView

    found = hublish.attest(confirm=confirming(report, agreed=arguments.yes), **options)
    return Outcome(SignedView(found, repeated_options(arguments)))
