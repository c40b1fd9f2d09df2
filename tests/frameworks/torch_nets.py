"""Modules that tests publish and load, in this process and in others."""

from dataclasses import dataclass
from typing import Any

import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn

import hublish


@dataclass
class Size:
    hidden: int
    rate: float = 0.25


class Net(nn.Module):
    """A small network, with a tied weight, a buffer, a dropout, and halves beside floats."""

    scale: torch.Tensor

    def __init__(self, hidden: int = 4, *, tied: bool = True) -> None:
        super().__init__()
        self.first = nn.Linear(3, hidden)
        self.second = nn.Linear(hidden, hidden)
        self.third = nn.Linear(hidden, hidden)
        if tied:
            self.third.weight = self.second.weight
        self.narrow = nn.Linear(hidden, 2, dtype=torch.bfloat16)
        self.register_buffer("scale", torch.tensor(2.0))
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.dropout(self.third(self.second(self.first(x)))) * self.scale
        out: torch.Tensor = self.narrow(hidden.to(self.narrow.weight.dtype))
        return out


class Keywords(nn.Module):
    """The arguments that a mixin has to store: a dataclass, a default, and keywords of any name."""

    def __init__(self, size: Size, bias: bool = True, **rest: Any) -> None:
        super().__init__()
        self.size, self.rest = size, rest
        self.linear = nn.Linear(3, size.hidden, bias=bias)
        self.same = self.linear
        self.norm = nn.BatchNorm1d(size.hidden)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.norm(self.same(x))
        return out


KIND: dict[str, Any] = {"license": "mit", "library_name": "acme", "tags": ["small"]}


class Ours(Keywords, hublish.HubMixin, **KIND): ...


class Theirs(Keywords, PyTorchModelHubMixin, **KIND): ...


class Configured(nn.Module, hublish.HubMixin):
    """A module that takes the whole configuration."""

    def __init__(self, config: Size) -> None:
        super().__init__()
        self.config = config
        self.linear = nn.Linear(3, config.hidden)


INPUT = torch.linspace(-1, 1, 12).reshape(4, 3)
