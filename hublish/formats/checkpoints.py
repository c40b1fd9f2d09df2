"""Load `pytorch_model.bin`, alone or sharded: the weights of repos from before safetensors. Nothing is unpickled."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hublish.base.errors import LoadError
from hublish.formats.interface import Trust
from hublish.formats.release_files import CHECKPOINT, CHECKPOINT_INDEX, checkpoint_files
from hublish.formats.safetensors import Safetensors, read_files, write_source
from hublish.formats.torch import Torch


class Checkpoints:
    """Reads the tensors of a checkpoint by the serializers' own reader, which builds no object and calls no function.

    huggingface_hub's mixin falls back to `torch.load(weights_only=True)` for these files; entries that are not tensors
    are skipped, as a module does.
    """

    name = "pytorch_model.bin"

    def load(self, files: Mapping[str, Path]) -> Mapping[str, Any]:
        """Return the arrays by name, mapped.

        Raises:
            LoadError: a file is damaged, a shard is missing, or it holds objects that are not read.
        """
        with _converted(files) as found:
            # Each array keeps its file mapped, also when the folder is gone.
            return dict(Safetensors().load(found))

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> dict[str, Any]:
        """Return the state dict of tensors; raise errors as `load` does."""
        with _converted(files) as found:
            # Tensors of a file without any need no mapping, and so no torch.
            return Torch().rebuild(found, trust) if read_files(found).files else {}


@contextmanager
def _converted(files: Mapping[str, Path]) -> Iterator[Mapping[str, Path]]:
    # The shards are next to their index: in the cache too, all files of a commit are in one folder.
    names = checkpoint_files(files)
    source = next((files[name] for name in (CHECKPOINT_INDEX, CHECKPOINT) if name in names), None)
    if source is None:
        raise LoadError(f"the shards of {CHECKPOINT} have no index", hint=f"download {CHECKPOINT_INDEX} as well")
    # A mapped file cannot be removed on Windows.
    with TemporaryDirectory(prefix="hublish-", ignore_cleanup_errors=True) as folder:
        target = Path(folder) / "model.safetensors"
        write_source(source, target, kind=LoadError)
        yield {target.name: target}
