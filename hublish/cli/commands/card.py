"""`hublish card`: render the README."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from hublish.cli.arguments import (
    add_card,
    add_exitcode,
    add_hub,
    add_lock,
    add_manifest,
    hub_options,
    manifest,
)
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import CHANGES
from hublish.cli.report import Report
from hublish.schemas.documents.card_decision import MERGE
from hublish.schemas.documents.file_names import CARD_FILE

if TYPE_CHECKING:
    from hublish.cards.facts.fact import Fact

DESCRIPTION = """Renders the card that becomes README.md, front matter included, and prints it unchanged: redirect it
into a file to get exactly what would be published. A missing variable is an error. --diff compares the card on the Hub
with the one that publishing would send now, with the edits that people made there; it only reads."""
EXAMPLES = (
    Example("hublish card --open", "see it in a browser, with pictures, as the Hub would show it"),
    Example("hublish card --diff", "what would publishing change in the card on the Hub?"),
    Example("hublish card --missing", "which recommended sections are empty, and how to fill them"),
    Example("hublish card --template model > card.md.j2", "begin a template of your own; or extend ours by its blocks"),
)


def configure(parser: ArgumentParser) -> None:
    add_manifest(parser)
    add_lock(parser)
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "--missing", action="store_true", help="list the recommended sections without content, and how to fill each"
    )
    shown.add_argument(
        "--facts", action="store_true", help="print the facts of the release as JSON: name, value, file and key of each"
    )
    shown.add_argument(
        "--html", action="store_true", help="print one HTML file that shows it as the Hub would, pictures included"
    )
    shown.add_argument("--open", action="store_true", help="write that file to a temporary folder, and open it")
    shown.add_argument(
        "--template", metavar="NAME", help="print a built-in template: model, dataset, space, kernel or eu-ai-act"
    )
    shown.add_argument("--diff", action="store_true", help="show what publishing would change in the card on the Hub")
    add_card(parser)
    add_exitcode(parser)
    add_hub(parser)


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
        if arguments.facts:
            return _facts(hublish.card_facts(manifest(arguments, report), progress=report.progress()), report)
        if arguments.html or arguments.open:
            page = hublish.card_page(manifest(arguments, report), progress=report.progress())
            return _opened(page) if arguments.open else _shown(page, report)
        if arguments.diff:
            return _compared(arguments, report)
        text = hublish.card(manifest(arguments, report), progress=report.progress())
    report.show_file(text, {"path_in_repo": CARD_FILE, "text": text})
    return Outcome(None)


def _facts(facts: "tuple[Fact, ...]", report: Report) -> Outcome:
    import json

    found = [
        {
            "name": f"facts.{fact.name}",
            "value": fact.value,
            "file": fact.file,
            "key": fact.key,
            "released": fact.released,
        }
        for fact in facts
    ]
    report.show_file(json.dumps(found, indent=2, ensure_ascii=False) + "\n", {"facts": found})
    return Outcome(None)


def _shown(page: str, report: Report) -> Outcome:
    report.show_file(page, {"html": page})
    return Outcome(None)


def _opened(page: str) -> Outcome:
    # Imported here: few runs open a page.
    import tempfile
    import webbrowser

    from hublish.cli.views.card import OpenedCard

    # Kept after the run: the browser may read it later, and the person may look at it again.
    path = Path(tempfile.mkdtemp(prefix="hublish-card-")) / "card.html"
    path.write_text(page, "utf-8")
    return Outcome(OpenedCard(path, opened=webbrowser.open(path.as_uri())))


def _compared(arguments: Namespace, report: Report) -> Outcome:
    import hublish
    from hublish.cli.views.card_diff import CardDiffView

    options, decision = hub_options(arguments, report), arguments.card or MERGE
    diff = hublish.card_diff(manifest(arguments, report), lock=arguments.lock, card=decision, **options)
    return Outcome(CardDiffView(diff), CHANGES if arguments.detailed_exitcode and diff else 0)


def _template(name: str, report: Report) -> Outcome:
    import hublish

    text = hublish.card_template(name)
    report.show_file(text, {"template": name, "text": text})
    return Outcome(None)
