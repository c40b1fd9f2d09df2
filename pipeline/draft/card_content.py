"""Draft what a model's card shows besides its metadata: results, logs, parameters and figures."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from hublish.pipeline.draft.commented_yaml import Field
from hublish.pipeline.draft.figures import figures_of
from hublish.pipeline.draft.listing import Listing
from hublish.pipeline.draft.measured_results import Evaluated, evaluated
from hublish.pipeline.draft.release_parts import Detected, LeftOut, Part
from hublish.pipeline.draft.stated_values import StatedValues
from hublish.pipeline.draft.training_runs import TrainingRun, quoted_data, training_run


@dataclass(frozen=True, slots=True)
class CardContent:
    """The content of a card, and the files that it needs."""

    parts: tuple[Part, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    """Files that the card is made from, and that are not released."""
    detected: tuple[Detected, ...] = ()
    fields: tuple[Field, ...] = ()
    """`evaluation` and `data`."""
    variables: tuple[Field, ...] = ()
    evaluation: Evaluated | None = None


def model_content(
    listing: Listing,
    files: Iterable[str],
    own: Collection[str],
    root: str,
    task: Field,
    released: Collection[str],
    others: Iterable[str],
    *,
    is_rendered: bool,
) -> CardContent:
    """Return the content of a model's card.

    Args:
        listing: the files of the folder.
        files: those that may be released.
        own: those of them in the model's folder.
        root: the model's folder.
        task: the task of the model, perhaps as a hint.
        released: the files that are released in any case.
        others: folders with other models.
        is_rendered: whether a card is rendered; otherwise, only the results are of use.
    """
    values = StatedValues.of(listing, root)
    found = evaluated(listing, released, root, task, values, others)
    if not is_rendered:
        return CardContent(evaluation=found)
    run = training_run(listing, released, own)
    figures = figures_of(listing, (path for path in files if path not in released), root)
    metric = (found.files[0], *found.quoted) if found and found.quoted else None
    data, hints = quoted_data(listing, values, metric)
    named = {field.key for field in figures.variables}
    return CardContent(
        parts=(*run.parts, *figures.parts()),
        left_out=tuple(_left_out(found, data, run, {*released, *(path for part in run.parts for path in part.files)})),
        detected=tuple(_detected(found, run, len(figures.paths))),
        fields=(*((found.field,) if found else ()), *data),
        variables=(*figures.variables, *(field for field in hints if field.key not in named)),
        evaluation=found,
    )


def _left_out(
    found: Evaluated | None, data: tuple[Field, ...], run: TrainingRun, released: Collection[str]
) -> Iterator[LeftOut]:
    quoted = [path for field in data for path in field.value.values()]
    yield from (
        LeftOut(path, "not uploaded; texts of the card can quote it") for path in quoted if path not in released
    )
    yield from run.left_out
    shown = "can show" if found and found.field.hint else "shows"
    yield from (
        LeftOut(path, f"not uploaded; the card {shown} its results")
        for path in (found.files if found else ())
        if path not in released
    )


def _detected(found: Evaluated | None, run: TrainingRun, figures: int) -> Iterator[Detected]:
    if found is not None:
        more = f" and {len(found.files) - 1:,} more" if len(found.files) > 1 else ""
        yield Detected("evaluation results", f"{found.files[0]}{more}")
    yield from run.detected
    if figures:
        yield Detected(f"{figures} figure{'s' if figures > 1 else ''}", "names of pictures")
