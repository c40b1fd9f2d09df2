"""What was loaded once is loaded again without a Hub."""

from collections.abc import Callable

import pytest

from tests.frameworks.libraries.steps import Found


@pytest.fixture(scope="module")
def offline(ran: Callable[..., Found]) -> Found:
    """What the offline script returned, after those that fill the cache."""
    for library in ("datasets", "sentence_transformers", "timm", "transformers"):
        ran(f"with_{library}")
    return ran("with_cache_alone", HF_HUB_OFFLINE="1")


def test_transformers_loads_a_model_and_its_tokenizer(offline: Found, ran: Callable[..., Found]) -> None:
    online = ran("with_transformers")
    weights, _, words = online["classifier"]["pushed"]
    assert offline["transformers"] == [[weights, words], online["revisions"]["pushed"]["v1"]]


def test_sentence_transformers_loads_all_modules(offline: Found, ran: Callable[..., Found]) -> None:
    assert offline["sentence_transformers"] == ran("with_sentence_transformers")["embedder"]["pushed"]


def test_timm_loads_a_classifier(offline: Found, ran: Callable[..., Found]) -> None:
    assert offline["images"] == ran("with_timm")["classifier"]["pushed"][0]


def test_datasets_loads_splits_and_a_configuration(offline: Found, ran: Callable[..., Found]) -> None:
    online = ran("with_datasets")
    assert offline["rows"] == [online["splits"]["pushed"], online["configs"]["pushed"]["de"]]


def test_what_was_never_loaded_is_not_found(offline: Found) -> None:
    assert "couldn't find them in the cached files" in offline["unknown"]
