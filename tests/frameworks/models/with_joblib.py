"""scikit-learn, pickled: publishing requires the policy, and loading requires permission."""

from typing import Any

import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import hublish
from tests.frameworks.models.data import points
from tests.frameworks.models.with_sklearn import predict
from tests.frameworks.models.with_sklearn import train as train_pipeline

__all__ = ["load", "predict", "publish", "train"]


def train() -> Any:
    return make_pipeline(FunctionTransformer(), train_pipeline()).fit(*points())


def publish(model: Any, repo_id: str) -> hublish.Receipt:
    declared: dict[str, Any] = {"artifact": "model.joblib", "serializer": "sklearn", "options": {"format": "joblib"}}
    with pytest.raises(hublish.HublishError, match="the content is a pickle"):
        hublish.push_to_hub(model, repo_id, **declared)
    return hublish.push_to_hub(model, repo_id, policy={"pickle": "allow"}, **declared)


def load(repo_id: str) -> Any:
    with pytest.raises(hublish.HublishError, match=r"'model\.joblib': the content is a pickle"):
        hublish.from_hub(repo_id)
    return hublish.from_hub(repo_id, trust=hublish.Trust(pickle=True))
