"""Facts about the origin of a release: license, base models, datasets, languages, and the task that it is for.

The card's metadata names them; configuration files add the commit of a base model, or name it where the metadata does
not.
"""

import re
from collections.abc import Iterator, Mapping
from posixpath import basename
from typing import Any, Final

from hublish.cards.facts.fact import Fact
from hublish.cards.facts.model_configuration import ADAPTER, find_config
from hublish.cards.facts.source_files import SourceFiles, text
from hublish.formats.model_library import configured_kinds
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.hub_names import REPO_ID_PATTERN

_LICENSE_FILE: Final = re.compile(r"(?:un)?licen[sc]e(?:[-_. ].*)?|copying(?:\..*)?", re.IGNORECASE)
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
# Names of two parts that are folders on the machine that wrote a configuration.
_LOCAL_FOLDER: Final = re.compile(r"(?:models?|output|outputs|checkpoints?|data|runs|results)/")
# Models from before the Hub had namespaces. Other names of one part are those of folders.
_WITHOUT_OWNER: Final = re.compile(
    r"(?:distil)?(?:bert|gpt2|roberta)(?:-.+)?|(?:t5|xlm|xlnet|albert|camembert|xlm-roberta)-.+|gpt2|openai-gpt|ctrl"
)
_MOST_NAMES: Final = 1000


def base_models_of(metadata: Mapping[str, Any]) -> list[str]:
    """Return the base models that the metadata of a card names; for a Space, the models that it uses."""
    return _on_hub(metadata, "base_model", "models")


def datasets_of(metadata: Mapping[str, Any]) -> list[str]:
    """Return the datasets that the metadata of a card names."""
    # Those from before the Hub had namespaces have many names: `squad`, `s2orc`.
    return list(dict.fromkeys(name for name in _names(metadata.get("datasets")) if _is_repo_id(name)))


def _on_hub(metadata: Mapping[str, Any], *keys: str) -> list[str]:
    names = (name for key in keys for name in _names(metadata.get(key)) if _is_on_hub(name))
    return list(dict.fromkeys(names))


def lineage_facts(sources: SourceFiles, metadata: Mapping[str, Any], repo_id: str) -> Iterator[Fact]:
    """Yield the facts of the card's metadata, and those of configurations that name a base model."""
    yield from _library(sources, metadata)
    yield from _license(sources, metadata)
    for name, key in (("datasets", "datasets"), ("languages", "language")):
        if values := _names(metadata.get(key)):
            yield Fact(name, values, CARD_FILE, key)
    yield from _base_models(sources, metadata, repo_id)


def _library(sources: SourceFiles, metadata: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the library and the task: those of the metadata, or else those that the configuration files show."""
    kinds = tuple(configured_kinds(sources.json))
    # A model of sentence-transformers may be declared as one of transformers, whose task is another one.
    declared_kind = next((one for one in kinds if one.library == metadata.get("library_name")), None)
    kind = declared_kind or next(iter(kinds), None)
    inferred = {"library_name": kind and kind.library, "pipeline_tag": kind and kind.task}
    for key, value in inferred.items():
        if (declared := text(metadata.get(key))) is not None:
            yield Fact(f"model.{key}", declared, CARD_FILE, key)
        elif kind is not None and value is not None:
            yield Fact(f"model.{key}", value, kind.file, kind.key, sources.released)


def _license(sources: SourceFiles, metadata: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the license by its id, by its name if it has no id, or by its file."""
    key = "license_name" if metadata.get("license") == "other" and text(metadata.get("license_name")) else "license"
    names = _names(metadata.get(key))
    if names:
        yield Fact("license", ", ".join(names), CARD_FILE, key)
        return
    file = next((path for path in sources if path == basename(path) and _LICENSE_FILE.fullmatch(path)), None)
    if file is not None:
        yield Fact("license", file, file, released=sources.released)


def _base_models(sources: SourceFiles, metadata: Mapping[str, Any], repo_id: str) -> Iterator[Fact]:
    """Yield the base models, with the commit if a configuration names it."""
    adapter, (path, config) = sources.mapping(ADAPTER), find_config(sources)
    # transformers writes the name from which a model was loaded, and the commit that this name was at.
    known = (
        (ADAPTER, "base_model_name_or_path", "revision", adapter),
        (path, "_name_or_path", "_commit_hash", config),
    )
    commits: dict[str, str] = {}
    found: list[tuple[str, str, str]] = []
    for file, key, commit_key, values in known:
        name, commit = values.get(key), values.get(commit_key)
        if not isinstance(name, str) or not _is_on_hub(name) or name == repo_id:
            continue
        found.append((name, file, key))
        if isinstance(commit, str) and _COMMIT.fullmatch(commit):
            commits.setdefault(name, commit)
    declared = _on_hub(metadata, "base_model")
    relation = text(metadata.get("base_model_relation")) or ("adapter" if adapter else None)
    if declared:
        value = [_described(name, commits, relation) for name in declared]
        yield Fact("base_models", value, CARD_FILE, "base_model")
    elif found:
        name, file, key = found[0]
        yield Fact("base_models", [_described(name, commits, relation)], file, key, sources.released)


def _described(name: str, commits: Mapping[str, str], relation: str | None) -> dict[str, str]:
    found = {"repo_id": name, "commit": commits.get(name), "relation": relation}
    return {key: value for key, value in found.items() if value}


def _names(value: Any) -> list[str]:
    """Return a text, or the texts in a list."""
    values = value if isinstance(value, list) else [value]
    return [found for one in values[:_MOST_NAMES] if (found := text(one)) is not None]


def _is_on_hub(name: str) -> bool:
    if not _is_repo_id(name):
        return False
    return bool(_WITHOUT_OWNER.fullmatch(name)) if "/" not in name else not _LOCAL_FOLDER.match(name)


def _is_repo_id(name: str) -> bool:
    return bool(re.match(REPO_ID_PATTERN, name)) and not name.endswith("\n")
