"""What a manifest can say of format `onnx`."""

from typing import ClassVar

from hublish.schemas.documents.document import Document, Flag


class OnnxOptions(Document):
    """How a model in memory becomes files."""

    external_data: Flag = False
    """Write tensors of a kilobyte and more to `<model>.onnx.data` beside the model; over 2 GB there is no other way."""


class OnnxFormat:
    """Format `onnx`."""

    name: ClassVar[str] = "onnx"
    suffix: ClassVar[str] = ".onnx"
    options: ClassVar[type[Document]] = OnnxOptions
