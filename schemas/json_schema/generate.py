"""Generate the JSON Schemas of the documents: `python -m hublish.schemas.json_schema.generate` writes them.

The descriptions are the texts below the fields. pydantic can collect them (`use_attribute_docstrings`), but does so on
every import, by parsing the source of each model again: 35 ms for every `hublish check`.
"""

import ast
import inspect
import json
import textwrap
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import ModelSchema

from hublish.schemas.documents.field_types import Document
from hublish.schemas.documents.lock import LOCK_VERSION, Lock
from hublish.schemas.documents.manifest import SCHEMA_VERSION, Manifest
from hublish.schemas.documents.plan import PLAN_VERSION, PlanDocument
from hublish.schemas.documents.receipt import RECEIPT_VERSION, ReceiptDocument
from hublish.schemas.documents.trust import TRUST_VERSION, TrustPolicy
from hublish.schemas.json_schema.editing import DRAFT_07, in_one_piece, schema_for_editors

Name = Literal["manifest", "plan", "receipt", "lock", "trust"]
FOLDER = Path(__file__).parents[1] / "json"

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Source(NamedTuple):
    """The model of a document, and the properties of its schema."""

    model: type[Document]
    version: int
    title: str
    # A document for people may omit defaults; one that hublish writes has all fields.
    mode: Literal["validation", "serialization"]


_SOURCES: Mapping[Name, _Source] = {
    "manifest": _Source(Manifest, SCHEMA_VERSION, "hub.yaml: a release to the Hub", "validation"),
    "plan": _Source(PlanDocument, PLAN_VERSION, "plan.json: the changes that publishing would make", "serialization"),
    "receipt": _Source(ReceiptDocument, RECEIPT_VERSION, "receipt.json: the result of publishing", "serialization"),
    "lock": _Source(Lock, LOCK_VERSION, "hub.lock: the record of a release", "serialization"),
    "trust": _Source(TrustPolicy, TRUST_VERSION, "trust.yaml: the signers that a reader accepts", "validation"),
}
NAMES: tuple[Name, ...] = tuple(_SOURCES)
_FOR_EDITORS: Mapping[Name, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "manifest": schema_for_editors,
    "trust": in_one_piece,
}


def schema(name: Name) -> dict[str, Any]:
    """Return the JSON Schema of a document: draft-07 for editors, 2020-12 for those that hublish writes."""
    source = _SOURCES[name]
    body = plain(source.model.model_json_schema(mode=source.mode, schema_generator=DescribedJsonSchema))
    form = _FOR_EDITORS.get(name)
    dialect, body = (DIALECT, body) if form is None else (DRAFT_07, form(body))
    return {"$schema": dialect, "$id": f"urn:hublish:{name}:{source.version}", "title": source.title, **body}


def plain(generated: dict[str, Any]) -> dict[str, Any]:
    """Return a generated schema without titles, and with the line breaks of the code removed from descriptions."""
    return {key: _for_reading(key, value) for key, value in generated.items() if key != "title"}


def schema_text(name: Name) -> str:
    """Return the JSON Schema of a document as it is committed."""
    return json.dumps(schema(name), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every schema to `schemas/json/`."""
    FOLDER.mkdir(exist_ok=True)
    for name in NAMES:
        (FOLDER / f"{name}.schema.json").write_text(schema_text(name), encoding="utf-8")


def _for_reading(key: str, part: Any) -> Any:
    """Remove generated titles (`Repo Id`), line breaks within paragraphs, and redundant keys.

    Editors show a title instead of the key, and each line break as the end of a paragraph. Only some versions of
    pydantic write the redundant keys.
    """
    if isinstance(part, list):
        return [_for_reading("", item) for item in part]
    if isinstance(part, str) and key == "description":
        return "\n\n".join(paragraph.replace("\n", " ") for paragraph in part.split("\n\n"))
    if not isinstance(part, dict):
        return part
    # A string "title" is an annotation; a mapping is a field of that name.
    kept = {name: item for name, item in part.items() if name != "title" or isinstance(item, dict)}
    if kept.get("additionalProperties") is True:
        del kept["additionalProperties"]
    if "const" in kept:
        kept.pop("enum", None)
    return {name: _for_reading(name, item) for name, item in kept.items()}


class DescribedJsonSchema(GenerateJsonSchema):
    """Generates JSON Schemas whose properties are described by the texts below their fields."""

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
            type(dft).model_rebuild()  # pydantic before 2.11 cannot serialize a default of a class that was not built
        return super().encode_default(dft)


def field_texts(model: type[Document]) -> dict[str, str]:
    """Return the text below each field of a class, inherited fields included."""
    texts: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if issubclass(owner, Document):
            (definition,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
            assert isinstance(definition, ast.ClassDef)
            texts |= _below_fields(definition)
    return texts


def _below_fields(definition: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, below in pairwise(definition.body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, inspect.cleandoc(text)


if __name__ == "__main__":
    main()
