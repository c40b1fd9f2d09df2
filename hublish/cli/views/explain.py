"""The view of `explain`: for each path the verdict, then every rule that was evaluated; and codes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hublish.base.values import Effect, Step
from hublish.base.values.explanation import Explained, Explanation, Fate, Outcome, Taken
from hublish.cli.report.diagnostics import Mark, Page, excerpt, gutter
from hublish.cli.report.json import fields, location_document, problem_document
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import columns, indented, plural
from hublish.cli.views.code import code_blocks, code_document, code_lines
from hublish.cli.views.phrases import with_line
from hublish.codes.entry import Code

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block, Ink

# The effects whose values in JSON, which are stable, read badly in a table.
_EFFECTS = {Effect.EXCLUDES: "excludes", Effect.MISSES: "no match", Effect.LATER: "checked later"}
# In the order in which the outcomes of a folder are counted.
_COLORS = {Outcome.IN: "green", Outcome.OUT: "yellow", Outcome.REFUSED: "red", Outcome.ABSENT: "red"}


@dataclass(frozen=True)
class ExplanationView:
    """The explanations, in the order of the paths."""

    explained: Explained
    codes: tuple[Code, ...] = ()

    def human(self, paint: Paint) -> Iterable[str]:
        """Return a block for each path: the verdict, the deciding line, and the other rules."""
        blocks = [code_lines(entry, paint) for entry in self.codes]
        blocks += [iter(_block(explanation, paint)) for explanation in self.explained.explanations]
        for number, block in enumerate(blocks):
            if number:
                yield ""
            yield from block
        if count := len(self.explained.problems):
            yield ""
            summary = f"Publishing would fail now: {plural(count, 'problem')} with the sources."
            yield f"{paint('yellow', summary)} `hublish check` lists {'it' if count == 1 else 'them'}."

    def markdown(self, ink: "Ink") -> "Iterable[Block]":
        """Return the codes as text, and the lines for paths as they are."""
        from hublish.cli.report.markup import Fence

        for entry in self.codes:
            yield from code_blocks(entry)
        if self.explained.explanations:
            lines = ExplanationView(self.explained).human(Paint())
            yield Fence([ink.line(line) for line in lines], "text")

    def document(self) -> Any:
        """Return every explanation with every rule, the problems with the sources, and the codes."""
        return {
            "explanations": [_document(explanation) for explanation in self.explained.explanations],
            "problems": [problem_document(problem) for problem in self.explained.problems],
            "rules": [code_document(entry) for entry in self.codes],
        }

    def quiet(self) -> Iterable[str]:
        """Return the title of each code, and `in`, `out`, `refused` or `absent` for each path."""
        return [*(entry.title for entry in self.codes), *(each.outcome.value for each in self.explained.explanations)]


def _block(explanation: Explanation, paint: Paint) -> Iterable[str]:
    if explanation.outcome is Outcome.ABSENT:
        yield f"{_verdict(Outcome.ABSENT, paint)} {explanation.asked} does not exist, on disk or in the release"
        if explanation.near:
            *others, last = explanation.near
            near = f"{', '.join(others)} or {last}" if others else last
            yield f"  {paint('cyan', 'hint:')} did you mean {near}?"
    # A folder that is never entered, such as .git, has a fate of its own; any other is a list of its files.
    elif explanation.taken is Taken.FOLDER and not explanation.fates:
        yield from _folder(explanation, paint)
    for number, fate in enumerate(explanation.fates):
        if number:
            yield ""
        yield from _fate(fate, explanation, paint)


def _folder(explanation: Explanation, paint: Paint) -> Iterable[str]:
    found = [file.outcome for file in explanation.files]
    counts = ", ".join(f"{found.count(outcome)} {outcome}" for outcome in _COLORS if outcome in found)
    yield paint("bold", f"{explanation.path}/: {counts or 'no files'}")
    groups = _by_folder(explanation)
    rows = [(files[0].outcome.value, name, *_rule(_main(files[0]))) for name, files in groups]
    for (_, files), line in zip(groups, columns(rows), strict=True):
        outcome = files[0].outcome
        yield f"  {paint(_COLORS[outcome], line) if outcome is not Outcome.IN else line}"


def _by_folder(explanation: Explanation) -> list[tuple[str, list[Explanation]]]:
    """Return a line name and its files: one line per file, but one in total for a folder that no source collects."""
    top = "" if explanation.path == "." else f"{explanation.path}/"
    # A virtual environment or a data set beside the sources would otherwise fill pages with the same rule.
    groups: dict[str, list[Explanation]] = {}
    for file in explanation.files:
        groups.setdefault(top + file.path.removeprefix(top).partition("/")[0], []).append(file)
    found: list[tuple[str, list[Explanation]]] = []
    for name, files in groups.items():
        if len(files) > 1 and all(_uncollected(file) for file in files):
            found.append((f"{name}/ ({plural(len(files), 'file')})", files))
        else:
            found += [(file.path, [file]) for file in files]
    return found


def _uncollected(explanation: Explanation) -> bool:
    return [(fate.artifact, fate.outcome) for fate in explanation.fates] == [(None, Outcome.OUT)]


def _main(explanation: Explanation) -> Step:
    """Return the rule that decided the outcome."""
    return next(fate.decisive for fate in explanation.fates if fate.outcome is explanation.outcome)


def _fate(fate: Fate, explanation: Explanation, paint: Paint) -> Iterable[str]:
    yield f"{_verdict(fate.outcome, paint)} {_headline(fate, explanation)}"
    if fate.taken is Taken.PATH_IN_REPO:
        # The same name may exist on disk, with another outcome.
        yield f"    {explanation.path} is a path in the repo"
    if fate.more and fate.outcome is Outcome.IN:
        yield f"    {fate.more}"
    step = fate.decisive
    # An included file has no single deciding line: every rule let it pass.
    if fate.outcome is not Outcome.IN:
        yield from _line_of(step, paint)
    lines = columns((_EFFECTS.get(each.effect, each.effect.value), *_rule(each)) for each in fate.steps)
    for each, line in zip(fate.steps, lines, strict=True):
        color = _COLORS[fate.outcome] if each is step else "dim"
        yield f"  {paint(color, line)}"
    if fate.loading is not None:
        yield from _loading(fate.loading, paint)


def _verdict(outcome: Outcome, paint: Paint) -> str:
    return paint(_COLORS[outcome], f"{outcome}:")


def _headline(fate: Fate, explanation: Explanation) -> str:
    step = fate.decisive
    if fate.outcome is not Outcome.IN:
        subject = fate.source if fate.source == explanation.path else f"{explanation.path}, from {fate.source}"
        # The text of a rule without a path, such as a line of a .gitignore, contains its own place. The text of a
        # link's problem begins with the link's name.
        rule = with_line(step.text, step.location if step.path else None)
        return rule if step.text.startswith(f"'{fate.source}'") else f"{subject}: {rule}"
    if step.rule == "card":
        return f"{', '.join(fate.path_in_repo)} is rendered from the card"
    if step.rule == "sign":
        return f"{', '.join(fate.path_in_repo)} is made for the signature"
    return _included(fate)


def _included(fate: Fate) -> str:
    """Return `runs/model.npz is uploaded as model.safetensors; serializer safetensors`."""
    # A sharded or split file becomes several.
    paths = ", ".join(fate.path_in_repo)
    name = "" if paths == fate.source else f" as {paths}"
    how = "" if fate.serializer == "copy" else f"; serializer {fate.serializer}"
    once = "; another artifact collects it too, and it is uploaded once" if fate.repeated else ""
    return f"{fate.source} is uploaded{name}{how}{once}"


def _rule(step: Step) -> tuple[str, str]:
    """Return the place of a rule and its text."""
    return str(step.location or ("default" if step.path else "")), step.text


def _line_of(step: Step, paint: Paint) -> Iterable[str]:
    """Yield the deciding line with carets, and the hint."""
    if step.location is not None and step.location.text is not None:
        size = gutter([step.location])
        yield from excerpt([Mark(step.location)], Page(paint), size)
        yield f"{' ' * size} {paint('cyan', '|')}"
    if step.hint:
        yield f"  {paint('cyan', 'hint:')} {step.hint}"


def _loading(step: Step, paint: Paint) -> Iterable[str]:
    needed = step.effect is Effect.COLLECTS
    text = f"`hublish load` {'needs' if needed else 'skips'} it: {with_line(step.text, step.location)}"
    yield from indented([paint("dim", text)])


def _document(explanation: Explanation) -> dict[str, Any]:
    return {
        **fields(explanation, "asked", "taken", "path", "outcome"),
        "fates": [_fate_document(fate) for fate in explanation.fates],
        "files": [_document(file) for file in explanation.files],
        **fields(explanation, "near"),
    }


def _fate_document(fate: Fate) -> dict[str, Any]:
    loading = fate.loading
    return {
        **fields(fate, "taken", "source", "artifact", "outcome", "path_in_repo", "serializer", "more"),
        "again": fate.repeated,
        "rule": _step_document(fate.decisive),
        "steps": [_step_document(step) for step in fate.steps],
        "load": None if loading is None else {"needed": loading.effect is Effect.COLLECTS, **_step_document(loading)},
    }


def _step_document(step: Step) -> dict[str, Any]:
    return {
        **fields(step, "rule", "effect"),
        "words": step.text,
        **fields(step, "path", "hint"),
        "location": location_document(step.location),
    }
