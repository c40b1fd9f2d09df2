import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

from hublish.base.progress import SILENT
from hublish.formats.format_options import validate_options
from hublish.formats.interface import Written
from hublish.formats.safetensors import Safetensors

# Nothing here is timed: a busy machine must not fail a test.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

Dump = Callable[..., tuple[Written, ...]]
WriteHeader = Callable[..., Path]


@pytest.fixture
def dump(tmp_path_factory: pytest.TempPathFactory) -> Dump:
    """Dump with serializer safetensors into a new workspace; options are keywords."""

    def run(source: object, path_in_repo: str = "model.safetensors", **options: Any) -> tuple[Written, ...]:
        serializer = Safetensors()
        checked = validate_options(serializer, options)
        workspace = tmp_path_factory.mktemp("workspace")
        return serializer.dump(source, path_in_repo, workspace, checked, SILENT)  # type: ignore[arg-type] # bad sources too

    return run


@pytest.fixture
def raw_safetensors(tmp_path: Path) -> WriteHeader:
    """Write a file with any header (text, bytes or a value for JSON) and any data."""

    def write(header: object, data: bytes = b"", name: str = "raw.safetensors") -> Path:
        raw = (
            header
            if isinstance(header, bytes)
            else (header if isinstance(header, str) else json.dumps(header)).encode()
        )
        path = tmp_path / name
        path.write_bytes(len(raw).to_bytes(8, "little") + raw + data)
        return path

    return write


@pytest.fixture
def arrays() -> dict[str, NDArray[Any]]:
    """Arrays of several types and layouts, unsorted."""
    random = np.random.default_rng(7)
    return {
        "encoder.weight": random.normal(size=(16, 8)).astype("<f4"),
        "encoder.bias": random.normal(size=8).astype("<f4"),
        "steps": np.array(12, "<i8"),
        "mask": np.array([[True, False], [False, True]]),
        "turned": np.asfortranarray(random.normal(size=(5, 7))),
        "swapped": np.arange(6, dtype=">i4").reshape(2, 3),
        "empty": np.zeros((0, 3), "<f2"),
    }
