from pydantic import Field

from hublish.schemas.documents.document import Document
from hublish.schemas.documents.manifest import Manifest, Repo
from hublish.schemas.json_schema.descriptions import DescribedJsonSchema, field_texts


class Part(Document):
    """A part."""

    size: int = 1
    """How much of it
    there is."""
    silent: int = 2


class Whole(Part):
    """The whole."""

    part: Part = Part()
    """One of them."""
    told: int = Field(default=3, description="In other words.")
    """What is said already is not said again."""

    def method(self) -> str:
        """Say nothing of a field."""
        return ""


def test_the_text_under_a_field_describes_it_in_every_class_that_inherits_it() -> None:
    assert field_texts(Part) == {"size": "How much of it\nthere is."}
    assert field_texts(Whole) == {
        "size": "How much of it\nthere is.",
        "part": "One of them.",
        "told": "What is said already is not said again.",
    }


def test_a_json_schema_carries_the_texts() -> None:
    schema = Whole.model_json_schema(schema_generator=DescribedJsonSchema)
    assert {name: field.get("description") for name, field in schema["properties"].items()} == {
        "size": "How much of it\nthere is.",
        "silent": None,
        "part": "One of them.",
        "told": "In other words.",
    }
    assert schema["$defs"]["Part"]["properties"]["size"]["description"] == "How much of it\nthere is."


def test_every_field_of_the_manifest_is_described() -> None:
    for model in (Manifest, Repo):
        assert set(field_texts(model)) == set(model.model_fields)
