"""scikit-learn: a forest. skops requires permission for its type of trees, by name."""

from typing import Any

import pytest
from sklearn.ensemble import RandomForestClassifier

import hublish
from tests.frameworks.models.data import points
from tests.frameworks.models.with_sklearn import predict, publish

__all__ = ["load", "predict", "publish", "train"]


def train() -> Any:
    return RandomForestClassifier(10, random_state=0).fit(*points())


def load(repo_id: str) -> Any:
    with pytest.raises(hublish.HublishError, match=r"not known to be harmless: sklearn\.tree\._tree\.Tree"):
        hublish.from_hub(repo_id)
    return hublish.from_hub(repo_id, trust=hublish.Trust(types=("sklearn.tree._tree.Tree",)))
