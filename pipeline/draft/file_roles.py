"""Recognize the role of a file by its name: data, pickle, configuration, tokenizer, license, shown on the card."""

import re
from collections.abc import Iterable, Iterator
from posixpath import basename, dirname, join
from typing import Final

from hublish.formats.catalogue import PICKLE_SUFFIXES
from hublish.pipeline.draft.listing import Listing
from hublish.pipeline.draft.release_parts import Part

# Suffixes of images, sounds and videos, which are data where there are several.
MEDIA: Final = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".wav", ".mp3", ".flac", ".ogg", ".mp4")
# Names of files that configure other tools, despite a suffix that models or datasets use too.
TOOLS: Final = re.compile(
    r"package(?:-lock)?\.json|tsconfig.*\.json|composer\.json|\..*|pyrightconfig\.json|.*\.bin\.index\.json|plan\.json"
    r"|receipt\.json|devcontainer\.json|renovate\.json"
    r"|requirements.*\.txt|environment\.ya?ml|docker-compose.*\.ya?ml|mkdocs\.ya?ml|CMakeLists\.txt"
)
PICKLE_REASON: Final = "a pickle, which policy.pickle forbids"

_LINES: Final = (".csv", ".tsv", ".jsonl", ".ndjson")
# `datasets` decompresses text.
_COMPRESSED: Final = tuple(f"{suffix}.{by}" for suffix in _LINES for by in ("gz", "bz2", "xz", "zst"))
_TABLES: Final = (".parquet", *_LINES, ".arrow", *_COMPRESSED)
_ARCHIVES: Final = (".tar",)  # WebDataset shards
# One image may be a screenshot; several are data.
_FEWEST_MEDIA: Final = 2
# JSON and text are data if they are named after a split, as in `reviews_train.json` or `test-00001.txt`.
_SPLIT: Final = re.compile(r"(?:.*[-_])?(?:train|valid|validation|dev|test)(?:[-_]\d.*)?\.(?:json|txt)(?:\.gz)?")
_PLAIN_TEXTS: Final = (".txt", ".txt.gz")
_TEXTS: Final = (*_PLAIN_TEXTS, ".json", ".json.gz", ".xml")
# About the data, or about a program.
_NO_TEXTS: Final = re.compile(
    r"(?:licen[cs]e|copying|notice|readme|requirements|cmakelists|classes|labels)(?:[-_.].*)?", re.IGNORECASE
)
# Files in these folders were input of the training, even if they have a suffix of weights.
_DATA_FOLDERS: Final = re.compile(
    r"(?:data|datasets?|raw|processed|corpus|corpora|train|val|valid|validation|test|dev)"
)
# The first bytes of a pickle (protocol 2 and later), and of the zip file in which PyTorch wraps one.
_PICKLE_STARTS: Final = (b"\x80", b"PK\x03\x04")
# Other programs use `.bin` too. Where the content cannot be read, these are the names that PyTorch libraries give.
_TORCH_BIN: Final = ("pytorch_", "adapter_", "diffusion_", "model", "open_clip_", "training_")

_CONFIG: Final = re.compile(r".*\.json|config\.ya?ml|labels\.txt|classes\.txt|.*_config\.ya?ml")
# A configuration with more bytes is data. Tokenizers have no limit: a vocabulary may be large.
_LARGEST_CONFIG: Final = 16 << 20
_TOKENIZER: Final = re.compile(
    r"vocab\.txt|merges\.txt|.*\.(?:model|spm|tiktoken|jinja|vocab)|bpe\.codes|tokenizer.*|vocab\.json"
    r"|special_tokens_map\.json|added_tokens\.json"
)
# TensorFlow's SavedModel is a folder; the graph alone is not a model.
_SAVED_MODEL: Final = re.compile(r"saved_model\.pb|keras_metadata\.pb|fingerprint\.pb|variables\..*")
_LICENSE: Final = re.compile(
    r"(?:licen[cs]e|copying|unlicense|notice|use_policy|third_party_notices)(?:[-_.].*)?", re.IGNORECASE
)
# Links and images in Markdown or HTML, and the suffixes that a card can show.
_LINK: Final = re.compile(r"""\]\(\s*<?([^)\s>]+)|(?:src|href)=["']([^"']+)["']""")
_SHOWN: Final = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".mp4", ".wav", ".mp3", ".pdf")
_CARD_LIMIT: Final = 1 << 20


