"""torch: a module with tied weights, loaded into its class with the configuration that was published."""

from typing import Any

import torch
from numpy.typing import NDArray

import hublish
from tests.frameworks.models.data import points


class Classifier(torch.nn.Module):
    """Encodes and decodes with the same matrix, then decides."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.encoder = torch.nn.Linear(4, hidden)
        self.norm = torch.nn.BatchNorm1d(hidden)
        self.again = torch.nn.Linear(4, hidden)
        self.again.weight = self.encoder.weight
        self.decide = torch.nn.Linear(hidden, 2)

    def forward(self, inputs: Any) -> Any:
        return self.decide(torch.relu(self.norm(self.encoder(inputs)) + self.again(inputs)))


def train() -> Any:
    torch.manual_seed(0)
    inputs, labels = (torch.from_numpy(array) for array in points())
    model = Classifier(8)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(20):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(inputs), labels).backward()
        optimizer.step()
    return model.eval()


def publish(model: Any, repo_id: str) -> hublish.Receipt:
    return hublish.push_to_hub(model, repo_id, config={"hidden": 8})


def load(repo_id: str) -> Any:
    model = hublish.from_hub(repo_id, into=Classifier)
    assert model.again.weight is model.encoder.weight
    return model


def predict(model: Any) -> NDArray[Any]:
    with torch.no_grad():
        found: NDArray[Any] = model(torch.from_numpy(points()[0])).numpy()
    return found
