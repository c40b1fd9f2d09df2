"""A release on this machine, and what was loaded from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Any

from hublish.base.values import Loaded, LocalFile, LocalRelease
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, indented, plural
from hublish.cli.views.phrases import next_steps, repo_label, short
from hublish.formats.interface import TensorInfo, describe
from hublish.schemas.documents.sizes import format_size


@dataclass(frozen=True)
class PullView:
    """The files, every byte checked."""

    local: LocalRelease
    load_line: str = ""
    """The command line that loads it."""

    def human(self, paint: Paint) -> Iterable[str]:
        """Return one line a file, then totals, folder and what to type next."""
        yield paint("bold", _headline(self.local))
        rows = [
            (file.promised.path_in_repo, format_size(file.promised.size), self._proof(file))
            for file in self.local.files
        ]
        yield from indented(columns(rows, right=(1,)))
        yield from ["", _totals(self.local, paint), f"Folder: {self.local.folder}"]
        if self.load_line:
            yield from next_steps(paint, self.load_line)

    def document(self) -> Any:
        """Return the commit, the folder and every file."""
        return local_document(self.local)

    def quiet(self) -> Iterable[str]:
        """Return the folder."""
        return [str(self.local.folder)]

    def _proof(self, file: LocalFile) -> str:
        digest = file.promised.digest
        return f"{digest.algorithm} {digest.value[:16]}{' ok' if self.local.checked else ''}"


@dataclass(frozen=True)
class LoadView:
    """Tensors by name. Only their descriptions are read, never their values."""

    loaded: Loaded

    def human(self, paint: Paint) -> Iterable[str]:
        """Return one line a tensor, then the totals."""
        yield paint("bold", _headline(self.loaded.release))
        tensors = self._tensors()
        if tensors:
            rows = [_row(one) for one in tensors]
            yield from indented(columns([("TENSOR", "DTYPE", "SHAPE", "SIZE", "FILE"), *rows], right=(3,)))
        parameters = sum(prod(one.shape) for one in tensors)
        size = sum(one.nbytes for one in tensors)
        totals = f"{plural(len(tensors), 'tensor')}, {plural(parameters, 'parameter')}, {format_size(size)}"
        yield from ["", paint("bold", totals), _totals(self.loaded.release, paint)]

    def document(self) -> Any:
        """Return the files, the tensors and their totals."""
        tensors = self._tensors()
        return {
            **local_document(self.loaded.release),
            "tensors": [
                {
                    "name": one.name,
                    "dtype": one.dtype,
                    "shape": list(one.shape),
                    "size": one.nbytes,
                    "path_in_repo": one.file,
                }
                for one in tensors
            ],
            "totals": {
                "tensors": len(tensors),
                "parameters": sum(prod(one.shape) for one in tensors),
                "size": sum(one.nbytes for one in tensors),
            },
        }

    def quiet(self) -> Iterable[str]:
        """Return the tensors' names."""
        return sorted(self.loaded.arrays)

    def _tensors(self) -> list[TensorInfo]:
        """Return what is known of every tensor without reading it, sorted by name."""
        return sorted(describe(self.loaded.arrays), key=lambda one: one.name)


def local_document(local: LocalRelease) -> dict[str, Any]:
    """Return a release on this machine as plain data; the keys are stable."""
    reference = local.plan.release.reference
    return {
        "repo_id": reference.repo_id,
        "repo_type": reference.repo_type,
        "revision": reference.revision,
        "commit": local.plan.release.commit,
        "folder": str(local.folder),
        "checked": local.checked,
        "files": [
            {
                "path_in_repo": file.promised.path_in_repo,
                "size": file.promised.size,
                "digest": {"algorithm": file.promised.digest.algorithm, "value": file.promised.digest.value},
                "path": str(file.path),
            }
            for file in local.files
        ],
    }


def _headline(local: LocalRelease) -> str:
    release = local.plan.release
    reference = release.reference
    label = repo_label(reference.repo_id, reference.repo_type)
    return f"{label} at {reference.revision} (commit {short(release.commit)})"


def _totals(local: LocalRelease, paint: Paint) -> str:
    size = format_size(sum(file.promised.size for file in local.files))
    checked = paint("green", "every byte checked") if local.checked else paint("yellow", "not checked")
    return f"{plural(len(local.files), 'file')}, {size}, {checked}"


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "scalar"


def _row(tensor: TensorInfo) -> tuple[str, ...]:
    return tensor.name, tensor.dtype, _shape(tensor.shape), format_size(tensor.nbytes), tensor.file or ""
