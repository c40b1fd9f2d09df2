"""Keep the compiled code of the built-in templates beside the bytecode of Python's modules.

Compiling them takes as long as everything else that a check does in the process that renders the card. The file is in
the `__pycache__` of the templates, so whoever can write it can replace the modules of hublish as well. It is written
before a request arrives, so no template of a user has run by then. A file that another user owns, or that others can
write, is ignored, and so is one of other texts, or of another version of Python or Jinja2.
"""

import hashlib
import importlib.util
import marshal
import os
import stat
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import CodeType
from typing import Final

import jinja2

from hublish.pipeline.render_card.built_in_templates import built_in_path

_DIGEST: Final = 32
# Changed with the options of the environment that decide which code a template becomes.
_FORMAT: Final = "1"


def read_compiled(name: str, texts: Mapping[str, str]) -> Mapping[str, CodeType] | None:
    """Return the code of a built-in template and of those that it shares, by name; None if it is not kept.

    Args:
        name: the template.
        texts: its text and those of the templates that it shares, by name.
    """
    try:
        descriptor = os.open(_place(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o022 or status.st_uid not in _owners():
                return None
            data = file.read()
    except OSError:
        return None
    kept, digest, code = data[:_DIGEST], data[_DIGEST : 2 * _DIGEST], data[2 * _DIGEST :]
    if kept != _key(texts) or hashlib.sha256(code).digest() != digest:
        return None
    found: Mapping[str, CodeType] = marshal.loads(code)  # noqa: S302 - as trusted as the bytecode of this module
    return found


def keep_compiled(name: str, texts: Mapping[str, str], codes: Mapping[str, CodeType]) -> None:
    """Keep code for `read_compiled`, unless Python writes no bytecode, or the folder cannot be written."""
    if sys.dont_write_bytecode:
        return
    place = _place(name)
    code = marshal.dumps(dict(codes))
    # Unique in its folder, as two processes may write at once; a rename replaces the file as a whole.
    written = place.with_name(f"{place.name}.{os.getpid()}")
    with suppress(OSError):
        place.parent.mkdir(exist_ok=True)
        descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            with open(descriptor, "wb") as file:
                file.write(_key(texts) + hashlib.sha256(code).digest() + code)
            written.replace(place)
        except OSError:
            written.unlink(missing_ok=True)
            raise


def _place(name: str) -> Path:
    return Path(importlib.util.cache_from_source(built_in_path(name)))


def _key(texts: Mapping[str, str]) -> bytes:
    parts = (_FORMAT, jinja2.__version__, importlib.util.MAGIC_NUMBER.hex(), *(str(each) for each in texts.items()))
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _owners() -> tuple[int, ...]:
    return 0, os.getuid(), os.stat(__file__).st_uid  # noqa: PTH116 - a path of this package
