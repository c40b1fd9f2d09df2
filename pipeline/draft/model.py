"""A folder with weights -> what a model's author would declare."""

from collections.abc import Container, Iterable, Iterator
from typing import Final, TypeGuard

from hublish.formats.catalogue import MODEL_SUFFIXES
from hublish.pipeline.draft.cards import Readme, licence_fields
from hublish.pipeline.draft.companions import companions, licences, shown_by
from hublish.pipeline.draft.evaluation import Evaluation, evaluation
from hublish.pipeline.draft.fields import Field, Section
from hublish.pipeline.draft.kinds import in_data_folder
from hublish.pipeline.draft.layout import components, model_folder
from hublish.pipeline.draft.libraries import NO_TASK, Library, library_of
from hublish.pipeline.draft.outline import Outline
from hublish.pipeline.draft.own_code import OwnCode, own_code
from hublish.pipeline.draft.parts import LeftOut, Part, Recognised, Sorted
from hublish.pipeline.draft.tree import Tree, below, folder_of, name_of
from hublish.pipeline.draft.weights import is_pickle, weights
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.vocabulary import vocabulary


def model(tree: Tree, files: Iterable[str], readme: Readme | None) -> Outline:
    """Return what a model is made of.

    Args:
        tree: the folder.
        files: those that may be released.
        readme: the card that lies in the folder, when it goes up as it is.
    """
    files = tuple(files)
    root = model_folder(tree, files)
    own = tuple(_own(tree, files, root))
    sorted_weights = weights(tree, own)
    code = own_code(tree, files, root)
    card = [readme.path] if readme else []
    beside = _beside(tree, files, root, own, sorted_weights, code, card)
    parts = (*sorted_weights.parts, *beside)
    taken = {path for part in parts for path in (*part.files, *part.brings)} | set(card)
    taken |= {left.path for left in sorted_weights.left_out}
    inside = frozenset(own)
    elsewhere = {folder_of(path) for path in files if path.lower().endswith(MODEL_SUFFIXES) and path not in inside}
    left = [LeftOut(path, _why_not(tree, path, root, elsewhere)) for path in files if path not in taken]
    library = library_of(tree, root, own)
    results = evaluation(tree, (path for path in files if path in taken))
    return Outline(
        root=root,
        parts=parts,
        left_out=(*sorted_weights.left_out, *left),
        recognised=tuple(_recognised(root, library, code, sorted_weights)),
        metadata=(*licence_fields(tree, _licences(files, root)), *_about(library, results)),
        evaluation=results.path if results else None,
        load=_load(code),
        template="model",
    )


def _own(tree: Tree, files: Iterable[str], root: str) -> Iterator[str]:
    """Yield the files of the model's folder and of the subfolders that belong to it."""
    inside = components(tree, root)
    for path in below(files, root):
        folder = folder_of(path)[len(root) + 1 if root and folder_of(path) != root else len(root) :]
        if tree.curated or not folder or any(folder == one or folder.startswith(f"{one}/") for one in inside):
            yield path


def _beside(
    tree: Tree,
    files: tuple[str, ...],
    root: str,
    own: tuple[str, ...],
    found: Sorted,
    code: OwnCode,
    card: list[str],
) -> Iterator[Part]:
    """Yield everything of the model but its weights."""
    taken = {path for part in found.parts for path in (*part.files, *part.brings)}
    taken |= {left.path for left in found.left_out} | {*card, *code.files}
    rest = [path for path in own if path not in taken]
    texts = companions(tree, rest)
    yield from texts
    if code.files:
        yield Part(code.files, f"the model's own code ({code.evidence})")
    papers = [path for path in _licences(files, root) if path not in taken]
    if papers:
        yield Part(tuple(papers), "the licence")
    shown = [path for one in card for path in dict.fromkeys(shown_by(tree, one)) if path in tree]
    named = {path for part in texts for path in part.files} | {*papers, *shown, *taken}
    if tree.curated:
        shown += [path for path in rest if path not in named and not is_pickle(tree, path)]
    if shown:
        yield Part(tuple(sorted(shown)), "part of the repo" if tree.curated else "shown on the card")


def _licences(files: Iterable[str], root: str) -> tuple[str, ...]:
    return licences(files, (root, ""))


def _about(library: Library | None, results: Evaluation | None) -> tuple[Field, ...]:
    known = library.fields if library else (NO_LIBRARY,)
    if not any(field.key == "pipeline_tag" and not field.hint for field in known) and _is_task(results):
        known = (*(field for field in known if field.key != "pipeline_tag"), _evaluated(results))
    task = () if any(field.key == "pipeline_tag" for field in known) else (NO_TASK,)
    rest = () if any(field.key == "tags" for field in known) else (TAGS,)
    return (*known, *task, LANGUAGE, *rest)


def _evaluated(results: Evaluation) -> Field:
    return Field("pipeline_tag", results.task, f"from {results.path}")


def _is_task(results: Evaluation | None) -> TypeGuard[Evaluation]:
    return results is not None and results.task in vocabulary("tasks").ids


NO_LIBRARY: Final = Field("library_name", "transformers", "the library that loads it, as the Hub names it", hint=True)
LANGUAGE: Final = Field("language", "en", "where it reads or writes one", hint=True)
TAGS: Final = Field("tags", ["example"], "words to find it by", hint=True)


def _load(code: OwnCode) -> tuple[Field, ...]:
    if code.target is None:
        return ()
    why = f"{code.evidence}; imported only by who passes trust=hublish.Trust(code=True)"
    return (Field("load", Section((Field("target", code.target, why),))),)


def _recognised(root: str, library: Library | None, code: OwnCode, found: Sorted) -> Iterator[Recognised]:
    first = found.parts[0].files[0] if found.parts else "its metadata"
    yield Recognised(f"a model of {library.what}" if library else "a model", library.evidence if library else first)
    if root:
        yield Recognised(f"the model lies in {root}/", "its weights do")
    if code.files:
        yield Recognised(f"the model's own code: {', '.join(map(name_of, code.files))}", code.evidence)


def _why_not(tree: Tree, path: str, root: str, elsewhere: Container[str]) -> str:
    if is_pickle(tree, path):
        return "a pickle, which policy.pickle forbids"
    if in_data_folder(path):
        return "data, which is no part of the model"
    if name_of(path) == CARD_FILE:
        return "about the project; the card is another"
    if path.endswith((".py", ".ipynb", ".sh", ".toml", ".cfg")) or name_of(path) in ("Makefile", "requirements.txt"):
        return "code; name it under artifacts if readers of the model need it"
    if path.lower().endswith(MODEL_SUFFIXES) or (folder_of(path) and folder_of(path) in elsewhere):
        return f"another model; the one in {root}/ is released" if root else "another model, in a folder of its own"
    return "not known to be a part of the model"
