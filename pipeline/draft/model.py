"""Outline the release of a folder with a trained model."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from posixpath import basename, commonpath, dirname, join
from typing import Any, Final

from hublish.formats.catalogue import FORMATS, MODEL_SUFFIXES
from hublish.pipeline.draft import file_roles
from hublish.pipeline.draft.card_content import model_content
from hublish.pipeline.draft.card_facts import Readme, license_fields
from hublish.pipeline.draft.commented_yaml import Field, Section
from hublish.pipeline.draft.figures import UNCLEAR, is_picture
from hublish.pipeline.draft.listing import Listing
from hublish.pipeline.draft.measured_results import Evaluated
from hublish.pipeline.draft.model_facts import NO_TASK, Library, OwnCode, library_of, own_code
from hublish.pipeline.draft.model_weights import weights
from hublish.pipeline.draft.release_parts import Detected, LeftOut, Outline, Part
from hublish.schemas.documents.file_names import CARD_FILE

# Hints for facts that no file of the model states.
_NO_LIBRARY: Final = Field("library_name", "transformers", "the library that loads it, by its Hub name", hint=True)
_LANGUAGE: Final = Field("language", "en", "if it reads or writes one", hint=True)
_TAGS: Final = Field("tags", ["example"], "keywords for the Hub's search", hint=True)

# GGUF repos offer one model in several sizes, often with a folder for each.
_QUANTIZED: Final = FORMATS["gguf"].suffix
# diffusers and sentence-transformers list the subfolders of a model in these files.
_DECLARES_FOLDERS: Final = ("model_index.json", "modules.json")
# Subfolders in which the Hub and its libraries look for files by these names.
_EXPORTS: Final = frozenset(
    ["onnx", "openvino", "coreml", "gguf", "tflite", "additional_chat_templates", ".eval_results"]
)
# A release has one model. Of several folders with one, these names are preferred, the first most of all.
_PREFERENCE: Final = (r"best", r"final", r"(?:.*[-_])?(?:model|export|release|published)s?", r"out(?:put)?s?")


def model(listing: Listing, files: Iterable[str], readme: Readme | None) -> Outline:
    """Return the outline of a model's release, from the files that may be released and a README published unchanged."""
    files = tuple(files)
    root = model_folder(listing, files)
    own = tuple(_own(listing, files, root))
    selected = weights(listing, own)
    code = own_code(listing, files, root)
    card = (readme.path,) if readme else ()
    licenses = file_roles.license_files(files, (root, ""))
    taken = {*selected.paths, *card, *code.files}
    rest, papers = ([path for path in paths if path not in taken] for paths in (own, licenses))
    parts = (*selected.parts, *_companions(listing, rest, code, papers, card))
    released = frozenset([*card, *(path for part in parts for path in (*part.files, *part.brings))])
    inside = frozenset(own)
    elsewhere = {dirname(path) for path in files if path.lower().endswith(MODEL_SUFFIXES) and path not in inside}
    decided = released | selected.paths
    library = library_of(listing, root, own)
    task = next((field for field in library.fields if field.key == "pipeline_tag") if library else iter(()), NO_TASK)
    is_rendered = readme is None and not listing.from_hub
    shown = model_content(listing, files, own, root, task, released, elsewhere, is_rendered=is_rendered)
    decided |= {path for part in shown.parts for path in part.files}
    left = (LeftOut(path, _reason(listing, path, root, elsewhere)) for path in files if path not in decided)
    first = parts[0].files[0] if selected.parts else "its metadata"
    return Outline(
        template="model",
        root=root,
        parts=(*parts, *shown.parts) if parts else (),
        left_out=(*selected.left_out, *left, *shown.left_out),
        detected=(*_detected(root, library, code, first), *shown.detected),
        metadata=(*license_fields(listing, licenses), *_metadata(library, shown.evaluation)),
        card=shown.fields,
        variables=shown.variables,
        load=_load(code),
    )


def model_folder(listing: Listing, files: Iterable[str]) -> str:
    """Return the folder whose content becomes the repo: the one with the weights, or with the file that lists them."""
    files = tuple(files)
    declaring = [dirname(path) for path in files if basename(path) in _DECLARES_FOLDERS]
    found_weights = [path for path in files if _is_weight(path)]
    found = sorted(set(declaring or (_above_exports(dirname(path)) for path in found_weights)))
    # In a Hub repo, all files have their final paths.
    if not found or "" in found or listing.from_hub:
        return ""
    if all(path.endswith(_QUANTIZED) for path in found_weights):
        return commonpath(found)
    least = min(folder.count("/") for folder in found)
    return min((folder for folder in found if folder.count("/") == least), key=_preference)


