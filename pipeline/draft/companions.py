"""What goes up beside the weights: configurations, tokenizers, licences, and pictures that the card shows."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from hublish.pipeline.draft.kinds import is_split
from hublish.pipeline.draft.parts import Part
from hublish.pipeline.draft.tree import Tree, folder_of, joined, name_of

_CONFIG: Final = re.compile(r".*\.json|config\.ya?ml|labels\.txt|classes\.txt|.*_config\.ya?ml")
_TOKENIZER: Final = re.compile(
    r"vocab\.txt|merges\.txt|.*\.(?:model|spm|tiktoken|jinja|vocab)|bpe\.codes|tokenizer.*|vocab\.json"
    r"|special_tokens_map\.json|added_tokens\.json"
)
_RUNTIME: Final = re.compile(r"saved_model\.pb|keras_metadata\.pb|fingerprint\.pb|variables\..*")
TOOLS: Final = re.compile(
    r"package(?:-lock)?\.json|tsconfig.*\.json|composer\.json|\..*|pyrightconfig\.json|.*\.bin\.index\.json|plan\.json"
    r"|receipt\.json|devcontainer\.json|renovate\.json"
    r"|requirements.*\.txt|environment\.ya?ml|docker-compose.*\.ya?ml|mkdocs\.ya?ml|CMakeLists\.txt"
)
"""Files of other tools, whose endings say nothing."""
LICENCE: Final = re.compile(
    r"(?:licen[cs]e|copying|unlicense|notice|use_policy|third_party_notices)(?:[-_.].*)?", re.IGNORECASE
)
_PICTURE: Final = re.compile(r"""\]\(\s*<?([^)\s>]+)|(?:src|href)=["']([^"']+)["']""")
_SHOWN: Final = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".mp4", ".wav", ".mp3", ".pdf")
_LARGEST_CONFIG: Final = 16 << 20
"""Bytes; what is larger and no tokenizer is data."""


def companions(tree: Tree, files: Iterable[str]) -> tuple[Part, ...]:
    """Return the configurations and tokenizers among the files of a model."""
    files = [path for path in files if not TOOLS.fullmatch(name_of(path))]
    tokenizer = [path for path in files if _TOKENIZER.fullmatch(name_of(path))]
    config = [path for path in files if not _TOKENIZER.fullmatch(name_of(path)) and _is_config(tree, path)]
    runtime = [path for path in files if _RUNTIME.fullmatch(name_of(path))]
    # JSON files of both kinds are written as one glob, where that is possible.
    texts = [path for path in (*config, *tokenizer) if path.endswith(".json")]
    rest = [path for path in tokenizer if path not in texts]
    others = [path for path in config if path not in texts]
    return tuple(
        Part(tuple(sorted(paths)), why)
        for paths, why in (
            (texts, "configuration and tokenizer" if set(texts) & set(tokenizer) else "configuration"),
            (others, "configuration"),
            (rest, "the tokenizer's own files"),
            (runtime, "a SavedModel of TensorFlow"),
        )
        if paths
    )


def licences(files: Iterable[str], folders: Iterable[str]) -> tuple[str, ...]:
    """Return the licences and notices that lie in certain folders."""
    places = set(folders)
    found = (path for path in files if folder_of(path) in places and LICENCE.fullmatch(name_of(path)))
    return tuple(path for path in found if not path.lower().endswith((".py", ".json")))


def shown_by(tree: Tree, card: str) -> Iterator[str]:
    """Yield the pictures in the folder that a README shows."""
    for found in _PICTURE.finditer(tree.text(card, 1 << 20)):
        path = joined(folder_of(card), (found[1] or found[2]).removeprefix("./"))
        if path.lower().endswith(_SHOWN) and path in tree:
            yield path


def _is_config(tree: Tree, path: str) -> bool:
    if name_of(folder_of(path)) == ".eval_results":  # what the Hub shows as a model's results
        return path.endswith((".yaml", ".yml"))
    fits = _CONFIG.fullmatch(name_of(path)) is not None and not is_split(path)
    return fits and tree.sizes[path] <= _LARGEST_CONFIG
