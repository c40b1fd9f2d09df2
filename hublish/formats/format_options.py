"""The options of every built-in format, and their validation.

The docstrings of the fields reach editors through the JSON Schema of the manifest: `make schemas` writes it.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError

from hublish.base.errors import SerializationError
from hublish.formats.interface import Format
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.field_types import Document, Flag, Size

# Here and not with the arrays, because options must load without numpy.
Float = Literal[
    "float64", "float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz"
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
        # Only an error needs it, and `hublish check` has none of these most of the time.
        from hublish.schemas.diagnose.diagnosis import diagnose

        found = diagnose(error, format_.options, options, family="serializer")
    msg = f"the options are not valid for serializer '{format_.name}'"
    raise InvalidOptionsError(msg, problems=[_in_terms_of_options(problem, format_) for problem in found])


def default_suffix(format_: Format, options: Mapping[str, Any]) -> str:
    """Return the suffix of files without `path_in_repo`; empty keeps that of the source."""
    # joblib's files have several suffixes, none of which can be converted to another.
    return "" if format_.options is SklearnOptions and options.get("format") == "joblib" else format_.suffix


def _in_terms_of_options(problem: Problem, format_: Format) -> Problem:
    # The diagnosis of a document speaks of keys.
    if problem.code != "serializer.unknown_key":
        return replace(problem, code="serializer.invalid_option")
    message = problem.message.replace("unknown key", "unknown option", 1)
    hint = problem.hint.replace("known keys:", "known options:", 1)
    if not format_.options.model_fields:
        hint = f"remove it: serializer '{format_.name}' has no options"
    return replace(problem, code="serializer.unknown_option", message=message, hint=hint, of_key=True)


class CopyOptions(Document):
    """Serializer `copy` has no options."""


class SafetensorsOptions(Document):
    """How arrays become safetensors files."""

    max_shard_size: Annotated[Size, Field(gt=0)] = 5 * 10**9
    """The most tensor data per file, as in huggingface_hub; a larger tensor gets a file of its own."""
    metadata: dict[str, str] = Field(default_factory=dict, examples=[{"format": "pt"}])
    """Strings for the file's `__metadata__`, added to those of a safetensors source. `format` is `pt` unless set
    otherwise, as huggingface_hub writes it. In a sharded set all but `format` are in the index."""
    key: str | None = Field(default=None, examples=["state_dict", "model.ema"])
    """The path of the state dict in a PyTorch checkpoint: keys of nested dictionaries, joined by dots. Without it, the
    checkpoint is the state dict itself, or holds exactly one."""
    include: tuple[str, ...] = Field(default=(), examples=[["encoder.*"]])
    """fnmatch patterns of the tensors to write, by their names in the source; by default all tensors. `*` also matches
    dots. A pattern that matches nothing is an error."""
    exclude: tuple[str, ...] = Field(default=(), examples=[["*.num_batches_tracked"]])
    """fnmatch patterns of the tensors to omit, and of other entries in a state dict. It wins over `include`."""
    rename: dict[str, str] = Field(default_factory=dict, examples=[{"module.": "", "fc.weight": "head.weight"}])
    """New names by old names. A key that ends with a dot, or is empty, is a prefix; any other key is a whole name and
    wins over prefixes, the longest of which applies. A key that matches nothing is an error, as are two equal names."""
    dtype: Float | None = Field(default=None, examples=["bfloat16"])
    """Cast floating-point tensors to this type, rounding to nearest; a number it cannot hold is an error. Integers,
    booleans and complex numbers stay unchanged."""


# A class of its own, so that editors show a description that names the state dict.
class TorchOptions(SafetensorsOptions):
    """How a state dict becomes safetensors files: the options of serializer `safetensors`."""


class JaxOptions(SafetensorsOptions):
    """How a tree becomes safetensors files: the options of serializer `safetensors`, and one more."""

    separator: Annotated[str, StringConstraints(min_length=1, max_length=8)] = "."
    """The string that joins the keys on the path to an array: `params.dense.kernel`. No key may contain it. It is
    stored in the metadata, so that loading rebuilds the tree by the same rule."""


class NumpyOptions(Document):
    """How arrays become a file."""

    compressed: Flag = False
    """Deflate the arrays of a `.npz`. Trained weights hardly shrink; masks and counts do."""


class KerasOptions(Document):
    """How a model becomes a file."""

    lambdas: Literal["forbid", "allow"] = "forbid"
    """Whether a model may carry functions as Python bytecode, as `Lambda` layers do. Loading it then requires
    permission to run them, and they work in one version of Python only."""


class SklearnOptions(Document):
    """How an estimator becomes a file."""

    format: Literal["skops", "joblib"] = "skops"
    """`skops` executes nothing when it is loaded. `joblib` is a pickle: `policy.pickle` must allow the upload, and
    loading it requires permission."""


class FastaiOptions(Document):
    """Serializer `fastai` has no options."""


class OnnxOptions(Document):
    """How a model in memory becomes files."""

    external_data: Flag = False
    """Write tensors of a kilobyte and more to `<model>.onnx.data` beside the model. Models over 2 GB require it."""


class GgufOptions(Document):
    """Serializer `gguf` has no options."""
