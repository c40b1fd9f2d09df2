"""`hublish sign`: propose a signature for a release that is on the Hub."""

from argparse import ArgumentParser, Namespace

from hublish.cli.arguments import repeated_options
from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report
from hublish.cli.signing_arguments import add_signing, signing_options

DESCRIPTION = """Proposes model.sig, a signature over all files of a repo, as a pull request. It is for a release that
is on the Hub already: `publish` signs a new one by itself where hub.yaml has `sign`. Large files are not downloaded:
their digests are those of the lock, or those that the Hub lists. Small files that no lock records are downloaded,
compared and audited. The plan is shown and confirmed as by `publish`. A second run finds the pull request; after the
merge, it records the signature in the lock."""
EXAMPLES = (
    Example("hublish sign", "the repo of hub.yaml, by its `sign`"),
    Example("hublish sign acme/digits --private-key acme.pem", "any repo, with a key"),
    Example("hublish sign acme/digits@v1.2.0 --private-key acme.pem -y", "only if main is still at this tag"),
)


def configure(parser: ArgumentParser) -> None:
    add_signing(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    options = signing_options(arguments, report)

    import hublish
    from hublish.cli.views.confirmation import confirming
    from hublish.cli.views.sign import SignedView

    found = hublish.sign(confirm=confirming(report, agreed=arguments.yes), **options)
    return Outcome(SignedView(found, repeated_options(arguments)))
