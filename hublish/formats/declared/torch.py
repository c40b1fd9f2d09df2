"""What a manifest can say of format `torch`."""

from typing import ClassVar

from hublish.formats.declared.safetensors import SafetensorsOptions
from hublish.schemas.documents.document import Document


class TorchOptions(SafetensorsOptions):
    """How a state dict becomes safetensors files: the options of serializer `safetensors`."""


class TorchFormat:
    """Format `torch`."""

    name: ClassVar[str] = "torch"
    suffix: ClassVar[str] = ".safetensors"
    options: ClassVar[type[Document]] = TorchOptions
