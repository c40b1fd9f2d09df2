"""`hublish card`: render the README."""

from argparse import ArgumentParser, Namespace

from hublish.cli.arguments import add_manifest, manifest
from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report
from hublish.schemas.documents.file_names import CARD_FILE

DESCRIPTION = """Renders the card that becomes README.md, front matter included, and prints it unchanged: redirect it
into a file to get exactly what would be published. A missing variable is an error."""
EXAMPLES = (
    Example("hublish card", "read it"),
    Example("hublish card > README.md", "keep a copy in the repository"),
    Example("hublish card --missing", "which recommended sections are empty, and how to fill them"),
    Example("hublish card --template model > card.md.j2", "begin a template of your own; or extend ours by its blocks"),
)


def configure(parser: ArgumentParser) -> None:
    add_manifest(parser)
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "--missing", action="store_true", help="list the recommended sections without content, and how to fill each"
    )
    shown.add_argument(
        "--template", metavar="NAME", help="print a built-in template: model, dataset, space, kernel or eu-ai-act"
    )


def run(arguments: Namespace, report: Report) -> Outcome:
    if arguments.template is not None:
        return _template(arguments.template, report)
    from hublish.pipeline.render_card.renderer import prestarted

    # The child process that renders the card starts up during our own slow imports.
    with prestarted(arguments.file):
        import hublish

        if arguments.missing:
            from hublish.cli.views.missing import MissingView

            found = hublish.missing_sections(manifest(arguments, report), progress=report.progress())
            return Outcome(MissingView(found))
        text = hublish.card(manifest(arguments, report), progress=report.progress())
    report.show_file(text, {"path_in_repo": CARD_FILE, "text": text})
    return Outcome(None)


def _template(name: str, report: Report) -> Outcome:
    import hublish

    text = hublish.card_template(name)
    report.show_file(text, {"template": name, "text": text})
    return Outcome(None)
