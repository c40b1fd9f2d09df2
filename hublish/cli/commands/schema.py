"""`hublish schema`: print a JSON Schema, the example of a manifest, or the skill for agents."""

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

import hublish
from hublish import schemas
from hublish.base.errors import UsageError
from hublish.cli.commands import Example, Outcome
from hublish.cli.report import Report
from hublish.cli.terminal.streams import write_json

DESCRIPTION = """Prints the JSON Schema of hub.yaml or trust.yaml (draft-07, which editors support), or of a document
that hublish writes: hub.lock, the plan file, the receipt (draft 2020-12). --example prints a hub.yaml with every key,
each with a comment and its default, to copy from; `hublish check` then names the sources that it does not find. --skill
prints a SKILL.md, from which agents learn to release safely. Every output format prints the same."""
EXAMPLES = (
    Example(
        "hublish schema > hub.schema.json",
        "completion in the editor; put this at the top of hub.yaml: # yaml-language-server: $schema=hub.schema.json",
    ),
    Example("hublish schema trust", "trust.yaml, which says whose releases `hublish pull` accepts"),
    Example("hublish schema --example > hub.yaml", "every key, each with a comment and its default"),
    Example("hublish schema --skill > .agents/skills/hublish/SKILL.md", "for agents; others look in .claude/skills"),
)

_MANIFEST = "manifest"
_DOCUMENTS = (_MANIFEST, "lock", "plan", "receipt", "trust")


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "document", nargs="?", default=_MANIFEST, choices=_DOCUMENTS, help="which document (default: manifest)"
    )
    others = parser.add_mutually_exclusive_group()
    others.add_argument("--example", action="store_true", help="print a complete hub.yaml with comments instead")
    others.add_argument("--skill", action="store_true", help="print a skill for agents, a SKILL.md, instead")


def run(arguments: Namespace, report: Report) -> Outcome:
    if arguments.example or arguments.skill:
        what, name = ("example", "hub.yaml.example") if arguments.example else ("skill", "SKILL.md")
        if arguments.document != _MANIFEST:
            raise UsageError(f"there is no {what} of a {arguments.document}", hint=f"leave {arguments.document} out")
        report.show_text(Path(hublish.__file__).with_name(name).read_text(encoding="utf-8"))
        return Outcome(None)
    # Read the committed file, which a test compares with the models: importing and describing those is slow.
    path = Path(schemas.__file__).with_name("json") / f"{arguments.document}.schema.json"
    write_json(report.terminal.stdout, json.loads(path.read_text(encoding="utf-8")), unmasked=True)
    return Outcome(None)
