"""A manifest back to YAML: text that reads as the same manifest, here and in a reader of YAML 1.1."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.variables.expansion import escape
from hublish.schemas.yaml.composing import is_plain_text

# PyYAML decides by the rules of YAML 1.1 whether a text needs quotes; 1.2 reads a few more forms as numbers.
_ODD = re.compile("[\x85\u2028\u2029\ufeff]|^[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LETTERS = ("y", "Y", "n", "N")
"""Booleans of YAML 1.1 that PyYAML takes for texts; other readers do not."""
_RESOLVED = "# hub.yaml with every default shown and every variable replaced, by `hublish check --resolved`.\n"


def dump_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as YAML, without what is left at its default.

    Reading it back gives an equal manifest: texts are quoted where any reader of YAML 1.1 or 1.2 would take them for
    something else, and braces are escaped, since the variables are replaced already.
    """
    fields = manifest.model_dump(mode="json", exclude_defaults=True)
    return _dumped({"schema_version": manifest.schema_version, **fields}).encode("utf-8")


def dump_resolved(manifest: Manifest) -> bytes:
    """Return the manifest as YAML with every default, under a line that says so; it too reads back as itself."""
    return (_RESOLVED + _dumped(manifest.model_dump(mode="json"))).encode("utf-8")


def dump_yaml(data: Mapping[str, Any]) -> str:
    """Return plain data as YAML that any reader of 1.1 or 1.2 reads back equal, keys in their order."""
    text: str = yaml.dump(dict(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.2 would misread too, and writes no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write a value out as often as it stands there."""
        del data
        return True


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    if _ODD.search(text):
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
    style = None if is_plain_text(text) and text not in _LETTERS else "'"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def _dumped(fields: Mapping[str, Any]) -> str:
    # `variables` is the one section whose texts are never expanded.
    return dump_yaml({key: value if key == "variables" else _escaped(value) for key, value in fields.items()})


def _escaped(value: Any) -> Any:
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {key: _escaped(item) for key, item in value.items()}
    return value
