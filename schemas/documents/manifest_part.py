"""The base class of hub.yaml's sections."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationInfo, model_validator

from hublish.schemas.diagnose.problems import InvalidValueError
from hublish.schemas.documents.field_types import Document
from hublish.schemas.secrets.masking import holds_token, texts_in
from hublish.schemas.secrets.token_rules import WHERE_CREDENTIALS_GO

SEARCHED = "searched for secrets"
"""The context in which a manifest is validated whose text was searched already, with the place of every secret."""


class ManifestPart(Document):
    """The base class of the manifest and its sections."""

    @model_validator(mode="before")
    @classmethod
    def _without_secret_keys(cls, data: Any, info: ValidationInfo) -> Any:
        # Built in Python, it has no text that was searched, and pydantic quotes unknown keys, unlike values.
        unknown = data.keys() - cls.model_fields.keys() if isinstance(data, Mapping) else ()
        if info.context is not SEARCHED and holds_token("\n".join(texts_in([*unknown]))):
            raise InvalidValueError("secret in manifest", WHERE_CREDENTIALS_GO)
        return data
