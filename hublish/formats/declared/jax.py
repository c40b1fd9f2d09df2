"""What a manifest can say of format `jax`."""

from typing import Annotated, ClassVar

from pydantic import StringConstraints

from hublish.formats.declared.safetensors import SafetensorsOptions
from hublish.schemas.documents.document import Document


class JaxOptions(SafetensorsOptions):
    """How a tree becomes safetensors files: the options of serializer `safetensors`, and one more."""

    separator: Annotated[str, StringConstraints(min_length=1, max_length=8)] = "."
    """What joins the keys on the way to an array: `params.dense.kernel`. No key may hold it. It is written to the
    metadata, so that the tree is built again by the same rule."""


class JaxFormat:
    """Format `jax`."""

    name: ClassVar[str] = "jax"
    suffix: ClassVar[str] = ".safetensors"
    options: ClassVar[type[Document]] = JaxOptions
