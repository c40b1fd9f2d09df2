"""`hublish card`: the README."""

from argparse import Namespace

from hublish.cli.command import Command, Example, Outcome
from hublish.cli.options import add_manifest, manifest
from hublish.cli.report.terminal import Format, Terminal
from hublish.pipeline.render_card.rendering import prestarted
from hublish.schemas.documents.file_names import CARD_FILE


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    with prestarted(arguments.file):
        import hublish

        text = hublish.card(manifest(arguments, terminal), progress=terminal.progress())
    if terminal.format is Format.JSON:
        terminal.show_document({"path_in_repo": CARD_FILE, "text": text})
    else:
        terminal.show_text(text)
    return Outcome(None)


COMMAND = Command(
    description="""Renders the card that becomes README.md, front matter included, and prints it as it is: what is
    redirected into a file is what would be published. A variable that is missing is an error.""",
    examples=(
        Example("hublish card", "read it"),
        Example("hublish card > README.md", "keep a copy in the repository"),
        Example("hublish card -f release/hub.yaml --json", "the text as a JSON string"),
    ),
    configure=add_manifest,
    run=_run,
)
