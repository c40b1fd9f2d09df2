"""The view of an explanation, for people, programs and scripts."""

import pytest

from hublish.base.values import Effect, Step
from hublish.base.values.explanation import Explained, Explanation, Fate, Outcome, Taken
from hublish.cli.report import View
from hublish.cli.views.explain import ExplanationView
from hublish.schemas.diagnose.problems import Location, Problem
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import Show


def line(number: int, column: int, end: int, text: str, source: str = "hub.yaml") -> Location:
    return Location(source, number, column, number, end, text)


COLLECTS = Step(
    "source",
    Effect.COLLECTS,
    "artifacts[1].source: runs/*",
    "artifacts[1].source",
    location=line(9, 13, 19, "  - source: runs/*"),
)
NOT_DENIED = Step("denied", Effect.PASSES, "denied by default: no match")
ALLOWED = Step("allow_patterns", Effect.PASSES, "patterns.allow_patterns[0]: *", "patterns.allow_patterns[0]")
IGNORED = Step(
    "ignore_patterns",
    Effect.EXCLUDES,
    "patterns.ignore_patterns[1]: *.tmp",
    "patterns.ignore_patterns[1]",
    location=line(12, 31, 38, '  ignore_patterns: ["draft.*", "*.tmp"]'),
)
PICKLE = Step(
    "policy.pickle",
    Effect.REFUSES,
    "policy.pickle: the content is a pickle of protocol 4",
    "policy.pickle",
    "convert it to safetensors, or set policy.pickle to `warn` or `allow`",
)
LATER = Step("policy", Effect.LATER, "policy: size, pickles and secrets, once the file is written", "policy")
DROPPED = Step(
    "gitignore",
    Effect.REFUSES,
    ".gitignore:2: *.bin makes the Hub drop the file silently, and hublish refuses to publish that",
    hint="change .gitignore, or leave the file out with patterns.ignore_patterns",
    location=line(2, 1, 6, "*.bin", ".gitignore"),
)
NEEDED = Step(
    "load.allow_patterns",
    Effect.COLLECTS,
    "load.allow_patterns[0]: *.safetensors",
    "load.allow_patterns[0]",
    location=line(20, 20, 35, ""),
)
LEFT = Step("load.allow_patterns", Effect.EXCLUDES, "load.allow_patterns: none matches", "load.allow_patterns")
UNCOLLECTED = (
    Step(
        "source", Effect.EXCLUDES, "none of 2 sources collects it", "artifacts", location=line(7, 1, 10, "artifacts:")
    ),
    Step("source", Effect.MISSES, "artifacts[0].source: *.md: `*.md` does not match `runs`", "artifacts[0].source"),
)


def file(path: str, *steps: Step, **fields: object) -> Explanation:
    artifact = fields.pop("artifact", 1)
    fate = Fate(Taken.FILE, path, artifact, steps, **{"path_in_repo": (path.rpartition("/")[2],), **fields})  # type: ignore[arg-type]  # the tests pass valid fields
    return Explanation(path, Taken.FILE, path, (fate,))


CASES = {
    "in": file("runs/config.json", COLLECTS, NOT_DENIED, ALLOWED, loading=LEFT),
    "converted": file(
        "runs/model.pt",
        COLLECTS,
        ALLOWED,
        LATER,
        path_in_repo=("model.safetensors",),
        serializer="safetensors",
        more="or, above 5.0 GB, shards such as model-00001-of-00002.safetensors with model.safetensors.index.json",
        loading=NEEDED,
    ),
    "out": file("runs/notes.tmp", COLLECTS, NOT_DENIED, ALLOWED, IGNORED),
    "uncollected": file("runs/notes.txt", *UNCOLLECTED),
    "refused": file("runs/state.bin", COLLECTS, NOT_DENIED, ALLOWED, PICKLE),
    "dropped": file("runs/model.bin", COLLECTS, NOT_DENIED, ALLOWED, DROPPED),
    "twice": Explanation(
        "config.json",
        Taken.FILE,
        "config.json",
        (
            Fate(Taken.FILE, "config.json", None, UNCOLLECTED),
            Fate(Taken.PATH_IN_REPO, "runs/config.json", 1, (COLLECTS, ALLOWED), ("config.json",), repeated=True),
        ),
    ),
    "absent": Explanation("runs/modle.pt", Taken.NOTHING, near=("runs/model.pt", "model.safetensors")),
    "folder": Explanation(
        "runs",
        Taken.FOLDER,
        "runs",
        files=(
            file("runs/config.json", COLLECTS, ALLOWED),
            file("runs/notes.tmp", COLLECTS, ALLOWED, IGNORED),
            file("runs/state.bin", COLLECTS, ALLOWED, PICKLE),
        ),
    ),
    "tree": Explanation(
        ".",
        Taken.FOLDER,
        ".",
        files=(
            file("env/bin/python", *UNCOLLECTED, artifact=None),
            file("env/lib/a.py", *UNCOLLECTED, artifact=None),
            file("notes.txt", *UNCOLLECTED, artifact=None),
            file("runs/config.json", COLLECTS, ALLOWED),
            file("runs/old/a.txt", *UNCOLLECTED, artifact=None),
        ),
    ),
}


