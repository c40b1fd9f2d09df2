"""The view of `load`: the tensors of a release."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import Any

from hublish.base.values import Loaded
from hublish.cli.report.json import fields
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, indented, plural
from hublish.cli.views.examination import release_lines
from hublish.cli.views.pull import local_document, pulled_from, pulled_total
from hublish.formats.interface import TensorInfo, describe
from hublish.schemas.documents.sizes import format_size


@dataclass(frozen=True)
class LoadView:
    """Tensors by name, described without reading their values."""

    loaded: Loaded

    def human(self, paint: Paint) -> Iterable[str]:
        """Return one line per tensor, then the totals."""
        yield paint("bold", pulled_from(self.loaded.release))
        tensors = self._tensors()
        if rows := [_row(tensor) for tensor in tensors]:
            yield from indented(columns([("TENSOR", "DTYPE", "SHAPE", "SIZE", "FILE"), *rows], right=(3,)))
        totals = _totals(tensors)
        counts = f"{plural(totals['tensors'], 'tensor')}, {plural(totals['parameters'], 'parameter')}"
        yield from ["", paint("bold", f"{counts}, {format_size(totals['size'])}")]
        yield pulled_total(self.loaded.release, paint)
        yield from release_lines(self.loaded.release.plan.release, paint)

    def document(self) -> Any:
        """Return the files, the tensors and their totals."""
        tensors = self._tensors()
        return {
            **local_document(self.loaded.release),
            "tensors": [
                {**fields(each, "name", "dtype", "shape"), "size": each.nbytes, "path_in_repo": each.file}
                for each in tensors
            ],
            "totals": _totals(tensors),
        }

    def quiet(self) -> Iterable[str]:
        """Return the tensors' names."""
        return sorted(self.loaded.arrays)

    def _tensors(self) -> list[TensorInfo]:
        # The order of the file depends on its writer; readers look for names.
        return sorted(describe(self.loaded.arrays), key=lambda tensor: tensor.name)


def _totals(tensors: list[TensorInfo]) -> dict[str, int]:
    parameters = sum(prod(tensor.shape) for tensor in tensors)
    size = sum(tensor.nbytes for tensor in tensors)
    return {"tensors": len(tensors), "parameters": parameters, "size": size}


def _row(tensor: TensorInfo) -> tuple[str, ...]:
    shape = " x ".join(map(str, tensor.shape)) or "scalar"
    return tensor.name, tensor.dtype, shape, format_size(tensor.nbytes), tensor.file or ""
