"""The reference of the documents beside the manifest, and their schemas as files."""

from collections.abc import Iterator

from docs.generate.page import Page, code, heading, page, table
from docs.generate.schema_fields import Field, all_fields, fields
from hublish.schemas.json_schema.generate import NAMES, Name, schema, schema_text

FOLDER = "reference/documents"

_TITLES: dict[Name, str] = {
    "plan": "The plan, plan.json",
    "receipt": "The receipt",
    "lock": "The lock, hub.lock",
    "trust": "The trust policy, trust.yaml",
}


def document_pages() -> Iterator[Page]:
    """Yield a page for each document, and every schema as it is."""
    for name, title in _TITLES.items():
        yield Page(f"{FOLDER}/{name}.md", _document(name, title))
    for each in NAMES:
        yield Page(f"{FOLDER}/{each}.schema.json", schema_text(each))


def _document(name: Name, title: str) -> str:
    whole = schema(name)
    listed = fields(whole)
    nested = [field for field in all_fields(listed) if field.inside and not _repeated(field)]
    return page(
        f"# {title}",
        whole.get("description", ""),
        f"[JSON Schema]({name}.schema.json), {code(whole['$id'])}.",
        heading(2, "Fields"),
        _table(listed),
        *(page(heading(3, code(field.name), field.name), field.meaning, _table(field.inside)) for field in nested),
    )


def _repeated(field: Field) -> bool:
    """Return whether another page describes the fields inside of a field."""
    return field.name.split(".")[0] in ("load", "policy", "released_policy") or field.name.startswith("plan.")


def _table(listed: tuple[Field, ...]) -> str:
    rows = [(code(field.name.rpartition(".")[2]), field.kind, field.meaning) for field in listed]
    return table(("Field", "Type", "Meaning"), rows)
