"""The one table of formats: names, options, requirements, and the suffixes of every kind of weight file.

Every list of suffixes in hublish derives from it. It imports neither numpy nor a framework, so that `hublish check` and
drafts can read it. A new format needs a row in `FORMATS` and a module with its serializer.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final, Literal, NamedTuple

from hublish.formats import format_options as options
from hublish.schemas.documents.field_types import Document

COPY: Final = "copy"
"""The format of a file that is published as it is."""
SHARD_INDEX_SUFFIX: Final = ".index.json"
"""Appended to the name of the whole by the index of its shards: `model.safetensors.index.json`."""


# Named tuples, since most commands import this module: a dataclass takes several times as long to create.
class FileType(NamedTuple):
    """Files of one suffix that hold weights, whether or not hublish loads them."""

    suffix: str
    description: str
    """The reason that a draft gives for publishing such a file."""
    pickle: Literal["never", "by content", "always"] = "never"
    """Whether it is a pickle by convention. A `.bin` is a PyTorch checkpoint, or the binary of another runtime."""
    has_arrays: bool = False
    """Whether serializer `safetensors` reads it."""
    is_kept: bool = False
    """Whether a draft publishes it unconverted."""
    library: str | None = None
    """The Hub's `library_name` of a model when such a file is the only evidence."""
    is_evidence: bool = True
    """Whether the suffix alone shows that a folder is a model."""


class Requirement(NamedTuple):
    """A package that a format imports on use."""

    package: str
    """Its import name."""
    install: str
    """The arguments of `pip install`."""
    advice: str = ""
    """The advice when it is installed and fails to import."""

    @property
    def command(self) -> str:
        """The command that installs it."""
        return f"pip install {self.install}"


class FormatEntry(NamedTuple):
    """One format, described without its serializer."""

    name: str
    """As written in the manifest."""
    location: str
    """The serializer's module in `hublish.formats` and its class: `torch:Torch`."""
    options: type[Document]
    """The model of an artifact's `options`."""
    files: tuple[FileType, ...] = ()
    """The default first; empty when any file will do."""
    companions: tuple[str, ...] = ()
    """Patterns of the files that belong to a file of the format."""
    requires: tuple[Requirement, ...] = ()
    keeps_suffix: bool = False
    """Whether an artifact without `path_in_repo` keeps the suffix of its source."""
    loads_arrays: bool = True
    """Whether `hublish.load` opens its files as arrays by name; otherwise only `from_hub` rebuilds an object."""

    @property
    def serializer(self) -> str:
        """Module and class, as in an entry point."""
        return f"hublish.formats.{self.location}"

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The suffixes of its files."""
        return tuple(file.suffix for file in self.files)

    @property
    def suffix(self) -> str:
        """The suffix for artifacts without `path_in_repo`; empty keeps the source's."""
        return "" if self.keeps_suffix else self.files[0].suffix


# Rows that several formats share.
_SAFETENSORS: Final = FileType(".safetensors", "weights", has_arrays=True)
_PKL: Final = FileType(".pkl", "a pickle", "always", library="sklearn")
_PTH: Final = FileType(".pth", "a PyTorch checkpoint", "always", has_arrays=True)
_SHARDS: Final = (f"*.safetensors{SHARD_INDEX_SUFFIX}",)
_H5PY: Final = Requirement("h5py", "h5py")
_JAX: Final = Requirement("jax", "jax")
_TORCH: Final = Requirement("torch", "torch")
# Versions before 3.11 have known ways around safe mode, such as CVE-2025-1550 and CVE-2025-9906.
_KERAS: Final = Requirement(
    "keras",
    "'keras>=3.12' torch  # and set KERAS_BACKEND=torch",
    "Keras needs a backend: install tensorflow, jax or torch, and name it in KERAS_BACKEND",
)
# Loading an estimator imports scikit-learn, which neither package depends on by itself.
_SKLEARN: Final = (Requirement("skops", "'skops>=0.13' scikit-learn"), Requirement("joblib", "joblib scikit-learn"))
_ONNX: Final = (Requirement("onnx", '"hublish[onnx]"'), Requirement("onnxruntime", "onnxruntime"))

