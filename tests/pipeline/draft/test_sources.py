"""A source stands for exactly the files that are meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.base.globs import glob_expression
from hublish.pipeline.draft.parts import Part
from hublish.pipeline.draft.sources import Surroundings, in_folders, sources
from tests.pipeline.draft.trees import named


def written(files: tuple[str, ...], others: tuple[str, ...] = (), root: str = "") -> list[tuple[str, str | None]]:
    around = Surroundings.of(named(*files, *others))
    return [(source.source, source.path_in_repo) for source in sources(Part(files, ""), root, around)]


@pytest.mark.parametrize(
    ("files", "others", "expected"),
    [
        (("a.json",), (), [("a.json", None)]),
        (("a.json", "b.json"), (), [("a.json", None), ("b.json", None)]),
        (("a.json", "b.json", "c.json"), (), [("*.json", None)]),
        (("a.json", "b.json", "c.json"), ("d.json",), [("a.json", None), ("b.json", None), ("c.json", None)]),
        (("m-00001-of-00002.st", "m-00002-of-00002.st"), (), [("m-*.st", None)]),
        (("m-00001-of-00002.st", "m-00002-of-00002.st"), ("m-old.st",), [("m-00001-of-00002.st", None)] * 1
         + [("m-00002-of-00002.st", None)]),
        (("t-00000-of-00001.parquet",), (), [("t-*.parquet", None)]),
        (("d/a", "d/b"), (), [("d/", "d/")]),
        (("d/a", "d/e/b"), (), [("d/", "d/")]),
        (("d/a", "d/b"), ("d/c",), [("d/a", "d/"), ("d/b", "d/")]),
        (("d/a", "d/b"), ("d/.DS_Store",), [("d/", "d/")]),
        (("d/e/a.x", "d/e/b.x"), ("d/c",), [("d/e/", "d/e/")]),
        (("[d]/a.json", "[d]/b.json", "[d]/c.json"), (), [(f"[d]/{name}.json", "[d]/") for name in "abc"]),
        (("1.x", "2.x"), (), [("1.x", None), ("2.x", None)]),
        (("e1", "e2"), (), [("e1", None), ("e2", None)]),
    ],
)  # fmt: skip
def test_files_are_written_as_a_person_would(
    files: tuple[str, ...], others: tuple[str, ...], expected: list[tuple[str, str | None]]
) -> None:
    assert written(files, others) == expected


def test_what_lies_in_the_models_folder_goes_to_the_top() -> None:
    files = ("runs/best/config.json", "runs/best/onnx/a.onnx", "runs/best/onnx/b.onnx", "net.py")
    expected = [("net.py", None), ("runs/best/config.json", None), ("runs/best/onnx/", "onnx/")]
    assert written(files, root="runs/best") == expected


def test_a_folder_that_was_not_looked_into_is_not_taken_whole() -> None:
    tree = named("src/a.py", "src/b.py", closed={"src/__pycache__": "made by Python's tools"})
    found = sources(Part(("src/a.py", "src/b.py"), ""), "", Surroundings.of(tree))
    assert [source.source for source in found] == ["src/a.py", "src/b.py"]


def test_parts_in_folders_are_gathered_so_that_a_folder_is_one_source() -> None:
    weights, config = Part(("vae/w", "top.st"), "weights"), Part(("vae/c.json", "c.json"), "configuration")
    assert in_folders((weights, config), "") == (
        Part(("vae/c.json", "vae/w"), "folder by folder"),
        Part(("top.st",), "weights"),
        Part(("c.json",), "configuration"),
    )


SEGMENT = st.sampled_from(["a", "b", "a1", "a2", "[x]", "*", "c-1-of-2", "c-2-of-2"])
PATH = st.tuples(st.lists(SEGMENT, max_size=2), SEGMENT, st.sampled_from([".json", ".st", ""])).map(
    lambda parts: "/".join([*parts[0], parts[1] + parts[2]])
)


@given(st.sets(PATH, min_size=1, max_size=12), st.data())
def test_sources_stand_for_the_files_and_for_nothing_else(paths: set[str], data: st.DataObject) -> None:
    everything = {path for path in paths if not any(other.startswith(f"{path}/") for other in paths)}
    files = data.draw(st.sets(st.sampled_from(sorted(everything)), min_size=1))
    meant: set[str] = set()
    for source, _ in written(tuple(sorted(files)), tuple(everything - files)):
        if source in everything:
            meant.add(source)
        elif source.endswith("/"):
            meant |= {path for path in everything if path.startswith(source)}
        else:
            meant |= {path for path in everything if glob_expression(source).fullmatch(path)}
    assert meant == files
