"""Write the checkpoints beside this file with torch 2.13.0: `python write.py`. The tests read them without it."""

from pathlib import Path

import torch

FOLDER = Path(__file__).parent
DTYPES = ["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
DTYPES += ["float16", "bfloat16", "float32", "float64", "complex64"]
DTYPES += ["float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"]


def dtypes() -> dict[str, torch.Tensor]:
    """Return the bytes 0 to 15 as elements of every type."""
    raw = torch.arange(16, dtype=torch.uint8)
    return {name: raw.clone().view(getattr(torch, name)) for name in DTYPES} | {"bool": raw % 2 == 1}


def layouts() -> dict[str, torch.Tensor]:
    """Return views of one storage, and tensors of unusual shapes."""
    whole = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    with_state = torch.nn.Parameter(torch.arange(3.0))
    with_state.note = "kept by torch, not by us"  # type: ignore[attr-defined,unused-ignore] # any attribute would do
    return {
        "whole": whole,
        "tied": whole,
        "transposed": whole.transpose(0, 2),
        "stepped": whole[:, 1:, ::2],
        "part": whole[1],
        "scalar": whole[1, 2, 3],
        "expanded": torch.tensor([[1.0], [2.0]]).expand(2, 3),
        "repeated": torch.tensor(2.5).expand(2, 2),
        "empty": torch.zeros(0, 3),
        "count": torch.tensor(7),
        "parameter": torch.nn.Parameter(whole[0]),
        "with_state": with_state,
        "bfloat16": torch.arange(6.0).bfloat16().reshape(2, 3).t(),
    }


class Scaled(torch.nn.Module):  # type: ignore[misc,unused-ignore] # torch need not be installed
    """A parameter, a buffer, and a tensor that is neither."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.arange(4.0))
        self.register_buffer("steps", torch.tensor(5))
        self.scratch = torch.zeros(2)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        """Scale."""
        return value * self.weight


class Model(torch.nn.Module):  # type: ignore[misc,unused-ignore] # torch need not be installed
    """A module with one inside."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = Scaled()
        self.bias = torch.nn.Parameter(torch.arange(4.0) + 1)

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        """Scale and shift."""
        shifted: torch.Tensor = self.inner(value) + self.bias
        return shifted


def main() -> None:
    """Write all of them."""
    torch.save(dtypes(), FOLDER / "dtypes.pt")
    torch.save(layouts(), FOLDER / "layouts.pt")
    torch.save(layouts(), FOLDER / "legacy.pt", _use_new_zipfile_serialization=False)
    state = Model().state_dict()
    torch.save({"epoch": 3, "model": {"plain": state, "ema.0": state}, "note": "x"}, FOLDER / "nested.ckpt")
    torch.jit.script(Model()).save(str(FOLDER / "script.pt"))


if __name__ == "__main__":
    main()
