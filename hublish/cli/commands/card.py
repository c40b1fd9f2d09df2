"""`hublish card`: render the README."""

from argparse import Namespace

from hublish.cli.arguments import add_manifest, manifest
from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report
from hublish.schemas.documents.file_names import CARD_FILE

DESCRIPTION = """Renders the card that becomes README.md, front matter included, and prints it unchanged: redirect it
into a file to get exactly what would be published. A missing variable is an error."""
EXAMPLES = (
    Example("hublish card", "read it"),
    Example("hublish card > README.md", "keep a copy in the repository"),
    Example("hublish card -f release/hub.yaml --json", "the text as a JSON string"),
)
configure = add_manifest


def run(arguments: Namespace, report: Report) -> Outcome:
    from hublish.pipeline.render_card.renderer import prestarted

    # The child process that renders the card starts up during our own slow imports.
    with prestarted(arguments.file):
        import hublish

        text = hublish.card(manifest(arguments, report), progress=report.progress())
    report.show_file(text, {"path_in_repo": CARD_FILE, "text": text})
    return Outcome(None)