# In order of preference: a repo often holds the same weights in several formats, and loading reads one of them.
# safetensors comes first: it never executes code, and arrays are mapped without a copy.
_ENTRIES: Final = (
    FormatEntry(
        "safetensors", "safetensors:Safetensors", options.SafetensorsOptions, (_SAFETENSORS,), _SHARDS, (_H5PY,)
    ),
    FormatEntry("torch", "torch:Torch", options.TorchOptions, (_SAFETENSORS,), _SHARDS, (_TORCH,)),
    FormatEntry("jax", "jax:Jax", options.JaxOptions, (_SAFETENSORS,), _SHARDS, (_JAX,)),
    FormatEntry("flax", "jax:Flax", options.JaxOptions, (_SAFETENSORS,), _SHARDS, (_JAX,)),
    FormatEntry(
        "gguf", "gguf:Gguf", options.GgufOptions, (FileType(".gguf", "GGUF; its header is checked", is_kept=True),)
    ),
    FormatEntry(
        "keras",
        "keras:Keras",
        options.KerasOptions,
        (FileType(".keras", "a Keras model; rejected if it contains code", is_kept=True, library="keras"),),
        requires=(_KERAS, _H5PY),
    ),
    FormatEntry(
        "sklearn",
        "sklearn:Sklearn",
        options.SklearnOptions,
        # The first suffix is the default; the others need `policy.pickle` and the reader's permission.
        (
            FileType(".skops", "an estimator; loading it executes nothing", is_kept=True, library="sklearn"),
            FileType(".joblib", "a pickle", "always", library="sklearn"),
            _PKL,
            FileType(".pickle", "a pickle", "always", library="sklearn"),
        ),
        requires=_SKLEARN,
        loads_arrays=False,
    ),
    FormatEntry(
        "onnx",
        "onnx:Onnx",
        options.OnnxOptions,
        (FileType(".onnx", "ONNX; its structure is checked"),),
        ("*.onnx.data",),  # the name that `external_data: true` gives
        _ONNX,
    ),
    FormatEntry(
        "numpy",
        "numpy:Numpy",
        options.NumpyOptions,
        # A `.npy` is as often a sample of the data as a weight.
        (
            FileType(".npz", "NumPy arrays", has_arrays=True),
            FileType(".npy", "a NumPy array", has_arrays=True, is_evidence=False),
        ),
        keeps_suffix=True,
    ),
    FormatEntry(
        "fastai",
        "fastai:Fastai",
        options.FastaiOptions,
        (_PKL, _PTH),
        requires=(Requirement("fastai", "fastai"),),
        loads_arrays=False,
    ),
    FormatEntry(COPY, "copy:Copy", options.CopyOptions, keeps_suffix=True, loads_arrays=False),
)
FORMATS: Final[Mapping[str, FormatEntry]] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
"""The built-in formats by name, the preferred one first."""

REQUIREMENTS: Final[Mapping[str, Requirement]] = MappingProxyType(
    {requirement.package: requirement for entry in _ENTRIES for requirement in entry.requires}
)
"""The packages that formats import on use, by import name."""

