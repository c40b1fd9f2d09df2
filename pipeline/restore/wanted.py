"""What a caller wants of the weights."""

from dataclasses import dataclass
from typing import Any

from hublish.formats.interface import DISTRUST, Trust


@dataclass(frozen=True)
class Wanted:
    """An object to load into, and how."""

    into: Any = None
    """A class or an instance; a function that takes the arrays; None for what the format itself gives."""
    strict: bool = True
    """Refuse weights that lack a tensor of the object, or hold one it does not know."""
    device: Any = None
    """Where the tensors of a torch module go: `cuda:0`, or a `torch.device`."""
    dtype: Any = None
    """The type that floating tensors are cast to: `bfloat16`, or a type of numpy or torch."""
    trust: Trust = DISTRUST
    """What is permitted beyond reading data."""

    @property
    def by_target(self) -> bool:
        """Whether the load plan's own target may stand in for an object that was not given."""
        return self.into is None and self.trust.code
