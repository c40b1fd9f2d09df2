"""Detect YAML that creates Python objects: tags that `yaml.unsafe_load` of PyYAML imports and calls.

Only a whole document counts, as PyYAML reads it to its end before it creates anything. So a page that shows such a tag
is not refused.
"""

import re
from typing import Final

from hublish.audit.programs.embedded import Inspect
from hublish.formats.blob import Blob, BlobFile
from hublish.formats.input_files import InvalidFileError

# A tag with `python/`, with an escape that may spell it, or a directive that may shorten it.
_MAY_HAVE_TAGS: Final = re.compile(rb"![^\s!]*(?:python/|%[0-9A-Fa-f]{2})|%TAG")
_PREFIX: Final = "tag:yaml.org,2002:python/"
_OBJECTS: Final = ("object:", "object/", "name:", "module:")
_PIECE: Final = 1 << 20
# More than any tag has; pieces share so many bytes.
_OVERLAP: Final = 1 << 10
_MAX_EVENTS: Final = 1_000_000


def yaml_program(blob: Blob, _inspect: Inspect) -> str | None:
    """Return a description of the first Python object in a YAML file, or None.

    Raises:
        InvalidFileError: it cannot be inspected.
    """
    if not _may_have_tags(blob):
        return None
    import yaml

    # libyaml where it is present: both accept the same documents.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = ""
    try:
        for count, event in enumerate(yaml.parse(BlobFile(blob), Loader=loader)):
            if count > _MAX_EVENTS:
                raise InvalidFileError(f"more than {_MAX_EVENTS} parts, and tags of Python")
            tag = getattr(event, "tag", None) or ""
            if tag.startswith(_PREFIX) and tag.removeprefix(_PREFIX).startswith(_OBJECTS):
                found = found or tag.removeprefix(_PREFIX)
            if found and isinstance(event, yaml.DocumentEndEvent):
                return f"a YAML file that creates a Python object with the tag !!python/{ascii(found)[1:-1][:60]}"
    except (yaml.YAMLError, UnicodeError):
        pass
    return None


def _may_have_tags(blob: Blob) -> bool:
    # UTF-16, which PyYAML reads after a byte order mark, has a NUL in every character.
    head = blob.read_at(0, 4096)
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not wide and b"\0" in head:
        return False
    offset, tail = 0, b""
    while piece := blob.read_at(offset, _PIECE):
        offset += len(piece)
        data = tail + (piece.replace(b"\0", b"") if wide else piece)
        # Two searches for one byte string take a fraction of one for a pattern.
        if (b"python/" in data or b"%" in data) and _MAY_HAVE_TAGS.search(data):
            return True
        tail = data[-_OVERLAP:]
    return False
