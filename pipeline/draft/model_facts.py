"""Infer the library, task, base model and own code of a model from its configuration files."""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname, join, splitext
from typing import Any, Final

from hublish.formats.catalogue import PICKLE_SUFFIXES
from hublish.formats.model_library import ModelKind, configured_kinds, file_format
from hublish.pipeline.draft.commented_yaml import Field
from hublish.pipeline.draft.listing import Listing, directly_in
from hublish.schemas.documents.hub_names import check_repo_id, check_target
from hublish.schemas.secrets.masking import holds_token

NO_TASK: Final = Field("pipeline_tag", "text-generation", "the task, by its name on the Hub", hint=True)

_TABULAR: Final = Field("pipeline_tag", "tabular-classification", "or tabular-regression", hint=True)
_NO_BASE: Final = "fill in: the model that it adapts, by its name on the Hub; adapter_config.json contains a path"
# The most characters of a value from a configuration that a draft repeats.
_LONGEST: Final = 80
# A repo_id of two segments looks like a path; these first segments are folders rather than owners.
_LOCAL_FOLDER: Final = re.compile(r"(?:models?|output|checkpoints?|data|runs)/")

# Keys of config.json that name the class of a model.
_CLASS_KEYS: Final = ("architecture", "model_class", "class_name", "_class_name", "model")
# Bounds on the Python files that are parsed in search of that class.
_LARGEST_SCRIPT: Final = 256 << 10
_MOST_SCRIPTS: Final = 200


@dataclass(frozen=True, slots=True)
class Library:
    """The library that loads a model."""

    name: str
    evidence: str
    fields: tuple[Field, ...]
    """Fields for `card.metadata`."""


@dataclass(frozen=True, slots=True)
class OwnCode:
    """Python files that are part of a model."""

    files: tuple[str, ...] = ()
    evidence: str = ""
    target: str | None = None
    """The model's class as `module:Class`, if config.json names it."""


def library_of(listing: Listing, root: str, files: Iterable[str]) -> Library | None:
    """Return the library of a model in folder `root`; None if none of its files names one."""
    kinds = configured_kinds(lambda name: listing.json(join(root, name)))
    kind = next((kind for kind in kinds if not holds_token(kind.value)), None)
    return _by_format(tuple(files)) if kind is None else _by_configuration(kind, listing, root)


def _by_configuration(kind: ModelKind, listing: Listing, root: str) -> Library:
    config = listing.json_object(join(root, kind.file))
    extra: Iterable[Field] = ()
    if kind.library == "peft":
        extra = _of_adapter(config, kind.value)
    elif kind.library == "transformers":
        extra = _of_fine_tuned(config)
    task = Field("pipeline_tag", kind.task, f"from {kind.file}") if kind.task else NO_TASK
    return Library(
        kind.library, kind.evidence, (Field("library_name", kind.library, f"from {kind.evidence}"), task, *extra)
    )


def _of_adapter(config: Mapping[str, Any], kind: str) -> Iterator[Field]:
    base = _text(config, "base_model_name_or_path")
    if base is not None and is_on_hub(base):
        yield Field("base_model", base, "adapter_config.json: base_model_name_or_path")
    else:
        yield Field("base_model", "owner/name", _NO_BASE, hint=True, open=True)
    if kind.upper() == "LORA":
        yield Field("tags", ["lora"], f"adapter_config.json: peft_type {kind}")


def _of_fine_tuned(config: Mapping[str, Any]) -> Iterator[Field]:
    base = _text(config, "_name_or_path")
    if base and is_on_hub(base):
        # A hint only: transformers writes the key for copies too.
        why = "config.json: _name_or_path; keep it if the model was fine-tuned from this one"
        yield Field("base_model", base, why, hint=True)


