"""Draw the pictures of a card, and add those that it shows to the release, in the folder `figures`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from hublish.base.content import InMemory
from hublish.base.errors import CardError
from hublish.base.values import Effect, Origin, Project, StagedFile, Step, Target, Verdict
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.manifest import Card, PictureName

if TYPE_CHECKING:
    from hublish.cards.charts.drawing import Drawing

PICTURE_FOLDER: Final = "figures"
"""The folder of the release that receives the pictures."""
# In a dataset, `datasets` takes each file whose name begins with such a word for all data of a split.
_IN_DATASETS: Final[Mapping[PictureName, str]] = {"training": "curves", "evaluation": "scores"}

# Without a choice in the manifest; a Space shows its app and not its card.
_DEFAULT: Final[Mapping[RepoType, tuple[PictureName, ...]]] = {
    "model": ("training", "evaluation", "tensors"),
    "dataset": ("splits",),
}
_REASONS: Final[Mapping[PictureName, tuple[str, str]]] = {
    "training": ("the training log", "a curve of at least 3 points"),
    "evaluation": ("the evaluation results", "at least 3 of them on one scale"),
    "tensors": ("the headers of the weights", "a safetensors file of at least 3 modules"),
    "splits": ("the rows of the splits", "the number of rows of at least 2 splits"),
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a card, and its two files."""

    name: PictureName
    drawing: "Drawing"
    light: str
    """Its path in the repo."""
    dark: str

    def files(self) -> Iterator[StagedFile]:
        """Yield its files as they are released."""
        verdict, source = reason(self.name), f"picture {self.name}"
        for path, text in ((self.light, self.drawing.light), (self.dark, self.drawing.dark)):
            yield StagedFile(path, InMemory(text.encode()), Origin(None, source, "card", {}, verdict))


def reason(name: PictureName) -> Verdict:
    """Return the verdict on the files of a picture."""
    text = f"card.pictures: {name}, drawn from {_REASONS[name][0]}"
    return Verdict.of([Step("card", Effect.COLLECTS, text, "card.pictures")])


def possible_picture(path: str, project: Project) -> Verdict | None:
    """Return the verdict on a path in the repo that a picture may have; None if the card has no such picture.

    The card is not rendered: the picture may lack data, or the template may not show it.
    """
    card = project.manifest.card
    names = chosen(card, project.target.repo_type) if card else ()
    name = next((name for name in names if path in paths_of(name, project.target.repo_type)), None)
    if name is None:
        return None
    source, needed = _REASONS[name]
    text = f"card.pictures: {name}, drawn from {source} if the template shows it; it needs {needed}"
    return Verdict.of([Step("card", Effect.COLLECTS, text, "card.pictures")])


def paths_of(name: PictureName, repo_type: RepoType) -> tuple[str, str]:
    """Return the paths in the repo of a picture, for light and for dark pages."""
    stem = _IN_DATASETS.get(name, name) if repo_type == "dataset" else name
    return f"{PICTURE_FOLDER}/{stem}.svg", f"{PICTURE_FOLDER}/{stem}-dark.svg"


def chosen(card: Card, repo_type: RepoType) -> tuple[PictureName, ...]:
    """Return the names of the pictures that a card may have."""
    if card.pictures is None:
        return _DEFAULT.get(repo_type, ())
    return card.pictures or ()


def draw_pictures(
    card: Card,
    repo_type: RepoType,
    facts: Mapping[str, Any],
    evaluation: list[dict[str, Any]],
    tensors: Callable[[], Mapping[str, int]],
) -> tuple[Picture, ...]:
    """Return the chosen pictures for which the release has data.

    Args:
        card: the manifest's card.
        repo_type: the type of the repo, which decides if the card makes no choice.
        facts: the facts of the release, as templates get them.
        evaluation: the evaluation results.
        tensors: returns the bytes of each tensor by its name; called if that picture is drawn.
    """
    # Imported here: most cards have no pictures.
    from hublish.cards.charts.release_charts import evaluation_chart, splits_chart, tensors_chart, training_chart

    draw: Mapping[PictureName, Callable[[], Drawing | None]] = {
        "training": lambda: training_chart(facts.get("training", {}).get("log", ())),
        "evaluation": lambda: evaluation_chart(evaluation),
        "tensors": lambda: tensors_chart(tensors()),
        "splits": lambda: splits_chart(facts.get("data", {}).get("configs", ())),
    }
    drawn = ((name, draw[name]()) for name in chosen(card, repo_type))
    return tuple(Picture(name, drawing, *paths_of(name, repo_type)) for name, drawing in drawn if drawing is not None)


