"""The patterns of a dataset card match files of the release, of one format."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.formats.dataset_builders import builder_of
from hublish.pipeline.screen.data_files import ScreenDataFiles, pattern_expression
from hublish.schemas.diagnose.problems import Problem
from tests.faults.projects import rounds
from tests.pipeline.staging import project_in, staged

# The file systems of `datasets`, which huggingface_hub installs.
fsspec: Any = pytest.importorskip("fsspec")
DATASET = {"repo_type": "dataset"}
FILES = {
    "data/train-0.parquet": b"",
    "data/validation-0.parquet": b"",
    "de/a.csv": b"",
    "de/b.tsv": b"",
    "x/i.PNG": b"",
    "up/a.CSV": b"",
}


def found(folder: Path, configs: object, files: dict[str, bytes] = FILES, **fields: Any) -> tuple[Problem, ...]:
    card = {"template": "dataset", "metadata": {"license": "mit", "configs": configs}}
    project = project_in(folder, repo=DATASET, card=card, **fields)
    return ScreenDataFiles().run(staged(project, {**files})).warnings


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"data_files": "data/valid-*.parquet"}, "data_files"),
        ({"data_files": ["data/*.parquet", "data/*.parqet"]}, "data_files[1]"),
        ({"data_files": [{"split": "test", "path": "data/test-*"}]}, "data_files[0].path"),
        ({"data_files": [{"split": "a", "path": ["data/train-*", "test/**"]}]}, "data_files[0].path[1]"),
        ({"data_dir": "german"}, "data_dir"),
        ({"data_dir": "de", "data_files": "data/*.csv"}, "data_files"),
        ({"data_files": "*.parquet"}, "data_files"),
        ({"data_files": "data/{train,validation}-0.parquet"}, "data_files"),
        ({"data_files": "Data/*.parquet"}, "data_files"),
    ],
)
def test_a_pattern_without_a_file_is_named(config: dict[str, Any], place: str, tmp_path: Path) -> None:
    (problem,) = found(tmp_path, [{"config_name": "default", **config}])
    assert (problem.code, problem.path) == ("card.data_files", f"card.metadata.configs[0].{place}")
    assert "matches no file of the release" in problem.message


@pytest.mark.parametrize(
    "config",
    [
        *(
            {"data_files": each}
            for each in ("data/*", "./data/**", "data/train-[0-9].parquet", "**/*.parquet", "x/*.PNG")
        ),
        *(
            {"data_files": each}
            for each in ("https://example.com/a.csv", "hf://datasets/a/b/c.csv", "zip://*.csv::data.zip")
        ),
        *({"data_dir": each} for each in ("data", "data/", "./data", ".")),
        {"data_dir": "de", "data_files": "*.csv"},
    ],
)
def test_a_pattern_with_a_file_is_no_problem(config: dict[str, Any], tmp_path: Path) -> None:
    assert found(tmp_path, [{"config_name": "default", **config}]) == ()


@pytest.mark.parametrize(
    ("one", "other", "mixed"),
    [
        ("d/a.parquet", "d/b.csv", True),
        ("d/a.csv", "d/b.tsv", True),
        ("d/a.csv.gz", "d/b.csv", False),
        ("d/a.jsonl.zst", "d/b.json", False),
        ("d/a.json.gz", "d/b.csv.gz", True),
        ("d/a.jpg", "d/b.PNG", False),
        ("d/a.jpg", "d/b.wav", True),
        ("d/a.txt", "d/b.parquet", True),
        ("d/a.zip", "d/b.csv", False),
    ],
)
def test_all_configs_have_one_format(one: str, other: str, mixed: bool, tmp_path: Path) -> None:
    configs = [{"config_name": "default", "data_files": one}, {"config_name": "german", "data_files": [other]}]
    problems = found(tmp_path, configs, {one: b"", other: b""})
    assert [(each.path, "german" in each.message) for each in problems] == (
        [("card.metadata.configs[1].data_files[0]", True)] if mixed else []
    )


def test_the_splits_of_a_config_have_one_format(tmp_path: Path) -> None:
    data = [{"split": "train", "path": "data/*.parquet"}, {"split": "test", "path": "de/*.csv"}]
    (problem,) = found(tmp_path, [{"config_name": "default", "data_files": data}])
    assert "csv (de/a.csv)" in problem.message


def test_metadata_beside_images_is_no_other_format(tmp_path: Path) -> None:
    files = {"a/1.png": b"", "a/metadata.csv": b"", "a/2.png": b""}
    assert found(tmp_path, [{"config_name": "default", "data_files": "a/*"}], files) == ()
    assert builder_of("a/metadata.csv") is None


@pytest.mark.parametrize(
    ("configs", "message"),
    [
        ([{"data_files": "data/*"}], "without a name"),
        (["default"], "without a name"),
        ([{"config_name": "a", "data_dir": "data"}] * 2, "two configs"),
        ([{"config_name": "a", "data_files": [{"split": "a-b", "path": "data/*"}]}], "cannot be the name"),
        ([{"config_name": "a", "data_files": [{"split": "a", "path": "data/*"}] * 2}], "occurs twice"),
        ([{"config_name": "v1/en", "data_files": "data/*"}], "'v1/en' cannot be the name of a config"),
        ([{"config_name": "a?", "data_files": "data/*"}], "it contains '?'"),
        ([{"config_name": "a", "data_files": "up/*.CSV"}], "'up/a.CSV', which `datasets` does not find"),
        ([{"config_name": "a", "data_files": "up/*"}], "'up/a.CSV', which `datasets` does not find"),
    ],
)
def test_entries_that_datasets_rejects(configs: object, message: str, tmp_path: Path) -> None:
    (problem,) = found(tmp_path, configs)
    assert message in problem.message


@pytest.mark.parametrize("configs", [None, "data", {}, []])
def test_any_other_value_is_no_pattern(configs: object, tmp_path: Path) -> None:
    assert found(tmp_path, configs) == ()


def test_a_readme_is_reported_with_its_line(tmp_path: Path) -> None:
    text = b"---\nlicense: mit\nconfigs:\n- config_name: de\n  data_files: de/*.json\n---\n# x\n"
    (problem,) = (
        ScreenDataFiles().run(staged(project_in(tmp_path, repo=DATASET), {**FILES, "README.md": text})).warnings
    )
    assert (str(problem.location), problem.path) == ("README.md:5:15", "configs[0].data_files")
    assert ScreenDataFiles().run(staged(project_in(tmp_path), {**FILES, "README.md": text})).warnings == ()


PATHS = ("a.csv", "a/b.csv", "a/b/c.csv", "ab.csv", "a/ab.json", "b/[c].csv", "{a,b}.csv")
PIECE = st.sampled_from(["a", "b", "c", "*", "?", "/", "**/", ".csv", ".json", "[ab]", "[!a]", "{a,b}", "**"])


@settings(max_examples=rounds(60))
@given(st.lists(PIECE, min_size=1, max_size=5).map("".join))
def test_patterns_match_as_in_fsspec(pattern: str) -> None:
    memory = fsspec.filesystem("memory")
    for path in PATHS:
        memory.pipe(f"/root/{path}", b"x")
    try:
        matched = {each for each in memory.glob(f"/root/{pattern}") if memory.isfile(each)}
    except ValueError:  # `**` next to other characters
        return
    if "//" not in pattern and not pattern.startswith("/"):
        assert matched == {f"/root/{path}" for path in PATHS if pattern_expression(pattern).fullmatch(path)}


@pytest.mark.parametrize(
    ("paths", "named"),
    [
        (["data/a.csv", "data/b.csv", "docs/test_error.png"], "'docs/test_error.png' decides on the splits, and"),
        (["rows.jsonl", "train.md"], "'train.md' decides on the splits, and `datasets` then skips rows.jsonl"),
        (["data/a.csv", "test/notes.txt"], "'test/notes.txt' decides on the splits"),
        (["data/train.csv", "data/b.csv", "docs/test_error.png"], ""),
        (["data/a.csv", "docs/error.png"], ""),
        (["data/a.csv", ".docs/train.png"], ""),
        (["data/train.csv", "docs/train.png"], ""),
        (["docs/train.md"], ""),
    ],
)
def test_a_file_that_is_not_data_and_decides_on_the_splits_is_named(
    paths: list[str], named: str, tmp_path: Path
) -> None:
    card = {"template": "dataset", "metadata": {"license": "mit"}}
    project = project_in(tmp_path, repo=DATASET, card=card)
    warnings = ScreenDataFiles().run(staged(project, dict.fromkeys(paths, b""))).warnings
    assert [problem.message[: len(named)] for problem in warnings] == ([named] if named else [])


@pytest.mark.parametrize(
    ("data_files", "place"),
    [
        ({"train": "data/train*"}, "data_files"),
        (5, "data_files"),
        ([{"path": "de/*.csv"}], "data_files[0]"),
        (["de/*.csv", {"path": "de/*.csv"}], "data_files[1]"),
        ([{"split": "train", "path": "de/*.csv", "sep": ";"}], "data_files[0]"),
        ([None], "data_files[0]"),
        ("de/*.csv", ""),
        (["de/*.csv"], ""),
        ([{"split": "train", "path": ["de/*.csv"]}], ""),
    ],
)
def test_a_form_that_datasets_refuses_is_named(data_files: object, place: str, tmp_path: Path) -> None:
    problems = found(tmp_path, [{"config_name": "a", "data_files": data_files}])
    assert [problem.path for problem in problems] == ([f"card.metadata.configs[0].{place}"] if place else [])
    assert all(problem.hint for problem in problems)
