"""Read the outputs of a step as a runner does (actions/runner, FileCommandManager.cs)."""

import re
from pathlib import Path

_HEAD = re.compile(r"([^=<]+)<<(.+)")


def read_outputs(path: Path) -> dict[str, str]:
    """Return the outputs that a file sets; the last one of a name counts."""
    lines = iter(re.split(r"\r\n|\n", path.read_bytes().decode())) if path.exists() else iter(())
    found = {}
    for line in lines:
        if not line:
            continue
        if head := _HEAD.fullmatch(line):
            name, end = head.groups()
            value = []
            while (part := next(lines)) != end:
                value.append(part)
            found[name] = "\n".join(value)
        else:
            name, equals, rest = line.partition("=")
            assert equals, f"a runner refuses this line: {line!r}"
            found[name] = rest
    return found
