"""`hublish schema`: print a JSON Schema for editors and other programs."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from hublish import schemas
from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report
from hublish.cli.terminal.streams import write_json

DESCRIPTION = """Prints the JSON Schema of hub.yaml (draft-07, which editors support), or of a document that hublish
writes: hub.lock, the plan file, the receipt (draft 2020-12). Every output format prints the same."""
EXAMPLES = (
    Example(
        "hublish schema > hub.schema.json",
        "completion in the editor; put this at the top of hub.yaml: # yaml-language-server: $schema=hub.schema.json",
    ),
    Example("hublish schema plan", "the document that `hublish plan --json` prints"),
)

_DOCUMENTS = ("manifest", "lock", "plan", "receipt")


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "document", nargs="?", default="manifest", choices=_DOCUMENTS, help="which document (default: manifest)"
    )


def run(arguments: Namespace, report: Report) -> Outcome:
    # Read the committed file, which a test compares with the models: importing and describing those is slow.
    path = Path(schemas.__file__).with_name("json") / f"{arguments.document}.schema.json"
    write_json(report.terminal.stdout, json.loads(path.read_text(encoding="utf-8")), unmasked=True)
    return Outcome(None)
