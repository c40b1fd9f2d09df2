"""What a manifest can say of format `sklearn`."""

from typing import ClassVar, Literal

from hublish.schemas.documents.document import Document


class SklearnOptions(Document):
    """How an estimator becomes a file."""

    format: Literal["skops", "joblib"] = "skops"
    """`skops` executes nothing when it is loaded. `joblib` is a pickle: it goes up only when `policy.pickle` lets it,
    and is loaded only by whoever permits it."""


class SklearnFormat:
    """Format `sklearn`."""

    name: ClassVar[str] = "sklearn"
    suffix: ClassVar[str] = ".skops"
    options: ClassVar[type[Document]] = SklearnOptions
