"""Recognize the author's figures by their names, and place them in the card with a text for those who do not see them.

A picture is released only if its name says what it shows: it may be a screenshot, or a photo from the data.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname, join, splitext
from typing import Final, get_args
from urllib.parse import quote

from hublish.pipeline.draft.commented_yaml import Field
from hublish.pipeline.draft.file_roles import in_data_folder
from hublish.pipeline.draft.listing import Listing
from hublish.pipeline.draft.release_parts import Part
from hublish.pipeline.draft.source_globs import inside
from hublish.pipeline.render_card.pictures import paths_of
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.manifest import PictureName
from hublish.schemas.secrets.masking import holds_token

UNCLEAR: Final = "a picture that is not recognized as a figure of the card; add it to artifacts to publish it"

_SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".webp", ".svg")
_FOLDERS: Final = re.compile(r"(?:plots?|figures?|figs?|charts?|graphs?|visuali[sz]ations?)", re.IGNORECASE)
# Words in a name, by the variable of the card under whose heading the figure belongs; the first match counts.
_MODEL: Final[Mapping[str, tuple[str, ...]]] = {
    "model_specs": (r"(?:model |network )?architecture", "network diagram", "model graph"),
    "results": (
        r"confusion(?: matrix)?|cm|(?:roc|pr|det|f1|precision|recall|p|r|lift|gain)(?: auc)? curves?|roc|auc",
        r"precision recall|calibration|reliability(?: diagram)?|residuals?|predicted vs (?:actual|true)",
        r"actual vs predicted|feature importances?|shap(?: summary)?|threshold|error analysis|benchmarks?|scaling",
    ),
    "training": (
        r"loss|loss(?:es)? curves?|learning curves?|training curves?|learning rate|lr(?: schedule| finder)?|history",
        r"train(?:ing)? (?:history|progress|accuracy|metrics)|(?:val |validation )?accuracy(?: curve)?|perplexity",
    ),
}
_DATASET: Final[Mapping[str, tuple[str, ...]]] = {
    "structure": (
        r"(?:(?:class|label|length|token|target|age|word) )?(?:distribution|histogram|counts?|balance|lengths?)s?",
        r"correlations?(?: matrix| heatmap)?|word ?cloud|(?:data )?pipeline|schema|statistics|splits?",
    )
}
_PRIVATE: Final = re.compile(r"screen ?shot|private|draft|wip|debug|tmp|temp|old|backup|copy", re.IGNORECASE)
_PLAIN: Final = re.compile(r"[A-Za-z0-9][\w .()-]{0,79}", re.ASCII)
_SPELLED: Final = {
    **{word: word.upper() for word in ("roc", "auc", "pr", "det", "f1", "shap", "p", "r")},
    **dict.fromkeys(("cm", "confusion"), "confusion matrix"),
    "lr": "learning rate",
    "val": "validation",
}
# Readers look at a few figures, and a large one is an export for print.
_MOST: Final = 12
_LARGEST: Final = 5 << 20


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a release."""

    paths: tuple[str, ...] = ()
    variables: tuple[Field, ...] = ()
    """The variables of the card that show them."""

    def parts(self) -> tuple[Part, ...]:
        """Return the part of the release that they are."""
        return (Part(self.paths, "figures that the card shows"),) if self.paths else ()


def figures_of(listing: Listing, files: Iterable[str], root: str, *, of_dataset: bool = False) -> Figures:
    """Return the figures beside a model or dataset, and in the folders of figures there and at the top."""
    repo_type: RepoType = "dataset" if of_dataset else "model"
    taken = {path for name in get_args(PictureName) for path in paths_of(name, repo_type)}
    found: dict[str, tuple[str, str]] = {}
    for path in files:
        variable = _variable(path, of_dataset=of_dataset) if is_picture(path, root) else ""
        place = join(inside(dirname(path), root), basename(path))
        fits = variable and place not in taken and listing.sizes[path] <= _LARGEST and not in_data_folder(path)
        if fits and len(found) < _MOST:
            taken.add(place)
            found[path] = variable, f"![{_alt(path)}]({quote(place)})"
    variables = dict.fromkeys(variable for variable, _ in found.values())
    texts = {name: "\n\n".join(shown for variable, shown in found.values() if variable == name) for name in variables}
    return Figures(tuple(found), tuple(Field(name, text) for name, text in texts.items()))


def is_picture(path: str, root: str) -> bool:
    """Return whether a file is a picture at a place where authors keep figures."""
    folder = dirname(path)
    beside = folder in ("", root) or (
        dirname(folder) in ("", root) and _FOLDERS.fullmatch(basename(folder)) is not None
    )
    return beside and path.lower().endswith(_SUFFIXES)


def in_figure_folder(path: str) -> bool:
    """Return whether a picture is in a folder of figures, and its name says what it shows of a dataset."""
    folder = dirname(path)
    return "/" not in folder and _FOLDERS.fullmatch(folder) is not None and bool(_variable(path, of_dataset=True))


def _variable(path: str, *, of_dataset: bool) -> str:
    """Return the variable whose section a figure belongs to; empty if its name does not say what it shows."""
    stem = splitext(basename(path))[0]
    words = " ".join(_words(stem))
    if _PLAIN.fullmatch(stem) is None or _PRIVATE.search(words) or holds_token(path):
        return ""
    table = _DATASET if of_dataset else _MODEL
    return next(
        (name for name, known in table.items() if re.search(rf"(?:^| )(?:{'|'.join(known)})(?: |$)", words)), ""
    )


def _words(stem: str) -> Iterator[str]:
    # Camel case: `ConfusionMatrix`, `BoxPR_curve`.
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stem)
    yield from (word.lower() for word in re.findall(r"[A-Za-z0-9]+", spaced))


def _alt(path: str) -> str:
    words = [*_words(splitext(basename(path))[0])]
    text = " ".join(_SPELLED.get(word, word) for word in words).replace("matrix matrix", "matrix")
    return text[:1].upper() + text[1:]
