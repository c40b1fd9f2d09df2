"""Draft a commented manifest for the files of a folder or repo."""

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from posixpath import dirname
from types import MappingProxyType
from typing import Final, NoReturn

from pydantic import ValidationError

from hublish.base.errors import DraftError
from hublish.formats.catalogue import MODEL_SUFFIXES
from hublish.pipeline.draft.card_facts import Readme, license_fields, readme_in, usable_readme
from hublish.pipeline.draft.commented_yaml import Field, Items, Section, dump_commented, plain
from hublish.pipeline.draft.dataset import dataset
from hublish.pipeline.draft.file_roles import data_files, in_data_folder, license_files
from hublish.pipeline.draft.listing import Listing, directly_in, never_released
from hublish.pipeline.draft.manifest_fields import manifest_fields
from hublish.pipeline.draft.model import model, model_folder
from hublish.pipeline.draft.release_parts import Detected, LeftOut, Outline
from hublish.pipeline.draft.space import app_of, space
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.manifest_yaml import read_manifest
from hublish.schemas.secrets.masking import redact

_SEARCHED: Final = (
    "searched for weights (safetensors, PyTorch, npz, ONNX, GGUF, Keras, skops), data (parquet, csv, jsonl, arrow, "
    "images, sounds) and an app (gradio, streamlit, Dockerfile, index.html)"
)
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_APP_EVIDENCE: Final = {"docker": "builds a container", "static": "is a web page"}


@dataclass(frozen=True)
class Drafted:
    """A manifest as text, and as the values that it is read as."""

    text: bytes
    manifest: Manifest
    detected: tuple[Detected, ...]
    left_out: tuple[LeftOut, ...]
    open: tuple[str, ...]
    """Fields that only the user can fill in, each as its path in the manifest and a reason."""


def draft(
    listing: Listing, repo_id: Field, repo_type: Field | None, origin: str, chosen: Mapping[str, str] = _NOTHING
) -> Drafted:
    """Return the manifest that the author of a folder would write.

    Without a repo type, it is detected. The comment at the top names the origin. `chosen` has the `visibility` and the
    `tag`, if the caller gives them.

    Raises:
        DraftError: when there is nothing to release, or a file name cannot be written in a manifest.
    """
    never = tuple(never_released(listing))
    excluded = {one.path for one in never}
    files = tuple(path for path in listing.sizes if path not in excluded)
    requested, repo_type = repo_type, repo_type or detect_repo_type(listing, files)
    if repo_type is None:
        _refuse(listing, never)
    root = model_folder(listing, files) if repo_type.value == "model" else ""
    readme, replaced = usable_readme(listing, root, repo_type.value)
    files = tuple(path for path in files if path not in {one.path for one in replaced})
    outline = _outline(listing, files, readme, repo_type.value, repo_id.value)
    left_out = _by_folder(listing, (*never, *replaced, *outline.left_out))
    if not outline.parts:
        # A pickle that is left out is evidence of a model, and may be a cache beside the data.
        if requested is None and repo_type.value == "model" and (data := data_files(files)):
            return draft(listing, repo_id, Field("repo_type", "dataset", f"from {data[0]}"), origin, chosen)
        _refuse(listing, left_out)
    written = manifest_fields(listing, outline, repo_id, repo_type, readme, origin, chosen)
    text = dump_commented(written.head, written.fields, written.tail).encode("utf-8")
    manifest = _read_back(text, written.fields)
    detected = (*outline.detected, *_detected_for_card(readme, outline))
    open_ = (*_without_model(listing, outline, repo_type.value), *_open(written.fields))
    return Drafted(text, manifest, detected, left_out, open_)


def detect_repo_type(listing: Listing, files: tuple[str, ...]) -> Field | None:
    """Return the repo type of a folder: from the README's metadata, else from its app, weights or data."""
    readme = readme_in(listing, ("",)) if CARD_FILE in set(files) else None
    keys = set(readme.metadata or ()) if readme else set()
    if keys & {"sdk", "app_file"}:
        return Field("repo_type", "space", f"from {CARD_FILE}: its metadata names an SDK")
    if keys & {"configs", "dataset_info", "task_categories", "size_categories"}:
        return Field("repo_type", "dataset", f"from {CARD_FILE}: it has the metadata of a dataset")
    data, app = data_files(files), app_of(listing, files)
    weights = [path for path in files if path.lower().endswith(MODEL_SUFFIXES) and not in_data_folder(path)]
    # Models and datasets may come with a Dockerfile or a page, but rarely with an app that imports gradio.
    if app and (app.sdk in ("gradio", "streamlit") or not data) and not directly_in(weights, ""):
        return Field("repo_type", "space", f"from {app.file}: {_APP_EVIDENCE.get(app.sdk, f'imports {app.sdk}')}")
    if weights or keys & {"library_name", "pipeline_tag", "base_model"}:
        return Field("repo_type", "model", f"from {weights[0] if weights else CARD_FILE}")
    return Field("repo_type", "dataset", f"from {data[0]}") if data else None


