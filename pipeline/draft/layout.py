"""Which folder inside a folder is the model, and which of its subfolders belong to it."""

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from hublish.formats.catalogue import FORMATS, MODEL_SUFFIXES
from hublish.pipeline.draft.kinds import in_data_folder
from hublish.pipeline.draft.tree import Tree, below, folder_of, joined, name_of

_QUANTISED: Final = FORMATS["gguf"].suffix
_DECLARES_FOLDERS: Final = ("model_index.json", "modules.json")
_EXPORTS: Final = frozenset(
    ["onnx", "openvino", "coreml", "gguf", "tflite", "additional_chat_templates", ".eval_results"]
)
"""Subfolders that the Hub's libraries look into by these names."""
_PREFERENCE: Final = (r"best", r"final", r"(?:.*[-_])?(?:model|export|release|published)s?", r"out(?:put)?s?")


def model_folder(tree: Tree, files: Iterable[str]) -> str:
    """Return the folder whose content becomes the repo: where the weights are, or what declares them."""
    files = tuple(files)
    declaring = [folder_of(path) for path in files if name_of(path) in _DECLARES_FOLDERS]
    weights = [path for path in files if _is_weight(path)]
    found = sorted(set(declaring or (_above_exports(folder_of(path)) for path in weights)))
    if not found or "" in found or tree.curated:
        return ""
    if all(path.endswith(_QUANTISED) for path in weights):  # one model, at several sizes
        return posixpath.commonpath(found)
    least = min(folder.count("/") for folder in found)
    return min((folder for folder in found if folder.count("/") == least), key=_preference)


def components(tree: Tree, root: str) -> frozenset[str]:
    """Return the subfolders of a model that its own files name, or that libraries look for."""
    named: set[str] = set(_EXPORTS)
    modules = tree.json(joined(root, "modules.json"))
    if isinstance(modules, list):
        named |= {path for one in modules if isinstance(one, Mapping) and isinstance(path := one.get("path"), str)}
    named |= {key for key, value in tree.table(joined(root, "model_index.json")).items() if _is_component(value)}
    inside = {path[len(root) + 1 if root else 0 :] for path in below(tree.sizes, root)}
    saved = {folder_of(path) for path in inside if name_of(path) == "saved_model.pb"}
    named |= {part for folder in saved for part in (folder, joined(folder, "variables"), joined(folder, "assets"))}
    if all(path.endswith(_QUANTISED) for path in inside if _is_weight(path)):
        named |= {folder_of(path) for path in inside if path.endswith(_QUANTISED)}
    return frozenset(named - {""})


def _is_weight(path: str) -> bool:
    return path.lower().endswith(MODEL_SUFFIXES) and not in_data_folder(path)


def _is_component(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(part is None or isinstance(part, str) for part in value)


def _above_exports(folder: str) -> str:
    return folder_of(folder) if name_of(folder) in _EXPORTS else folder


def _preference(folder: str) -> tuple[int, list[int], str]:
    """Order folders that each hold a model: the one that is named for it, then the latest run."""
    name = name_of(folder).lower()
    rank = next((index for index, word in enumerate(_PREFERENCE) if re.fullmatch(word, name)), len(_PREFERENCE))
    return rank, [-int(number) for number in re.findall(r"\d+", folder)], folder
