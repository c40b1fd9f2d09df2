"""What stands under each field of a document, for its JSON Schema.

pydantic can collect these texts too (`use_attribute_docstrings`), but does so whenever a model is imported, by parsing
its source again: 35 ms that `hublish check` would pay for descriptions nobody asked for.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema

from hublish.schemas.documents.document import Document


class DescribedJsonSchema(GenerateJsonSchema):
    """A JSON Schema whose properties carry the texts under their fields."""

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """Return the schema of one model."""
        generated = super().model_schema(schema)
        for name, text in field_texts(schema["cls"]).items():
            if name in generated.get("properties", {}):
                generated["properties"][name].setdefault("description", text)
        return generated

    def encode_default(self, dft: Any) -> Any:
        """Return a default as JSON."""
        if isinstance(dft, Document):
            type(dft).model_rebuild()  # before 2.11 pydantic cannot write one whose class was not built yet
        return super().encode_default(dft)


def field_texts(model: type[Document]) -> dict[str, str]:
    """Return the text under each field of a class, inherited ones too."""
    texts: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if issubclass(owner, Document):
            texts |= _own_texts(owner)
    return texts


def _own_texts(owner: type[Document]) -> dict[str, str]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    return dict(_below_fields(definition))


def _below_fields(definition: ast.stmt) -> Iterator[tuple[str, str]]:
    assert isinstance(definition, ast.ClassDef)
    for field, below in pairwise(definition.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)
