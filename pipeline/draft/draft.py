"""A tree -> a manifest with comments that reads back as what was meant."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, NoReturn

from pydantic import ValidationError

from hublish.base.errors import DraftError
from hublish.base.values import Kind as FileKind
from hublish.formats.catalogue import WEIGHT_SUFFIXES
from hublish.pipeline.draft.cards import Readme, licence_fields, readme_in, refused
from hublish.pipeline.draft.companions import licences
from hublish.pipeline.draft.dataset import dataset
from hublish.pipeline.draft.declaring import Declared, declared
from hublish.pipeline.draft.fields import Field, Items, Section, plain
from hublish.pipeline.draft.kinds import Kind, kind_of
from hublish.pipeline.draft.layout import model_folder
from hublish.pipeline.draft.left_out import file_reason
from hublish.pipeline.draft.model import model
from hublish.pipeline.draft.naming import Named
from hublish.pipeline.draft.outline import Outline
from hublish.pipeline.draft.parts import LeftOut, Recognised
from hublish.pipeline.draft.space import space
from hublish.pipeline.draft.text import rendered
from hublish.pipeline.draft.tree import Tree, folder_of
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.manifest import Manifest, RepoType
from hublish.schemas.documents.reading_manifest import read_manifest
from hublish.schemas.secrets.masking import redact

LOOKED_FOR: Final = (
    "looked for weights (safetensors, PyTorch, npz, ONNX, GGUF, Keras, skops), data (parquet, csv, jsonl, arrow, "
    "pictures, sounds) and an app (gradio, streamlit, Dockerfile, index.html)"
)


@dataclass(frozen=True)
class Drafted:
    """A manifest as text and as what it means."""

    text: bytes
    manifest: Manifest
    recognised: tuple[Recognised, ...]
    left_out: tuple[LeftOut, ...]
    open: tuple[str, ...]
    """What only a person knows, each with its place in the manifest."""


def draft(tree: Tree, named: Named, repo_type: RepoType | None, evidence: str, origin: str) -> Drafted:
    """Return the manifest that the author of a folder would write.

    Args:
        tree: the folder, or a repo on a Hub.
        named: where the release goes.
        repo_type: what it is; None looks.
        evidence: what `repo_type` was told by.
        origin: what the draft is made from, in words.

    Raises:
        DraftError: when there is nothing to release.
    """
    never = tuple(_never(tree))
    out = {one.path for one in never}
    files = tuple(path for path in tree.sizes if path not in out)
    kind = Kind(repo_type, evidence) if repo_type else kind_of(tree, files, _keys(tree, files))
    if kind is None:
        _refuse(tree, never)
    root = model_folder(tree, files) if kind.repo_type == "model" else ""
    readme, unfit = _card(tree, root, kind.repo_type)
    out = {one.path for one in unfit}
    files = tuple(path for path in files if path not in out)
    outline = _outline(tree, files, readme, kind.repo_type, named)
    left_out = _grouped(tree, (*never, *unfit, *outline.left_out))
    if not outline.parts:
        _refuse(tree, left_out)
    fields = declared(tree, outline, named, kind.repo_type, f"from {kind.evidence}", readme, left_out, origin)
    text = rendered(fields.head, fields.fields, fields.tail).encode("utf-8")
    found = (*outline.recognised, *_about(readme, outline))
    return Drafted(text, _read_back(text, fields), found, left_out, tuple(_open(fields.fields)))


def _never(tree: Tree) -> Iterator[LeftOut]:
    yield from (LeftOut(f"{redact(folder)}/", why) for folder, why in tree.closed.items())
    for item in tree.items:
        if item.kind is not FileKind.FILE:
            yield LeftOut(item.path, f"a {item.kind}, which is not followed")
        elif why := file_reason(item.path, curated=tree.curated):
            yield LeftOut(item.path, why)
        elif not item.size and item.path.lower().endswith(WEIGHT_SUFFIXES):
            yield LeftOut(item.path, "an empty weight file: export it again")


def _keys(tree: Tree, files: Iterable[str]) -> Iterable[str]:
    readme = readme_in(tree, ("",)) if CARD_FILE in set(files) else None
    return readme.metadata or () if readme else ()


def _card(tree: Tree, root: str, repo_type: RepoType) -> tuple[Readme | None, tuple[LeftOut, ...]]:
    """Return the README that goes up as it is, and those that do not."""
    readme = readme_in(tree, (root, ""))
    if readme is None:
        return None, ()
    if problems := refused(readme, repo_type):
        return None, (LeftOut(readme.path, f"the Hub would refuse its metadata ({problems[0]}); a card is rendered"),)
    if readme.metadata is None and folder_of(readme.path) != root:
        return None, (LeftOut(readme.path, "about the project: it has no metadata; a card is rendered"),)
    return readme, ()


def _outline(tree: Tree, files: tuple[str, ...], readme: Readme | None, repo_type: RepoType, named: Named) -> Outline:
    if repo_type == "model":
        return model(tree, files, readme)
    if repo_type == "dataset":
        return dataset(tree, files, readme)
    outline = space(tree, files, readme, named.repo_id.rpartition("/")[2])
    return outline if repo_type == "space" else _kernel(tree, files, outline)


def _kernel(tree: Tree, files: tuple[str, ...], outline: Outline) -> Outline:
    """Return everything that may go up: what a kernel is made of, its builder lays out."""
    parts = tuple(replace(part, why="part of the kernel") for part in outline.parts)
    metadata = licence_fields(tree, licences(files, ("",)))
    return Outline(template="model", parts=parts, left_out=outline.left_out, metadata=metadata)


def _about(readme: Readme | None, outline: Outline) -> Iterator[Recognised]:
    if readme:
        yield Recognised("a card", readme.path)
    for field in outline.metadata:
        if field.key == "license" and not field.hint:
            yield Recognised(f"licence {field.value}", field.why.removeprefix("from "))
    if outline.evaluation and not readme:
        yield Recognised("evaluation results", outline.evaluation)


def _read_back(text: bytes, declared: Declared) -> Manifest:
    """Return the manifest as a reader of the text gets it, which is what was meant."""
    try:
        manifest = read_manifest(text)
        meant = Manifest.model_validate(plain(declared.fields))
    except InvalidDocumentError as error:
        msg = "no manifest can be drafted from these names"
        raise DraftError(msg, hint="rename the files, or write hub.yaml by hand", problems=error.problems) from None
    except ValidationError:
        manifest, meant = None, None
    if manifest is None or manifest != meant:
        msg = "the draft does not read back as what was meant"
        raise DraftError(msg, hint="this is a defect: report the names of the files")
    return manifest


def _grouped(tree: Tree, left: Iterable[LeftOut]) -> tuple[LeftOut, ...]:
    """Return what stays out, a folder as one where all of it does for one reason."""
    reasons = {one.path: one.why for one in left}
    inside: dict[str, set[str]] = {}
    for item in tree.items:
        folder = folder_of(item.path)
        while folder:
            inside.setdefault(folder, set()).add(reasons.get(item.path, ""))
            folder = folder_of(folder)
    whole = {f"{folder}/": why for folder, (why, *others) in inside.items() if why and not others}
    found = {path: why for path, why in {**reasons, **whole}.items() if not any(_above(path, whole))}
    return tuple(LeftOut(redact(path), why) for path, why in sorted(found.items()))


def _above(path: str, folders: Container[str]) -> Iterator[bool]:
    folder = folder_of(path.removesuffix("/"))
    while folder:
        yield f"{folder}/" in folders
        folder = folder_of(folder)


def _open(fields: Iterable[Field], place: str = "") -> Iterator[str]:
    for field in fields:
        here = f"{place}.{field.key}" if place else field.key
        if field.open:
            yield f"{here}: {field.why.removeprefix('fill in: ')}"
        if isinstance(field.value, Section):
            yield from _open(field.value.fields, here)
        elif isinstance(field.value, Items):
            for index, section in enumerate(field.value.sections):
                yield from _open(section.fields, f"{here}[{index}]")


def _refuse(tree: Tree, left: Iterable[LeftOut]) -> NoReturn:
    left = tuple(left)
    some = "; ".join(f"{one.path}: {one.why}" for one in left[:3])
    out = f"; left out: {some}{'; ...' if len(left) > 3 else ''}" if left else ""
    msg = f"{tree.name} holds nothing to release"
    raise DraftError(msg, hint=f"{LOOKED_FOR}{out}")