# Files of other libraries: serializer `safetensors` converts some, `copy` publishes the others.
_WITHOUT_SERIALIZER: Final = (
    FileType(".pt", "a PyTorch checkpoint", "always", has_arrays=True),
    FileType(".ckpt", "a PyTorch checkpoint", "always", has_arrays=True),
    FileType(".bin", "a PyTorch checkpoint", "by content", has_arrays=True),
    # A TorchScript archive holds code as well, which converting drops: a draft leaves the choice to the author.
    FileType(".jit", "a TorchScript archive", "by content", has_arrays=True, is_evidence=False),
    # Listed for its library only: the suffix `.h5` includes it.
    FileType(".weights.h5", "Keras weights", has_arrays=True, library="keras"),
    FileType(".h5", "Keras weights", has_arrays=True, is_kept=True),
    FileType(".hdf5", "Keras weights", is_kept=True),
    FileType(".msgpack", "Flax weights", is_kept=True),
    FileType(".tflite", "a LiteRT model", is_kept=True, library="litert"),
    FileType(".mlmodel", "a Core ML model", is_kept=True),
    FileType(".pb", "a TensorFlow graph"),  # one file of a SavedModel, which is published as a folder
    FileType(".ggml", "GGML, which GGUF replaced", is_evidence=False),
    FileType(".model", "a SentencePiece vocabulary", is_evidence=False),
)

FILE_TYPES: Final = (*dict.fromkeys(file for entry in _ENTRIES for file in entry.files), *_WITHOUT_SERIALIZER)
"""Every kind of weight file. A suffix comes before the suffixes that it ends with."""

# No other module lists suffixes of weights, which a test checks.
WEIGHT_SUFFIXES: Final = tuple(file.suffix for file in FILE_TYPES)
"""Suffixes of files that hold weights or belong to a model."""
MODEL_SUFFIXES: Final = tuple(file.suffix for file in FILE_TYPES if file.is_evidence)
"""Suffixes that show that a folder is a model."""
ARRAY_SUFFIXES: Final = tuple(file.suffix for file in FILE_TYPES if file.has_arrays)
"""Suffixes of files that serializer `safetensors` reads."""
CHECKPOINT_SUFFIXES: Final = tuple(file.suffix for file in FILE_TYPES if file.has_arrays and file.pickle != "never")
"""Suffixes of PyTorch checkpoints, which serializer `safetensors` converts without unpickling them."""
CHECKPOINT_INDEX_SUFFIXES: Final = tuple(f"{suffix}{SHARD_INDEX_SUFFIX}" for suffix in (".bin", ".pt"))
"""Suffixes of the indexes of sharded PyTorch checkpoints, as transformers and accelerate write them."""
PICKLE_SUFFIXES: Final = tuple(file.suffix for file in FILE_TYPES if file.pickle == "always")
"""Suffixes of files that are pickles by convention. Only the content proves it: the audit does not go by suffixes."""


# The preferred format comes last, and so wins. A pickle is never chosen by its suffix: loading takes permission.
_LOADED_BY: Final = {
    file.suffix: entry.name for entry in reversed(_ENTRIES) for file in entry.files if file.pickle == "never"
}
LOADED_BY: Final[Mapping[str, str]] = MappingProxyType(
    {suffix: _LOADED_BY[suffix] for suffix in WEIGHT_SUFFIXES if suffix in _LOADED_BY}
)
"""Suffix -> the serializer that loads such files unless the load plan names another; the preferred suffix first."""

COMPANIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {entry.suffix: entry.companions for entry in _ENTRIES if entry.companions}
)
"""Suffix -> patterns of the files that belong to a file with it."""


def suffixes_of(library: str) -> tuple[str, ...]:
    """Return the suffixes that are evidence of one of the Hub's libraries."""
    return tuple(file.suffix for file in FILE_TYPES if file.library == library)


class BuiltIn:
    """The base of the built-in serializers: `class Torch(BuiltIn, row="torch")` takes its attributes from that row."""

    name: ClassVar[str]
    suffix: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    options: ClassVar[type[Document]]
    # A serializer whose output changes overrides it.
    version: ClassVar[int] = 1

    def __init_subclass__(cls, *, row: str) -> None:
        """Copy the attributes of the row."""
        # At class creation, so that an unknown row fails on import and not when a release is published.
        entry = FORMATS[row]
        cls.name, cls.suffix, cls.suffixes, cls.options = entry.name, entry.suffix, entry.suffixes, entry.options
