"""The skops format: a zip with `schema.json` and the arrays it speaks of (https://skops.readthedocs.io).

skops numbers objects by their address in memory and stamps the time on every member. Here they are numbered in the
order they appear, so that the same estimator is the same file.
"""

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hublish.formats.archives import opened_archive, read_member, write_reproducibly
from hublish.formats.input_files import InvalidFileError

SCHEMA = "schema.json"
_MAX_SCHEMA = 256 << 20
"""Bytes; a forest of a thousand trees takes a few megabytes, a large vocabulary tens."""


def check_skops(path: Path, name: str) -> None:
    """Refuse a file that is no archive with a schema.

    Args:
        path: where it lies.
        name: how errors call it.

    Raises:
        InvalidFileError: saying why.
    """
    with opened_archive(path, name) as archive:
        text = read_member(archive, SCHEMA, _MAX_SCHEMA)
        try:
            schema = json.loads(text)
        except (ValueError, RecursionError):
            msg = f"its {SCHEMA} is not JSON"
            raise InvalidFileError(msg) from None
        if not isinstance(schema, dict) or not isinstance(schema.get("protocol"), int):
            msg = f"its {SCHEMA} is not one that skops writes"
            raise InvalidFileError(msg)


def write_canonical(skops: Any, value: Any, target: Path) -> None:
    """Dump a value with skops, its objects and files numbered in the order they appear.

    Args:
        skops: the module `skops.io`.
        value: what it can hold.
        target: the file to create.
    """
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        draft = Path(folder) / target.name
        skops.dump(value, draft)
        with opened_archive(draft, target.name) as archive:
            schema = json.loads(read_member(archive, SCHEMA, _MAX_SCHEMA))
        numbering = _Numbering()
        renumbered = json.dumps(numbering.applied_to(schema), indent=2).encode()
        write_reproducibly(draft, target, {SCHEMA: renumbered}, numbering.files)


@dataclass(frozen=True, slots=True)
class _Numbering:
    """New numbers for what skops names by chance: objects by address, files by address or at random."""

    objects: dict[int, int] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def applied_to(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.applied_to(item) for item in node]
        if not isinstance(node, dict):
            return node
        # Only skops' own nodes name a loader: a fitted vocabulary may well hold the words "file" and "__id__".
        if not isinstance(node.get("__loader__"), str):
            return {key: self.applied_to(value) for key, value in node.items()}
        return {key: self._value(key, value) for key, value in node.items()}

    def _value(self, key: str, value: Any) -> Any:
        if key == "__id__" and isinstance(value, int):
            return self.objects.setdefault(value, len(self.objects) + 1)
        if key == "file" and isinstance(value, str):
            return self.files.setdefault(value, f"{len(self.files) + 1}{Path(value).suffix}")
        return self.applied_to(value)
