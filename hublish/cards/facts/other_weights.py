"""Facts from the weights of models without safetensors: GGUF, ONNX, Keras, HDF5 or NumPy, whichever comes first."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from posixpath import basename
from typing import Any, Final

from hublish.base.content import Content
from hublish.cards.facts.fact import Fact
from hublish.cards.facts.source_files import UNREADABLE, SourceFiles, count, text
from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError

_GGUF: Final = re.compile(r"(?P<stem>.+?)(?P<part>-\d{5}-of-(?P<count>\d{5}))?\.gguf")
_ONNX: Final = re.compile(r".+\.onnx")
_KERAS: Final = re.compile(r".+\.keras")
# The weights of Keras and of TensorFlow models of transformers; other HDF5 files may be anything.
_HDF5: Final = re.compile(r"(?:.+\.)?weights\.h5|(?:tf_)?model\.h5")
_KERAS_WEIGHTS: Final = "model.weights.h5"
_OPTIMIZER: Final = "optimizer"
_NPZ: Final = re.compile(r".+\.npz")
_MAX_MEMBER: Final = 4 << 20
_MAX_ARRAYS: Final = 5000
_MAX_WEIGHTS: Final = 100_000
_MAX_PARTS: Final = 200
# A name such as `tiny.Q4_K_M.gguf` or `tiny-UD-IQ2_XXS.gguf`: the model, and the type of its weights.
_QUANTIZED_NAME: Final = re.compile(r"(?i)[-_.](?:UD-)?(?:I?Q\d\w*|TQ\d_\d|B?F16|F32|FP16|MXFP4\w*|NVFP4)$")
# A projector of images for a text model, and the data of a quantization.
_BESIDE: Final = re.compile(r"(?:.*[-_.])?(?:mmproj|imatrix)(?:[-_.].*)?", re.IGNORECASE)
# Constants of shapes and indices, which are not weights.
_NOT_WEIGHTS: Final = frozenset(["I32", "I64", "U32", "U64", "BOOL", "STRING"])
_PRODUCERS: Final = {"pytorch": "torch", "tf2onnx": "tf2onnx", "skl2onnx": "skl2onnx", "keras": "keras"}
_REPO: Final = re.compile(r"https://huggingface\.co/([\w.-]+/[\w.-]+)/?")
_SIZES: Final = {"context_length": "context_length", "layers": "block_count", "hidden_size": "embedding_length"}


def other_weight_facts(sources: SourceFiles) -> Iterator[Fact]:
    """Yield the facts of the weights of a model; none if they are those of several models."""
    if sources.matching(_GGUF):
        yield from _of_gguf(sources, _gguf_files(sources))
    elif sources.matching(_ONNX):
        yield from _of_onnx(sources)
    elif sources.matching(_KERAS):
        yield from _of_keras(sources)
    elif sources.matching(_HDF5):
        yield from _of_hdf5(sources)
    else:
        yield from _of_numpy(sources)


# ------------------------------------------------------------------------------------------------------------- GGUF


def _gguf_files(sources: SourceFiles) -> dict[str, list[str]]:
    """Return the files of each quantization of the one model in a release; empty if there are several models."""
    variants: dict[str, list[str]] = {}
    models = set()
    for path in sources.matching(_GGUF):
        found = _GGUF.fullmatch(basename(path))
        if found is None or _BESIDE.fullmatch(found["stem"]):
            continue
        variants.setdefault(path.removesuffix(basename(path)) + found["stem"], []).append(path)
        models.add(_QUANTIZED_NAME.sub("", found["stem"]).lower())
    whole = {stem: paths for stem, paths in variants.items() if _is_whole(paths)}
    return whole if len(models) == 1 else {}


def _is_whole(paths: list[str]) -> bool:
    counts = {found["count"] for path in paths if (found := _GGUF.fullmatch(basename(path)))}
    return counts == {None} or all(int(number or 0) == len(paths) for number in counts)


def _of_gguf(sources: SourceFiles, variants: Mapping[str, list[str]]) -> Iterator[Fact]:
    """Yield the facts that all quantizations share, and for a single one those of its tensors."""
    # Imported here: it needs numpy.
    from hublish.formats.gguf_header import read_gguf_header

    if not variants or max(map(len, variants.values())) > _MAX_PARTS:
        return
    files = min(variants.values(), key=lambda paths: (sum(map(sources.size, paths)), paths))
    try:
        headers = [read_gguf_header(sources.contents[path], sources.size(path)) for path in files]
    except UNREADABLE:
        return
    file, released, metadata = files[0], sources.released, headers[0].metadata
    tensors = [tensor for header in headers for tensor in header.tensors]
    yield Fact("model.parameters", sum(math.prod(tensor.shape) for tensor in tensors), file, "header", released)
    if len(variants) == 1:
        dtypes: dict[str, int] = {}
        for tensor in tensors:
            dtypes[tensor.type.name] = dtypes.get(tensor.type.name, 0) + math.prod(tensor.shape)
        yield Fact("model.dtypes", dict(sorted(dtypes.items())), file, "header", released)
        yield Fact("model.memory", sum(tensor.nbytes for tensor in tensors), file, "header", released)
        yield Fact("model.tensors", len(tensors), file, "header", released)
        yield from _quantization(metadata, dtypes, file, released)
    yield from _described(metadata, file, released)


def _quantization(metadata: Mapping[str, Any], dtypes: Mapping[str, int], file: str, released: bool) -> Iterator[Fact]:
    """Yield the name of the mixture of types, as llama.cpp has it; without one, the type of most parameters."""
    from hublish.schemas.vocabulary import table

    key = "general.file_type"
    mixture = text(table("gguf")["file_types"].get(str(count(metadata.get(key), 0))))
    if mixture is not None:
        yield Fact("model.quantization", mixture, file, key, released)
    elif dtypes:
        most = max(dtypes, key=lambda kind: (dtypes[kind], kind))
        yield Fact("model.quantization", most, file, "header", released)


def _described(metadata: Mapping[str, Any], file: str, released: bool) -> Iterator[Fact]:
    architecture = text(metadata.get("general.architecture"))
    if architecture is not None:
        yield Fact("model.architecture", architecture, file, "general.architecture", released)
    for name, suffix in _SIZES.items():
        key = f"{architecture}.{suffix}"
        if (value := count(metadata.get(key))) is not None:
            yield Fact(f"model.{name}", value, file, key, released)
    tokens = metadata.get("tokenizer.ggml.tokens")
    if isinstance(tokens, list) and tokens:
        yield Fact("model.vocabulary_size", len(tokens), file, "tokenizer.ggml.tokens", released)
    if (license_ := text(metadata.get("general.license"))) is not None:
        yield Fact("license", license_, file, "general.license", released)
    key = "general.base_model.0.repo_url"
    if found := _REPO.fullmatch(str(metadata.get(key))[:300]):
        yield Fact("base_models", [{"repo_id": found[1]}], file, key, released)


# ------------------------------------------------------------------------------------------------------------- ONNX


def _of_onnx(sources: SourceFiles) -> Iterator[Fact]:
    from hublish.formats.onnx_tensors import read_onnx_tensors

    paths = sources.matching(_ONNX)
    main = [path for path in paths if basename(path) == "model.onnx"]
    path = main[0] if main else paths[0] if len(paths) == 1 else None
    if path is None:
        return
    try:
        model = read_onnx_tensors(sources.contents[path], sources.size(path))
    except UNREADABLE:
        return
    weights = [(one.dtype, one.elements) for one in model.tensors if one.dtype not in _NOT_WEIGHTS]
    yield from _counted(weights, path, "graph.initializer", sources.released)
    library, version = _PRODUCERS.get(model.producer), text(model.producer_version)
    if library and version:
        yield Fact(f"versions.{library}", version, path, "producer_version", sources.released)


def _counted(tensors: Iterable[tuple[str, int]], path: str, key: str, released: bool) -> Iterator[Fact]:
    dtypes: dict[str, int] = {}
    for dtype, elements in tensors:
        dtypes[dtype] = dtypes.get(dtype, 0) + elements
    if dtypes:
        yield Fact("model.parameters", sum(dtypes.values()), path, key, released)
        yield Fact("model.dtypes", dict(sorted(dtypes.items())), path, key, released)


# -------------------------------------------------------------------------------------------------- Keras and NumPy


def _of_keras(sources: SourceFiles) -> Iterator[Fact]:
    """Yield the class, the version and the weights in the archive of a Keras model."""
    from hublish.formats.zip_reader import content_of, read_zip

    paths, released = sources.matching(_KERAS), sources.released
    if len(paths) != 1:
        return
    path = paths[0]
    values: dict[str, Any] = {}
    try:
        archive = read_zip(sources.contents[path])
        for name, key in (("metadata.json", "keras_version"), ("config.json", "class_name")):
            values[key] = archive.read_json(name, _MAX_MEMBER).get(key)
    except UNREADABLE:
        return
    if (version := text(values["keras_version"])) is not None:
        yield Fact("versions.keras", version, path, "metadata.json: keras_version", released)
    if (architecture := text(values["class_name"])) is not None:
        yield Fact("model.architecture", architecture, path, "config.json: class_name", released)
    weights = archive.by_name.get(_KERAS_WEIGHTS)
    # A compressed member cannot be read backwards, and its headers are all over it.
    if weights is not None and not weights.compressed:
        yield from _of_arrays(content_of(archive.blob, weights), path, f"{_KERAS_WEIGHTS}: header", released)


def _of_hdf5(sources: SourceFiles) -> Iterator[Fact]:
    """Yield the facts of the arrays in the only file of weights."""
    paths = sources.matching(_HDF5)
    if len(paths) == 1:
        yield from _of_arrays(sources.contents[paths[0]], paths[0], "header", sources.released)


def _of_arrays(blob: Blob, path: str, key: str, released: bool) -> Iterator[Fact]:
    """Yield the facts of the weights in an HDF5 file, without the state of the optimizer and of random numbers."""
    from hublish.formats.hdf5_arrays import read_arrays

    try:
        found = list(islice(read_arrays(blob, lambda name: not name.startswith(_OPTIMIZER)), _MAX_WEIGHTS + 1))
    except UNREADABLE:
        return
    weights = [array for array in found if array.dtype.startswith(("F", "BF"))]
    if not weights or len(found) > _MAX_WEIGHTS:
        return
    yield from _counted(((array.dtype, array.elements) for array in weights), path, key, released)
    yield Fact("model.memory", sum(array.nbytes for array in weights), path, key, released)
    yield Fact("model.tensors", len(weights), path, key, released)


def _of_numpy(sources: SourceFiles) -> Iterator[Fact]:
    """Yield the facts of the arrays in the only .npz file."""
    paths = sources.matching(_NPZ)
    if len(paths) != 1:
        return
    try:
        arrays = _arrays(sources.contents[paths[0]])
    except UNREADABLE:
        return
    yield from _counted(((dtype, elements) for dtype, elements, _ in arrays), paths[0], "header", sources.released)
    if arrays:
        yield Fact("model.memory", sum(nbytes for *_, nbytes in arrays), paths[0], "header", sources.released)
        yield Fact("model.tensors", len(arrays), paths[0], "header", sources.released)


def _arrays(content: Content) -> list[tuple[str, int, int]]:
    """Return the type, the elements and the bytes of each array in an archive."""
    from hublish.formats.tensors.npy import read_member_header
    from hublish.formats.zip_reader import read_zip

    archive = read_zip(content)
    if len(archive.members) > _MAX_ARRAYS:
        raise InvalidFileError("it has too many arrays")
    headers = [read_member_header(archive, member) for member in archive.members]
    return [(header.dtype().name, math.prod(header.shape), header.nbytes) for header in headers]