def _outline(
    listing: Listing, files: tuple[str, ...], readme: Readme | None, repo_type: RepoType, repo_id: str
) -> Outline:
    if repo_type == "model":
        return model(listing, files, readme)
    if repo_type == "dataset":
        return dataset(listing, files, readme)
    outline = space(listing, files, readme, repo_id.rpartition("/")[2])
    if repo_type == "space":
        return outline
    # A kernel's build tool has arranged its files already: all of them are released, as those of a Space are.
    parts = tuple(replace(part, why="part of the kernel") for part in outline.parts)
    metadata = license_fields(listing, license_files(files, ("",)))
    return Outline(template="model", parts=parts, left_out=outline.left_out, metadata=metadata)


def _detected_for_card(readme: Readme | None, outline: Outline) -> Iterator[Detected]:
    if readme:
        yield Detected("a card", readme.path)
    for field in outline.metadata:
        if field.key == "license" and not field.hint:
            yield Detected(f"license {field.value}", field.why.removeprefix("from "))


def _read_back(text: bytes, fields: tuple[Field, ...]) -> Manifest:
    """Return the manifest that a reader gets from the text, and raise if it differs from the fields."""
    # File names can be anything. This proves that no name changed the meaning of the text.
    try:
        manifest = read_manifest(text)
        expected = Manifest.model_validate(plain(fields))
    except InvalidDocumentError as error:
        msg = "cannot draft a manifest with these file names"
        raise DraftError(msg, hint="rename the files, or write hub.yaml by hand", problems=error.problems) from None
    except ValidationError:
        manifest, expected = None, None
    if manifest is None or manifest != expected:
        msg = "the draft is not read back as it was written"
        raise DraftError(msg, hint="this is a bug in hublish: report it with the names of the files")
    return manifest


def _by_folder(listing: Listing, left_out: Iterable[LeftOut]) -> tuple[LeftOut, ...]:
    """Return the excluded files, with one entry for a folder whose files are all left out for the same reason."""
    # A folder of 10,000 logs is one line of the draft.
    reasons = {one.path: one.why for one in left_out}
    inside: dict[str, set[str]] = {}
    for item in listing.items:
        folder = dirname(item.path)
        while folder:
            inside.setdefault(folder, set()).add(reasons.get(item.path, ""))
            folder = dirname(folder)
    whole = {f"{folder}/": why for folder, (why, *others) in inside.items() if why and not others}
    found = {path: why for path, why in {**reasons, **whole}.items() if not _is_below(path, whole)}
    return tuple(LeftOut(redact(path), why) for path, why in sorted(found.items()))


def _is_below(path: str, folders: Container[str]) -> bool:
    folder = dirname(path.removesuffix("/"))
    while folder and f"{folder}/" not in folders:
        folder = dirname(folder)
    return bool(folder)


def _without_model(listing: Listing, outline: Outline, repo_type: RepoType) -> Iterator[str]:
    """Yield the model that was left out, if the release would contain nothing but the files around it."""
    released = {path for part in outline.parts for path in (*part.files, *part.brings)}
    if repo_type == "model" and not any(path.lower().endswith(MODEL_SUFFIXES) for path in released):
        left = {one.path: one.why for one in outline.left_out if one.path.lower().endswith(MODEL_SUFFIXES)}
        # Several checkpoints may be left out: the first represents them, as the others need the same step.
        path = next((path for path in left if not in_data_folder(path) and path in listing), None)
        if path is not None:
            yield f"artifacts: the model, {redact(path)}, is left out ({left[path]})"


def _open(fields: Iterable[Field], place: str = "") -> Iterator[str]:
    """Yield the path of every open field, with the reason."""
    for field in fields:
        here = f"{place}.{field.key}" if place else field.key
        if field.open:
            yield f"{here}: {field.why.removeprefix('fill in: ')}"
        if isinstance(field.value, Section):
            yield from _open(field.value.fields, here)
        elif isinstance(field.value, Items):
            for index, section in enumerate(field.value.sections):
                yield from _open(section.fields, f"{here}[{index}]")


def _refuse(listing: Listing, left_out: tuple[LeftOut, ...]) -> NoReturn:
    some = "; ".join(f"{one.path}: {one.why}" for one in left_out[:3])
    out = f"; left out: {some}{'; ...' if len(left_out) > 3 else ''}" if left_out else ""
    raise DraftError(f"{listing.name} holds nothing to release", hint=f"{_SEARCHED}{out}")