def data_files(files: Iterable[str]) -> list[str]:
    """Return the files with rows of data: tables, archives and splits, and images or sounds if there are several."""
    files = tuple(files)
    rows = [path for path in files if path.lower().endswith((*_TABLES, *_ARCHIVES)) or is_split(path)]
    # Images at the top are usually figures of the README.
    media = [path for path in files if path.lower().endswith(MEDIA) and dirname(path)]
    return sorted([*rows, *(media if len(media) >= _FEWEST_MEDIA else ())])


def text_data(files: Iterable[str]) -> list[str]:
    """Return the texts and documents that are data if a folder has no tables: those in subfolders, else all."""
    texts = [path for path in files if path.lower().endswith(_TEXTS) and not _NO_TEXTS.fullmatch(basename(path))]
    inside = [path for path in texts if dirname(path) and (path.lower().endswith(_PLAIN_TEXTS) or in_data_folder(path))]
    return sorted(inside or [path for path in texts if path.lower().endswith(_PLAIN_TEXTS)])


def is_split(path: str) -> bool:
    """Return whether a text or JSON file is named after a split of a dataset, which makes it data."""
    return _SPLIT.fullmatch(basename(path).lower()) is not None


def in_data_folder(path: str) -> bool:
    """Return whether a file is in a folder with a name for training data."""
    return any(_DATA_FOLDERS.fullmatch(segment.lower()) for segment in dirname(path).split("/"))


def is_pickle(listing: Listing, path: str) -> bool:
    """Return whether a file is a pickle: by suffix, and a `.bin` file by its first bytes, or by its name on a Hub."""
    name = basename(path).lower()
    if not name.endswith(".bin"):
        return name.endswith(PICKLE_SUFFIXES)
    if listing.folder is None:
        return name.startswith(_TORCH_BIN)
    return listing.head(path, 4).startswith(_PICKLE_STARTS)


def is_code(path: str) -> bool:
    """Return whether a file is source code or configures a build."""
    return path.endswith((".py", ".ipynb", ".sh", ".toml", ".cfg"))


def companions(listing: Listing, files: Iterable[str]) -> tuple[Part, ...]:
    """Return the configurations and tokenizers among the files of a model."""
    files = [path for path in files if not TOOLS.fullmatch(basename(path))]
    tokenizer = [path for path in files if _TOKENIZER.fullmatch(basename(path))]
    config = [path for path in files if not _TOKENIZER.fullmatch(basename(path)) and _is_config(listing, path)]
    saved_model = [path for path in files if _SAVED_MODEL.fullmatch(basename(path))]
    # JSON files of both kinds are one part, so that a single `*.json` can collect them.
    json = [path for path in (*config, *tokenizer) if path.endswith(".json")]
    groups = (
        (json, "configuration and tokenizer" if set(json) & set(tokenizer) else "configuration"),
        ([path for path in config if path not in json], "configuration"),
        ([path for path in tokenizer if path not in json], "files of the tokenizer"),
        (saved_model, "a TensorFlow SavedModel"),
    )
    return tuple(Part(tuple(sorted(paths)), why) for paths, why in groups if paths)


def license_files(files: Iterable[str], folders: Iterable[str]) -> tuple[str, ...]:
    """Return the licenses and notices directly in the given folders."""
    places = set(folders)
    found = (path for path in files if dirname(path) in places and _LICENSE.fullmatch(basename(path)))
    return tuple(path for path in found if not path.lower().endswith((".py", ".json")))


def shown_on_card(listing: Listing, card: str) -> Iterator[str]:
    """Yield the images and other media in the listing that a README links to."""
    for found in _LINK.finditer(listing.text(card, _CARD_LIMIT)):
        path = join(dirname(card), (found[1] or found[2]).removeprefix("./"))
        if path.lower().endswith(_SHOWN) and path in listing:
            yield path


def _is_config(listing: Listing, path: str) -> bool:
    if basename(dirname(path)) == ".eval_results":  # the Hub shows these files as a model's results
        return path.endswith((".yaml", ".yml"))
    fits = _CONFIG.fullmatch(basename(path)) is not None and not is_split(path)
    return fits and listing.sizes[path] <= _LARGEST_CONFIG
