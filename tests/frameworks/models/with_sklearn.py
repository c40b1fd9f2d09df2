"""scikit-learn: a pipeline of types that skops knows to be harmless."""

from typing import Any

from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import hublish
from tests.frameworks.models.data import points


def train() -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(*points())


def publish(model: Any, repo_id: str) -> hublish.Receipt:
    return hublish.push_to_hub(model, repo_id)


def load(repo_id: str) -> Any:
    return hublish.from_hub(repo_id)


def predict(model: Any) -> NDArray[Any]:
    found: NDArray[Any] = model.predict_proba(points()[0])
    return found
