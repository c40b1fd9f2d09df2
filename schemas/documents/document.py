"""What every document has in common: frozen, closed to unknown keys, described for editors, silent on input."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, Strict


class Document(BaseModel):
    """The base of all documents and their parts."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        # What is never validated is never built: importing one document costs nothing for the others.
        defer_build=True,
        # A wrong value may be a secret in the wrong place: errors never echo it.
        hide_input_in_errors=True,
        validate_default=True,
    )


# pydantic would take the text "no" for False and "5" for 5: a document says what it means.
Flag = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=0)]
