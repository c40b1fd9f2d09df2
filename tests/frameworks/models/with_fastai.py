"""fastai: a tabular learner. The policy must allow its upload, and loading it requires permission."""

import tempfile
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fastai.tabular.all import Categorify, Normalize, TabularDataLoaders, set_seed, tabular_learner
from numpy.typing import NDArray

import hublish
from tests.frameworks.models.data import points


def _table() -> Any:
    inputs, labels = points()
    table = pd.DataFrame(inputs, columns=list("abcd"))
    return table.assign(side=np.where(inputs[:, 0] > 0, "left", "right"), label=np.where(labels, "yes", "no"))


def train() -> Any:
    set_seed(0)
    names: dict[str, Any] = {"cat_names": ["side"], "cont_names": list("abcd"), "y_names": "label"}
    procs = [Categorify, Normalize]
    data = TabularDataLoaders.from_df(_table(), path=tempfile.mkdtemp(), procs=procs, bs=32, **names)
    learner = tabular_learner(data, layers=[8])
    with learner.no_bar(), learner.no_logging():
        learner.fit_one_cycle(2)
    return learner


def publish(model: Any, repo_id: str) -> hublish.Receipt:
    with pytest.raises(hublish.HublishError, match=r"is a pickle"):
        hublish.push_to_hub(model, repo_id)
    return hublish.push_to_hub(model, repo_id, policy={"pickle": "allow"})


def load(repo_id: str) -> Any:
    with pytest.raises(hublish.HublishError, match=r"'model\.pkl': the content is .*a pickle"):
        hublish.from_hub(repo_id)
    return hublish.from_hub(repo_id, trust=hublish.Trust(pickle=True))


def predict(model: Any) -> NDArray[Any]:
    with model.no_bar():
        found: NDArray[Any] = model.get_preds(dl=model.dls.test_dl(_table()))[0].numpy()
    return found
