"""Problems as GitHub workflow commands, which GitHub shows beside the lines of a pull request.

The form and its escapes are those of "Workflow commands for GitHub Actions"; what else counts as a command was read
from the runner's parser (actions/runner, ActionCommand.cs): `::name` at the start of a line, after any white space,
and the older `##[name]` anywhere in it.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from hublish.schemas.diagnose.problems import Location, Problem

_COMMAND = re.compile(r"^(\s*):(?=:)|(?<=#)#(?=\[)")


def annotation(problem: Problem, environ: Mapping[str, str]) -> str:
    """Return a problem as `::error file=hub.yaml,line=3,...::message`, or as a warning.

    Args:
        problem: without any secret in it.
        environ: GITHUB_WORKSPACE is what file names are relative to; else it is the git repository around the file.
    """
    notes = [f"  {each.message}: {each.location or each.path}" for each in problem.related]
    properties = {**_where(problem.location, environ), "title": problem.code}
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{problem.severity} {listed}::{_data(chr(10).join([str(problem), *notes]))}"


def defused(line: str) -> str:
    """Return a line of any other output as one that no runner takes for a command."""
    return _COMMAND.sub(_spelled, line)


def _spelled(found: re.Match[str]) -> str:
    return r"\x23" if found[1] is None else rf"{found[1]}\x3a"


def _where(location: Location | None, environ: Mapping[str, str]) -> dict[str, str | int]:
    """Return the place in GitHub's terms; of columns it takes only those within one line."""
    file = _file(location.source, environ) if location else None
    if location is None or file is None:
        return {}
    end = location.end_line or location.line
    lines: dict[str, str | int] = {"file": file, "line": location.line, "endLine": end}
    if end != location.line:
        return lines
    return {**lines, "col": location.column, "endColumn": location.end_column or location.column}


def _file(source: str, environ: Mapping[str, str]) -> str | None:
    """Return a file's name in its repository; None for what is no file, such as standard input."""
    path = Path(source)
    if not path.is_file():
        return None
    whole = path.resolve()
    root = environ.get("GITHUB_WORKSPACE")
    for folder in (Path(root).resolve(),) if root else (each for each in whole.parents if (each / ".git").exists()):
        if whole.is_relative_to(folder):
            return whole.relative_to(folder).as_posix()
    return path.as_posix()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
