"""A model and its external data in one real folder, which runtimes insist on: a cache keeps each file elsewhere."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def in_one_folder(model: Path, data: Mapping[str, Path]) -> Iterator[Path]:
    """Yield the model's path, its data beside it as plain files, until the context ends.

    Nothing is copied where the files can be linked: when the temporary folder is on their disk.

    Args:
        model: the model.
        data: the files of its data by their location relative to the model.
    """
    if not data:
        yield model
        return
    with tempfile.TemporaryDirectory(prefix="hublish-onnx-") as name:
        folder = Path(name)
        for location, path in {**data, model.name: model}.items():
            target = folder / location
            target.parent.mkdir(parents=True, exist_ok=True)
            _link_or_copy(path.resolve(), target)
        yield folder / model.name


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