def view(*cases: str, problems: tuple[Problem, ...] = ()) -> View:
    return ExplanationView(Explained(tuple(CASES[case] for case in cases), problems))


@pytest.mark.parametrize("case", CASES)
def test_the_verdict_comes_first_then_the_line_then_every_rule(case: str, show: Show, golden: Golden) -> None:
    golden(f"explain_{case}", show(view(case)))


def test_colors_follow_the_outcomes(show: Show, golden: Golden) -> None:
    golden("explain_color", show(view("in", "out", "refused", "folder"), color=True))


def test_problems_with_the_sources_are_counted_at_the_end(show: Show) -> None:
    shown = show(view("in", problems=(Problem("source.missing", "no"), Problem("source.pattern", "none"))))
    assert shown.endswith("Publishing would fail now: 2 problems with the sources. `hublish check` lists them.\n")


def test_quiet_prints_one_outcome_per_path() -> None:
    words = ["in", "out", "refused", "in", "absent", "refused"]
    assert list(view("in", "out", "refused", "twice", "absent", "folder").quiet()) == words


def test_json_holds_every_rule_with_its_place() -> None:
    document = view("out", problems=(Problem("source.missing", "no"),)).document()
    (explanation,) = document["explanations"]
    (fate,) = explanation["fates"]
    assert (explanation["asked"], explanation["taken"], explanation["outcome"]) == ("runs/notes.tmp", "file", "out")
    assert fate["rule"] == {
        "rule": "ignore_patterns",
        "effect": "keeps out",
        "words": "patterns.ignore_patterns[1]: *.tmp",
        "path": "patterns.ignore_patterns[1]",
        "hint": "",
        "location": {"source": "hub.yaml", "line": 12, "column": 31, "end_line": 12, "end_column": 38},
    }
    assert [step["effect"] for step in fate["steps"]] == ["collects", "passes", "passes", "keeps out"]
    assert fate["load"] is None
    assert [problem["code"] for problem in document["problems"]] == ["source.missing"]


def test_json_has_whether_loading_needs_a_file() -> None:
    explanations = view("converted", "in").document()["explanations"]
    assert [each["fates"][0]["load"]["needed"] for each in explanations] == [True, False]


def test_json_of_a_folder_holds_its_files() -> None:
    (folder,) = view("folder").document()["explanations"]
    assert [(each["path"], each["outcome"]) for each in folder["files"]] == [
        ("runs/config.json", "in"),
        ("runs/notes.tmp", "out"),
        ("runs/state.bin", "refused"),
    ]


@pytest.mark.parametrize(
    ("outcomes", "whole"),
    [
        ((Outcome.IN, Outcome.OUT), Outcome.IN),
        ((Outcome.OUT, Outcome.OUT), Outcome.OUT),
        ((Outcome.IN, Outcome.REFUSED), Outcome.REFUSED),
        ((), Outcome.OUT),
    ],
)
def test_the_outcome_of_a_folder_follows_from_its_files(outcomes: tuple[Outcome, ...], whole: Outcome) -> None:
    by_outcome = {Outcome.IN: CASES["in"], Outcome.OUT: CASES["out"], Outcome.REFUSED: CASES["refused"]}
    folder = Explanation("x", Taken.FOLDER, "x", files=tuple(by_outcome[outcome] for outcome in outcomes))
    assert folder.outcome is whole
