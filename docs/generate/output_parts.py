"""The tables of output: formats, exit codes, environment variables."""

from docs.generate.page import code, table
from hublish.cli.parser import ENVIRONMENT, EXIT_CODES
from hublish.cli.report import FORMATS


def output_formats() -> str:
    """Return the table of `--format`."""
    rows = [(code(name), each.summary, ", ".join(map(code, each.commands)) or "all") for name, each in FORMATS.items()]
    return table(("Format", "Shows", "Commands"), rows)


def exit_codes() -> str:
    """Return the table of exit codes."""
    return table(("Code", "Meaning"), [(code(str(number)), meaning) for number, meaning in EXIT_CODES])


def environment_variables() -> str:
    """Return the table of environment variables."""
    rows = [(", ".join(map(code, name.split(", "))), meaning) for name, meaning in ENVIRONMENT]
    return table(("Variable", "Meaning"), rows)
