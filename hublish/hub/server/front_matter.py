"""The metadata at the top of a README, read the way the Hub reads it: YAML 1.2, nothing executable."""

import re
from typing import Any

import yaml

from hublish.formats.front_matter import front_matter

MAX_BYTES = 256 << 10
"""Of the metadata block."""


class FrontMatterError(ValueError):
    """The block at the top of the file is not usable metadata."""


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases, whose expansion is unbounded, and with YAML 1.2's idea of a boolean."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's API

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.get_event()  # type: ignore[no-untyped-call]  # PyYAML's stubs leave it out
            raise yaml.composer.ComposerError(None, None, "aliases are not supported", event.start_mark)
        return super().compose_node(parent, index)


# What is not listed stays a string: dates, `no`, 0x10, .inf. Numbers are short enough to be finite.
_SCALARS = {
    "bool": (r"(?:true|True|TRUE|false|False|FALSE)\Z", "tTfF"),
    "null": (r"(?:~|null|Null|NULL|)\Z", ["~", "n", "N", ""]),
    "int": (r"[-+]?(?:0|[1-9][0-9]{0,17})\Z", "-+0123456789"),
    "float": (r"[-+]?(?:\.[0-9]{1,18}|[0-9]{1,18}\.?[0-9]{0,18})(?:[eE][-+]?[0-9]{1,2})?\Z", "-+.0123456789"),
}
for _name, (_pattern, _first) in _SCALARS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_pattern), list(_first))


def read_front_matter(text: str) -> dict[str, Any] | None:
    """Return the metadata of a README, None when it has none.

    Raises:
        FrontMatterError: The block is too large, no YAML, or no mapping.
    """
    block = front_matter(text)
    if block is None:
        return None
    if len(block.encode("utf-8", "replace")) > MAX_BYTES:
        raise FrontMatterError(f"the metadata is larger than {MAX_BYTES} bytes")
    try:
        metadata = yaml.load(block, _Loader)  # noqa: S506 - a subclass of SafeLoader
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise FrontMatterError(f"the metadata is not valid YAML: {_first_line(error)}") from None
    if metadata is not None and not isinstance(metadata, dict):
        raise FrontMatterError("the metadata must be a mapping of names to values")
    return metadata


def _first_line(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"{error.problem} (line {error.problem_mark.line + 1})"
    return (str(error).splitlines() or ["too deeply nested"])[0]