def _by_format(files: Iterable[str]) -> Library | None:
    # Files that are released first: pickles are left out.
    names = sorted(map(basename, files), key=lambda name: name.lower().endswith(PICKLE_SUFFIXES))
    found = file_format(names)
    if found is None:
        return None
    # A pickle is left out, and hub.yaml, which is published, must not name it.
    is_pickle = found.file.lower().endswith(PICKLE_SUFFIXES)
    why = f"from a {splitext(found.file)[1]} file" if is_pickle else f"from {found.file}"
    tag = Field("tags", [found.name.lower()], why)
    field = Field("library_name", found.library, why) if found.library else tag
    return Library(found.name, found.file, (field, *((_TABULAR,) if found.library == "sklearn" else ())))


def is_on_hub(name: str) -> bool:
    """Return whether a string can be the id of a Hub repo, rather than a path."""
    try:
        return check_repo_id(name).count("/") == 1 and not _LOCAL_FOLDER.match(name)
    except ValueError:
        return False


def _text(config: Mapping[str, Any], key: str) -> str | None:
    value = config.get(key)
    fits = isinstance(value, str) and 0 < len(value) <= _LONGEST and not holds_token(value)
    return value if fits else None


def own_code(listing: Listing, files: Iterable[str], root: str) -> OwnCode:
    """Return the Python files that define the classes named in config.json, with the modules that they import.

    They may be in the model's folder `root` or at the top. Nothing is imported: the files are parsed.
    """
    files = tuple(files)
    config = listing.json_object(join(root, "config.json"))
    modules = {path: found for path in _scripts(files, root) if (found := _parsed(listing, path)) is not None}
    if mapped := tuple(_auto_map(config, modules, root)):
        return OwnCode(_with_imports(mapped, modules), "config.json: auto_map")
    for key in _CLASS_KEYS:
        name = config.get(key)
        for path, module in modules.items():
            if isinstance(name, str) and any(isinstance(one, ast.ClassDef) and one.name == name for one in module.body):
                return OwnCode(_with_imports((path,), modules), f"config.json: {key} {name}", _target(path, name))
    return OwnCode()


def _scripts(files: tuple[str, ...], root: str) -> list[str]:
    here = [path for folder in dict.fromkeys((root, "")) for path in directly_in(files, folder)]
    return [path for path in here if path.endswith(".py")][:_MOST_SCRIPTS]


def _parsed(listing: Listing, path: str) -> ast.Module | None:
    if listing.sizes[path] > _LARGEST_SCRIPT:
        return None
    try:
        with warnings.catch_warnings():  # invalid escapes in the user's strings are not our concern
            warnings.simplefilter("ignore")
            return ast.parse(listing.head(path, _LARGEST_SCRIPT))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _auto_map(config: Mapping[str, Any], modules: Mapping[str, ast.Module], root: str) -> Iterator[str]:
    """Yield the files that transformers imports with `trust_remote_code`."""
    mapped = config.get("auto_map")
    for value in mapped.values() if isinstance(mapped, dict) else ():
        for name in value if isinstance(value, list) else [value]:
            # `owner/repo--module.Class` refers to code in another repo.
            if isinstance(name, str) and "--" not in name:
                path = join(root, f"{name.partition('.')[0]}.py")
                if path in modules:
                    yield path


def _with_imports(paths: Iterable[str], modules: Mapping[str, ast.Module]) -> tuple[str, ...]:
    """Return the files, and the files beside them that they import, directly or indirectly."""
    found: dict[str, None] = {}
    waiting = list(paths)
    while waiting:
        path = waiting.pop(0)
        if path not in found:
            found[path] = None
            beside = (join(dirname(path), f"{name}.py") for name in _imports(modules[path]))
            waiting += [other for other in beside if other in modules]
    return tuple(sorted(found))


def _imports(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from [node.module.partition(".")[0]] if node.module else [alias.name for alias in node.names]


def _target(path: str, name: str) -> str | None:
    if holds_token(name):
        return None
    try:
        return check_target(f"{basename(path).removesuffix('.py')}:{name}")
    except ValueError:
        return None
