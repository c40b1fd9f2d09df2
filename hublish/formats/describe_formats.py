"""Describe the built-in serializers for editors: `python -m hublish.formats.describe_formats` writes the descriptions.

The JSON Schema of the manifest lists every serializer with its options, but `schemas` is below `formats` and must not
import it. So the descriptions are committed as data, and a test checks that they are fresh.
"""

import inspect
import json
from typing import Any

from hublish.formats import registry
from hublish.formats.catalogue import FORMATS
from hublish.formats.interface import Format
from hublish.schemas.json_schema.editing import SERIALIZERS
from hublish.schemas.json_schema.generate import DescribedJsonSchema, plain


def described() -> str:
    """Return the text of `schemas/vocabulary/serializers.json`."""
    about = {name: described_format(FORMATS[name], registry.get(name)) for name in sorted(FORMATS)}
    return json.dumps(about, indent=2, ensure_ascii=False) + "\n"


def described_format(format_: Format, serializer: object) -> dict[str, Any]:
    """Return the description of one serializer, and the JSON Schema of its options."""
    options = format_.options.model_json_schema(schema_generator=DescribedJsonSchema)
    # The first paragraph: the others are for readers of the code.
    text = inspect.getdoc(serializer) or ""
    return {"description": text.partition("\n\n")[0].replace("\n", " "), "options": plain(options)}


def main() -> None:
    """Write the file."""
    SERIALIZERS.write_text(described(), encoding="utf-8")


if __name__ == "__main__":
    main()
