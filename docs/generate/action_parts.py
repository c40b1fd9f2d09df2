"""The inputs and outputs of the GitHub Action, from action.yml."""

from pathlib import Path

import yaml

from docs.generate.page import code, page, table

ACTION = Path(__file__).parents[2] / "action.yml"


def action_inputs_and_outputs() -> str:
    """Return a table of the inputs, and one of the outputs."""
    declared = yaml.safe_load(ACTION.read_text("utf-8"))
    inputs = [
        (code(name), code(each["default"]) if each.get("default") else "", each["description"])
        for name, each in declared["inputs"].items()
    ]
    outputs = [(code(name), each["description"]) for name, each in declared["outputs"].items()]
    return page(table(("Input", "Default", "Meaning"), inputs), table(("Output", "Meaning"), outputs))
