"""huggingface_hub's own tests, out of the sdist of the installed version: its wheel does not contain them."""

import re
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import huggingface_hub

PINS = Path(__file__).with_name("sdists.txt")
SDIST = Path(sys.prefix) / "sdists" / f"huggingface_hub-{huggingface_hub.__version__}.tar.gz"


def pinned_versions() -> list[str]:
    """Return the versions whose sdists are downloaded."""
    return re.findall(r"^huggingface_hub==(\S+)", PINS.read_text(), re.MULTILINE)


def unpack(folder: Path, change: Callable[[str, str], str], is_wanted: Callable[[str], bool]) -> list[str]:
    """Write the tests into `folder`, a package, each as `change(name, text)`, and return their names."""
    folder.mkdir()
    (folder / "__init__.py").touch()
    names = []
    for name, text in _members():
        if is_wanted(name):
            (folder / name).write_text(change(name, text))
            names.append(name)
    return names


def _members() -> Iterator[tuple[str, str]]:
    with tarfile.open(SDIST) as archive:
        for member in archive:
            parent, _, name = member.name.rpartition("/")
            if parent.endswith("/tests") and name.endswith(".py"):
                content = archive.extractfile(member)
                assert content is not None
                yield name, content.read().decode()
