import re
from typing import Literal

import pytest

from hublish.schemas.vocabulary import table, vocabulary

Name = Literal["licenses", "tasks", "libraries"]
TableName = Literal["license_texts", "model_tasks", "never_released"]


@pytest.mark.parametrize(
    ("name", "known", "fewest"),
    [
        ("licenses", {"apache-2.0", "mit", "other", "llama4", "openmdw-1.1"}, 80),
        ("tasks", {"image-classification", "text-generation", "sentence-similarity"}, 50),
        ("libraries", {"transformers", "diffusers", "sklearn", "timm"}, 200),
    ],
)
def test_a_list_has_the_ids_of_the_hub_its_source_and_its_date(name: Name, known: set[str], fewest: int) -> None:
    found = vocabulary(name)
    assert known <= found.ids
    assert len(found.ids) >= fewest
    assert re.search(r"\d", found.source)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found.date)


@pytest.mark.parametrize("name", ["license_texts", "model_tasks", "never_released"])
def test_a_table_has_a_source_a_date_and_a_note(name: TableName) -> None:
    found = table(name)
    assert found["source"]
    assert found["note"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found["date"])
