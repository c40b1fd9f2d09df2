"""Words of other tools lead to fields that exist, and stand in nobody's way."""

import pytest

from hublish.schemas.diagnose.suggestions import word_for
from hublish.schemas.diagnose.synonyms import SYNONYMS
from hublish.schemas.documents import manifest
from hublish.schemas.documents.document import Document
from hublish.schemas.documents.manifest import Manifest


@pytest.mark.parametrize("name", SYNONYMS)
def test_every_word_leads_to_a_field_or_says_where_it_goes(name: str) -> None:
    model: type[Document] = getattr(manifest, name)
    for word, meant in SYNONYMS[name].items():
        assert word not in model.model_fields, "a field needs no synonym"
        assert meant in model.model_fields or " " in meant, (word, meant)


@pytest.mark.parametrize(
    ("word", "path", "meant"),
    [
        ("branch", ("repo",), "revision"),
        ("Branch", ("repo",), "revision"),
        ("dest", ("artifacts", 0), "path_in_repo"),
        ("exclude", ("patterns",), "ignore_patterns"),
        ("repo-type", ("repo",), "repo_type"),
        ("nothing-like-it", ("repo",), None),
        ("anything", ("card", "metadata"), None),
    ],
)
def test_a_word_is_understood_where_it_stands(word: str, path: tuple[str | int, ...], meant: str | None) -> None:
    assert word_for(word, Manifest, path) == meant


def test_a_misspelt_field_comes_before_a_word_of_another_tool() -> None:
    assert word_for("artefacts", Manifest, ()) == "artifacts"
    assert word_for("revison", Manifest, ("repo",)) == "revision"
