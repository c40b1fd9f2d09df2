"""What a manifest can say of format `safetensors`."""

from typing import Annotated, ClassVar

from pydantic import Field

from hublish.formats.tensors.floats import Float
from hublish.schemas.documents.document import Document
from hublish.schemas.documents.sizes import Size


class SafetensorsOptions(Document):
    """How arrays become safetensors files."""

    max_shard_size: Annotated[Size, Field(gt=0)] = 5 * 10**9
    """The most tensor data one file holds, as in huggingface_hub; a larger tensor gets a file of its own."""
    metadata: dict[str, str] = Field(default_factory=dict, examples=[{"format": "pt"}])
    """Texts for the file's `__metadata__`, added to those of a safetensors source. `format` is `pt` unless one of
    them says otherwise, as huggingface_hub writes it. In a sharded set all but `format` stand in the index."""
    key: str | None = Field(default=None, examples=["state_dict", "model.ema"])
    """Where in a PyTorch checkpoint the state dict is: keys of dictionaries within each other, joined by dots. Without
    it the checkpoint is the state dict, or holds no more than one."""
    include: tuple[str, ...] = Field(default=(), examples=[["encoder.*"]])
    """fnmatch patterns for the tensors to write, by their names in the source; without it all of them. `*` matches
    dots as well. A pattern that matches nothing is an error."""
    exclude: tuple[str, ...] = Field(default=(), examples=[["*.num_batches_tracked"]])
    """The same for what is left out, entries of a state dict that are no tensors among it. It wins over `include`."""
    rename: dict[str, str] = Field(default_factory=dict, examples=[{"module.": "", "fc.weight": "head.weight"}])
    """New names by old ones. A key that ends with a dot, or is empty, is a prefix; any other is a whole name and wins
    over prefixes, of which the longest counts. A key that matches nothing is an error, and so are two equal names."""
    dtype: Float | None = Field(default=None, examples=["bfloat16"])
    """Casts floating-point tensors, rounding to nearest; a number the new type cannot hold is an error. Integers,
    booleans and complex numbers stay as they are."""


class SafetensorsFormat:
    """Format `safetensors`."""

    name: ClassVar[str] = "safetensors"
    suffix: ClassVar[str] = ".safetensors"
    options: ClassVar[type[Document]] = SafetensorsOptions
