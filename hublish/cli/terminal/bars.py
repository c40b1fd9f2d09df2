"""Progress on stderr: stage titles as lines, long work as bars."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

from hublish.base.progress import SILENT, Progress, Task
from hublish.cli.terminal.streams import write_lines

if TYPE_CHECKING:
    from tqdm import tqdm

# Seconds from which the duration of a stage is worth a line.
_SLOW = 1.0


def progress_on(stream: TextIO, environ: Mapping[str, str], *, titles: bool, bars: bool) -> Progress:
    """Return a display that announces stages (`titles`) and draws bars if the stream is a terminal (`bars`)."""
    # When one of these is set, bars are off, as in huggingface_hub.
    muting = (environ.get(name, "").lower() for name in ("CI", "HF_HUB_DISABLE_PROGRESS_BARS"))
    bars = bars and stream.isatty() and all(value in ("", "0", "false", "no", "off") for value in muting)
    return Display(stream, titles, bars) if titles or bars else SILENT


@dataclass(frozen=True)
class Display:
    """Progress shown on a stream."""

    stream: TextIO
    titles: bool
    # Whether bars are drawn; the Hub client's own bars follow it.
    visible: bool

    def begin(self, title: str) -> None:
        """Announce a stage."""
        if self.titles:
            write_lines(self.stream, [f"* {title}"])

    def end(self, title: str, seconds: float) -> None:  # noqa: ARG002 - the protocol's signature
        """Report the duration of a slow stage."""
        if self.titles and seconds >= _SLOW:
            minutes, rest = divmod(round(seconds), 60)
            duration = f"{minutes} min {rest:02d} s" if minutes else f"{seconds:.1f} s"
            write_lines(self.stream, [f"  took {duration}"])

    @contextmanager
    def task(self, label: str, total: int, unit: str = "B") -> Iterator[Task]:
        """Draw a bar that disappears when the work is done."""
        # tqdm is imported only to draw.
        if not self.visible:
            with SILENT.task(label, total, unit) as silent:
                yield silent
            return
        from tqdm import tqdm

        # tqdm's unit scaling is decimal, like every size that hublish shows.
        with tqdm(
            desc=f"  {label}",
            total=total,
            unit=unit if unit == "B" else f" {unit}",
            unit_scale=unit == "B",
            file=self.stream,
            leave=False,
            **_room_on(self.stream),
        ) as bar:
            yield _Bar(bar)


@dataclass(frozen=True)
class _Bar:
    bar: "tqdm[NoReturn]"

    def advance(self, amount: int) -> None:
        self.bar.update(amount)


def _room_on(stream: TextIO) -> dict[str, Any]:
    """Return tqdm's keywords for the size of a bar, which follows the window if the window has a size."""
    try:
        columns, lines = os.get_terminal_size(stream.fileno())
    except OSError:
        columns = lines = 0
    # A pseudo-terminal that was never resized is 0 by 0, and tqdm would draw nothing on it.
    return {"dynamic_ncols": True} if columns and lines else {"ncols": 80, "nrows": 24}
