"""The options of every built-in format, and their validation."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError

from hublish.base.errors import SerializationError
from hublish.formats.interface import Format
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.field_types import Document, Flag
from hublish.schemas.documents.sizes import Size

Float = Literal[
    "float64",
    "float32",
    "float16",
    "bfloat16",
    "float8_e4m3fn",
    "float8_e5m2",
    "float8_e4m3fnuz",
    "float8_e5m2fnuz",
]
"""The types that tensors are cast between, by torch's names."""


class InvalidOptionsError(SerializationError):
    """A serializer's options are invalid; `problems` holds every reason, with paths inside the options."""

    code = "serializer.options"


def validate_options(format_: Format, options: Mapping[str, Any]) -> Document:
    """Return `options` as an instance of the serializer's model.

    Raises:
        InvalidOptionsError: with one problem for each invalid option.
    """
    try:
        return format_.options.model_validate(dict(options))
    except ValidationError as error:
        from hublish.schemas.diagnose.diagnosis import diagnose

        found = diagnose(error, format_.options, options, family="serializer")
    msg = f"the options do not fit serializer '{format_.name}'"
    raise InvalidOptionsError(msg, problems=[_in_terms_of_options(problem, format_) for problem in found])


def _in_terms_of_options(problem: Problem, format_: Format) -> Problem:
    """Replace the model's words for a key by those for an option."""
    if problem.code != "serializer.unknown_key":
        return replace(problem, code="serializer.invalid_option")
    message = problem.message.replace("unknown key", "unknown option", 1)
    hint = problem.hint.replace("known keys:", "known options:", 1)
    if not format_.options.model_fields:
        hint = f"remove it: serializer '{format_.name}' has no options"
    return replace(problem, code="serializer.unknown_option", message=message, hint=hint, of_key=True)


# The attribute docstrings below reach editors through the JSON Schema: `make schemas` writes it.


class CopyOptions(Document):
    """Serializer `copy` has no options."""


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


class TorchOptions(SafetensorsOptions):
    """How a state dict becomes safetensors files: the options of serializer `safetensors`."""


class JaxOptions(SafetensorsOptions):
    """How a tree becomes safetensors files: the options of serializer `safetensors`, and one more."""

    separator: Annotated[str, StringConstraints(min_length=1, max_length=8)] = "."
    """What joins the keys on the way to an array: `params.dense.kernel`. No key may hold it. It is written to the
    metadata, so that the tree is built again by the same rule."""


class NumpyOptions(Document):
    """How arrays become a file."""

    compressed: Flag = False
    """Deflate the arrays of a `.npz`; trained weights hardly shrink, masks and counts do."""


class KerasOptions(Document):
    """How a model becomes a file."""

    lambdas: Literal["forbid", "allow"] = "forbid"
    """Whether a model may carry functions as Python bytecode, which `Lambda` layers do: whoever loads it must permit
    to run them, and they work in one version of Python only."""


class SklearnOptions(Document):
    """How an estimator becomes a file."""

    format: Literal["skops", "joblib"] = "skops"
    """`skops` executes nothing when it is loaded. `joblib` is a pickle: it goes up only when `policy.pickle` lets it,
    and is loaded only by whoever permits it."""


class FastaiOptions(Document):
    """Serializer `fastai` has no options."""


class OnnxOptions(Document):
    """How a model in memory becomes files."""

    external_data: Flag = False
    """Write tensors of a kilobyte and more to `<model>.onnx.data` beside the model; over 2 GB there is no other way."""


class GgufOptions(Document):
    """Serializer `gguf` has no options."""