def components(listing: Listing, root: str) -> frozenset[str]:
    """Return the subfolders of a model that its own files name, or that libraries look for."""
    modules, index = listing.json(join(root, "modules.json")), listing.json_object(join(root, "model_index.json"))
    named = {key for key, value in index.items() if _is_component(value)}
    if isinstance(modules, list):
        named |= {path for one in modules if isinstance(one, Mapping) and isinstance(path := one.get("path"), str)}
    inside = {path.removeprefix(_prefix(root)) for path in listing.sizes if path.startswith(_prefix(root))}
    # The layout of TensorFlow's SavedModel.
    saved = {dirname(path) for path in inside if basename(path) == "saved_model.pb"}
    named |= {part for folder in saved for part in (folder, join(folder, "variables"), join(folder, "assets"))}
    if all(path.endswith(_QUANTIZED) for path in inside if _is_weight(path)):
        named |= {dirname(path) for path in inside if path.endswith(_QUANTIZED)}
    return frozenset(named | _EXPORTS) - {""}


def _is_weight(path: str) -> bool:
    return path.lower().endswith(MODEL_SUFFIXES) and not file_roles.in_data_folder(path)


def _is_component(value: Any) -> bool:
    # For example `"unet": ["diffusers", "UNet2DModel"]`, or two nulls for a component that is not used.
    return isinstance(value, list) and len(value) == 2 and all(part is None or isinstance(part, str) for part in value)


def _above_exports(folder: str) -> str:
    return dirname(folder) if basename(folder) in _EXPORTS else folder


def _preference(folder: str) -> tuple[int, list[int], str]:
    """Return the sort key of a folder with a model: by name, then the latest run first."""
    name = basename(folder).lower()
    # By number rather than by text: run-10 is later than run-9.
    rank = next((index for index, word in enumerate(_PREFERENCE) if re.fullmatch(word, name)), len(_PREFERENCE))
    return rank, [-int(number) for number in re.findall(r"\d+", folder)], folder


def _own(listing: Listing, files: Iterable[str], root: str) -> Iterator[str]:
    """Yield the files in the model's folder and in its components."""
    inside = components(listing, root)
    for path in files:
        folder = dirname(path.removeprefix(_prefix(root)))
        belongs = listing.from_hub or not folder or any(f"{folder}/".startswith(f"{one}/") for one in inside)
        if path.startswith(_prefix(root)) and belongs:
            yield path


def _prefix(root: str) -> str:
    return f"{root}/" if root else ""


def _companions(
    listing: Listing, rest: list[str], code: OwnCode, licenses: list[str], card: tuple[str, ...]
) -> Iterator[Part]:
    """Yield the parts of a model other than its weights; `rest` has its files other than weights, code and card."""
    found = file_roles.companions(listing, rest)
    yield from found
    if code.files:
        yield Part(code.files, f"the model's own code ({code.evidence})")
    if licenses:
        yield Part(tuple(licenses), "the license")
    shown = [path for one in card for path in dict.fromkeys(file_roles.shown_on_card(listing, one))]
    if listing.from_hub:  # every other file was released on purpose too
        named = {*(path for part in found for path in part.files), *licenses, *shown}
        shown += [path for path in rest if path not in named and not file_roles.is_pickle(listing, path)]
    if shown:
        yield Part(tuple(sorted(shown)), "part of the repo" if listing.from_hub else "shown on the card")


def _metadata(library: Library | None, results: Evaluated | None) -> tuple[Field, ...]:
    """Return the metadata of the card; a task from evaluation results replaces a hint."""
    known = library.fields if library else (_NO_LIBRARY,)
    certain = any(field.key == "pipeline_tag" and not field.hint for field in known)
    if not certain and results is not None and results.task is not None:
        task = Field("pipeline_tag", results.task, f"from {results.files[0]}")
        known = (*(field for field in known if field.key != "pipeline_tag"), task)
    keys = {field.key for field in known}
    hints = {"pipeline_tag": NO_TASK, "language": _LANGUAGE, "tags": _TAGS}
    return (*known, *(field for key, field in hints.items() if key not in keys))


def _load(code: OwnCode) -> tuple[Field, ...]:
    if code.target is None:
        return ()
    why = f"{code.evidence}; imported only with trust=hublish.Trust(code=True)"
    return (Field("load", Section((Field("target", code.target, why),))),)


def _detected(root: str, library: Library | None, code: OwnCode, first: str) -> Iterator[Detected]:
    if library:
        yield Detected(f"a {library.name} model", library.evidence)
    else:
        yield Detected("a model", first)
    if root:
        yield Detected(f"the model's folder: {root}/", "its weights")
    if code.files:
        yield Detected(f"the model's own code: {', '.join(map(basename, code.files))}", code.evidence)


def _reason(listing: Listing, path: str, root: str, elsewhere: Container[str]) -> str:
    """Return why a file is left out; `elsewhere` are folders with other weights."""
    if file_roles.is_pickle(listing, path):
        return file_roles.PICKLE_REASON
    if file_roles.in_data_folder(path):
        return "data, not part of the model"
    if basename(path) == CARD_FILE:
        return "describes the project; the release has its own card"
    if file_roles.is_code(path) or basename(path) in ("Makefile", "requirements.txt"):
        return "code; add it to artifacts if users of the model need it"
    if path.lower().endswith(MODEL_SUFFIXES) or (dirname(path) and dirname(path) in elsewhere):
        return f"another model; the one in {root}/ is released" if root else "another model, in its own folder"
    return UNCLEAR if is_picture(path, root) else "not recognized as part of the model"
