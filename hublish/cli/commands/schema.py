"""`hublish schema`: the documents, described for editors and other programs."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from hublish import schemas
from hublish.cli.command import Command, Example, Outcome
from hublish.cli.report.terminal import Terminal

DOCUMENTS = ("manifest", "lock", "plan", "receipt")


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "document", nargs="?", default="manifest", choices=DOCUMENTS, help="which document (default: manifest)"
    )


def _run(arguments: Namespace, terminal: Terminal) -> Outcome:
    # The committed text, which a test holds to the models: they are slow to import, and slower to describe.
    path = Path(schemas.__file__).with_name("json") / f"{arguments.document}.schema.json"
    terminal.show_document(json.loads(path.read_text(encoding="utf-8")))
    return Outcome(None)


COMMAND = Command(
    description="""Prints the JSON Schema of hub.yaml (draft-07, which editors support), or of one of the documents that
    hublish writes: hub.lock, the plan file and the receipt (draft 2020-12). It is the same in every output format.""",
    examples=(
        Example(
            "hublish schema > hub.schema.json",
            "completion in the editor; put this at the top of hub.yaml: "
            "# yaml-language-server: $schema=hub.schema.json",
        ),
        Example("hublish schema plan", "what `hublish plan --json` answers"),
    ),
    configure=_configure,
    run=_run,
)