def as_context(pictures: Iterable[Picture], target: Target) -> dict[str, dict[str, str]]:
    """Return pictures as templates get them, by their names."""
    drawn = tuple(pictures)
    if not drawn:
        return {}
    from hublish.cards.charts.drawing import picture_element

    return {
        each.name: {
            "alt": each.drawing.alt,
            "light": each.light,
            "dark": each.dark,
            "markup": picture_element(each.drawing.alt, each.light, _address(each.dark, target)),
        }
        for each in drawn
    }


def shown_in(text: str, pictures: Iterable[Picture]) -> tuple[Picture, ...]:
    """Return the pictures that a rendered card shows."""
    return tuple(each for each in pictures if each.light in text or each.dark in text)


def picture_problems(
    card: Card, drawn: Iterable[Picture], shown: Iterable[Picture], template: str, *, unconverted: bool = False
) -> Iterator[Problem]:
    """Yield a warning for each picture that the manifest chooses and the card does not have.

    Args:
        card: the manifest's card.
        drawn: the pictures with data.
        shown: the pictures in the card.
        template: the name of the template.
        unconverted: whether the weights are not converted yet, so that their tensors are not known.
    """
    have, seen = {each.name for each in drawn}, {each.name for each in shown}
    for index, name in enumerate(card.pictures or ()):
        place = f"card.pictures[{index}]"
        if name == "tensors" and name not in have and unconverted:
            continue
        if name not in have:
            message, needed = f"there is no data for the picture '{name}'", _REASONS[name][1]
            yield Problem("card.picture", message, f"it needs {needed}; or remove it", place, severity="warning")
        elif name not in seen:
            message = f"the template '{template}' does not show the picture '{name}'"
            hint = f"write {{{{ pictures.{name}.markup }}}} in the template, or remove it here"
            yield Problem("card.picture", message, hint, place, severity="warning")


def check_paths(pictures: Iterable[Picture], files: Iterable[StagedFile]) -> None:
    """Reject files of the release that have the path of a picture.

    Raises:
        CardError: with a problem for each.
    """
    taken = {path: each.name for each in pictures for path in (each.light, each.dark)}
    problems = [two_pictures(file.origin, file.path_in_repo) for file in files if file.path_in_repo in taken]
    if problems:
        msg = "a file has the path of a picture of the card"
        raise CardError(msg, problems=problems)


def two_pictures(origin: Origin, path_in_repo: str) -> Problem:
    """Return the problem that a file has the same path as a picture of the card."""
    place = f"artifacts[{origin.artifact}].source" if origin.artifact is not None else ""
    message = f"'{origin.source}' and a picture of the card have the same path, {path_in_repo}"
    hint = (
        "rename the file; or exclude it with patterns.ignore_patterns; or write `pictures: false` under `card` to "
        "publish your own figures alone"
    )
    return Problem("card.picture_twice", message, hint, place)


def _address(path: str, target: Target) -> str:
    """Return the address of a file of the release, relative to the host of the Hub.

    The Hub resolves a relative `src` in a card. No documentation promises the same for a `srcset`, and a browser would
    look for a relative one beside the page of the repo. An address without a host is right on every Hub. The tag comes
    first: the card of an old release then shows the picture of that release.
    """
    folder = "" if target.repo_type == "model" else f"{target.repo_type}s/"
    revision = quote(target.tag or target.revision, safe="")
    return f"/{folder}{target.repo_id}/resolve/{revision}/{path}"
