"""Charts with few and many points, and with values and labels that are easily drawn wrong."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from hublish.cards.charts.bar_chart import Bar, Group, bar_chart
from hublish.cards.charts.drawing import Drawing
from hublish.cards.charts.line_chart import Panel, Series, line_chart

HOSTILE: Final = (
    '"><script>alert(1)</script>',
    "]]>&amp;<![CDATA[",
    "a\x00b\x1b[31m\ud800\ufffe\u202ecba\u2066",
    "line\nbreak\r\n\tand tab",
    "Z\u0301\u0302\u0303\u0304\u0305\u0306\u0307a\u0301lgo",
    "漢字と仮名の長いラベルはどこで切れますか",
    "\ufdfd" * 9,
    "W" * 200,
    "👩‍👩‍👧‍👦" * 30,
    "שלום abc مرحبا",
    "{{ 7 * 7 }} ${x} %s %(x)s",
    "",
    " ",
)


def noise(count: int, seed: int = 1) -> Iterator[float]:
    """Yield numbers from -1 to 1: the same ones on every version of Python."""
    state = seed
    for _ in range(count):
        state = (state * 1_103_515_245 + 12_345) % (1 << 31)
        yield state / (1 << 30) - 1


def falling(count: int, amount: float = 0.0) -> list[list[float]]:
    """Return a loss curve without `math.exp`, whose last digit depends on the machine."""
    return [[step, 2.3 / (1 + 12 * step / count) + amount * each] for step, each in enumerate(noise(count))]


def lines(*series: Series, title: str = "Training", x_name: str = "step") -> Drawing:
    drawing = line_chart(title, [Panel("loss", series)], x_name, "alt")
    assert drawing is not None
    return drawing


def one(*values: float, x_name: str = "step") -> Drawing:
    return lines(Series("loss", [[index, value] for index, value in enumerate(values)]), x_name=x_name)


def bars(*groups: Group, full: float | None = None, title: str = "Evaluation") -> Drawing:
    drawing = bar_chart(title, groups, "alt", full)
    assert drawing is not None
    return drawing


def _panels() -> Drawing:
    loss = Panel("loss", (Series("train", falling(3000, 0.1)), Series("eval", falling(3000)[::250])))
    score = Panel("accuracy", (Series("eval", [[step, 0.95 - 0.6 / (1 + step)] for step in range(0, 3000, 250)]),))
    drawing = line_chart("Training", [loss, score], "step", "alt")
    assert drawing is not None
    return drawing


SAMPLES: Final[Mapping[str, Callable[[], Drawing]]] = {
    "3 points": lambda: lines(Series("loss", falling(3)), x_name="epoch"),
    "30 points": lambda: lines(Series("train", falling(30, 0.1)), Series("eval", falling(30))),
    "3000 points": _panels,
    "6 curves of 3000 points": lambda: lines(*(Series(f"run {seed}", falling(3000, seed / 3)) for seed in range(6))),
    "one point": lambda: one(0.5),
    "two points": lambda: one(0.5, 0.25),
    "equal values": lambda: one(5, 5, 5),
    "zeros": lambda: one(0, 0, 0),
    "nearly equal values": lambda: one(1e9, 1e9 + 1, 1e9),
    "negative values": lambda: one(-3, -2.5, -7),
    "below and above zero": lambda: one(-5e-9, 1e-9, 3e-9),
    "tiny values": lambda: one(1e-9, 3e-9, 2e-9),
    "subnormal values": lambda: one(5e-324, 1e-323, 5e-324),
    "huge values": lambda: one(1e12, 3e12, 2e12),
    "the largest values": lambda: one(-1e300, 1e300, 0),
    "from 1e-9 to 1e12": lambda: one(*(10.0**exponent for exponent in range(12, -10, -1))),
    "a spike": lambda: one(1, 1.1, 1e6, 1.2, 1),
    "gaps": lambda: one(1, 2, math.nan, 3, math.inf, 2, 1, -math.inf),
    "many gaps": lambda: one(*(math.nan if index % 2 else index for index in range(300))),
    "equal positions": lambda: lines(Series("loss", [[3, 1], [3, 2], [3, 0.5]])),
    "positions out of order": lambda: lines(Series("loss", [[9, 1], [1, 2], [5, 0.5]])),
    "positions of epochs": lambda: lines(Series("loss", [[0.125 * index, 1 / index] for index in range(1, 25)])),
    "large positions": lambda: lines(Series("loss", [[10**12 + index, index] for index in range(30)])),
    "curves that end together": lambda: lines(*(Series(f"run {index}", [[0, 1], [9, 0.1]]) for index in range(6))),
    "hostile curves": lambda: lines(
        *(Series(name, [[0, index], [1, 2]]) for index, name in enumerate(HOSTILE[:6])), title=HOSTILE[0]
    ),
    "hostile title": lambda: lines(Series(HOSTILE[7], falling(30)), title="".join(HOSTILE), x_name=HOSTILE[0] * 9),
    "3 bars": lambda: bars(Group("", (Bar("accuracy", 0.93), Bar("f1", 0.91), Bar("recall", 0.9))), full=1),
    "30 bars": lambda: bars(
        *(Group(f"dataset {index}", tuple(Bar(f"metric {i}", i / 6) for i in range(6))) for index in range(5)), full=1
    ),
    "3000 bars": lambda: bars(Group("", tuple(Bar(f"layer.{i}.weight", 3000 - i) for i in range(3000)))),
    "bars below zero": lambda: bars(Group("", (Bar("a", -0.2), Bar("b", 0.5), Bar("c", 0), Bar("d", math.nan)))),
    "negative bars": lambda: bars(Group("", (Bar("a", -2), Bar("b", -5)))),
    "bars of zero": lambda: bars(Group("", (Bar("a", 0), Bar("b", 0)))),
    "bars from 1e-9 to 1e12": lambda: bars(Group("", tuple(Bar(f"1e{x}", 10.0**x) for x in range(-9, 13)))),
    "bars with errors": lambda: bars(
        Group("", (Bar("a", 0.63, "0.63 ± 0.012", 0.012), Bar("b", 0.99, "0.99 ± 0.1", 0.1), Bar("c", 0.1, "", -1)))
    ),
    "bars with long labels": lambda: bars(
        *(Group(sign * 500, (Bar(sign * 500, 1, sign * 500),)) for sign in '&"<' * 8)
    ),
    "hostile bars": lambda: bars(*(Group(name, (Bar(name, 0.5, name), Bar(name, 0.7))) for name in HOSTILE)),
}
