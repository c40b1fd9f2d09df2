"""What every document has in common: frozen, closed to unknown keys, described for editors, silent on input."""

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """The base of all documents and their parts."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        # A wrong value may be a secret in the wrong place: errors never echo it.
        hide_input_in_errors=True,
        validate_default=True,
    )
