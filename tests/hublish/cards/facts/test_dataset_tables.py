"""Format, columns, configs, splits and rows of datasets."""

from typing import Any

import pytest

from hublish.cards.facts.fact import Fact
from tests.hublish.cards.facts.releases import Files, derived
from tests.hublish.formats.parquet import BYTES, INT64, UTF8, parquet

TEXT_LABEL = [("text", BYTES, UTF8), ("label", INT64, None)]
SHARDS: Files = {
    "data/train-00000-of-00002.parquet": parquet(TEXT_LABEL, rows=60),
    "data/train-00001-of-00002.parquet": parquet(TEXT_LABEL, rows=40),
    "data/test-00000-of-00001.parquet": parquet(TEXT_LABEL, rows=25),
}
COLUMNS = [{"name": "text", "type": "string"}, {"name": "label", "type": "int64"}]


def data(files: Files, **metadata: Any) -> dict[str, Fact]:
    """Return the facts of a dataset by their last name."""
    facts = derived(files, metadata=metadata, repo_type="dataset")
    return {name.removeprefix("data."): fact for name, fact in facts.items() if name.startswith("data.")}


def splits(files: Files, **metadata: Any) -> dict[str, dict[str, int | None]]:
    """Return the rows of each split of each config."""
    configs = data(files, **metadata)["configs"].value
    return {each["config_name"]: {split["name"]: split.get("rows") for split in each["splits"]} for each in configs}


def test_describes_shards_of_parquet() -> None:
    facts = data(SHARDS)
    assert facts["format"].value == "parquet"
    assert (facts["rows"].value, facts["rows"].file) == (125, "")
    assert (facts["columns"].value, facts["columns"].key) == (COLUMNS, "schema")
    assert facts["columns"].file == "data/train-00000-of-00002.parquet"
    (config,) = facts["configs"].value
    assert config["config_name"] == "default"
    assert [(split["name"], split["rows"], split["files"]) for split in config["splits"]] == [
        ("train", 100, 2),
        ("test", 25, 1),
    ]
    assert sum(split["size"] for split in config["splits"]) == sum(map(len, SHARDS.values()))


def test_follows_a_changed_file() -> None:
    changed = {**SHARDS, "data/test-00000-of-00001.parquet": parquet(TEXT_LABEL, rows=26)}
    assert data(changed)["rows"].value == 126
    renamed = {path.replace("test", "validation"): one for path, one in SHARDS.items()}
    assert splits(renamed) == {"default": {"train": 100, "validation": 25}}
    other = {path: parquet([("text", BYTES, UTF8)]) for path in SHARDS}
    assert data(other)["columns"].value == COLUMNS[:1]


def test_a_model_has_no_data() -> None:
    assert not [name for name in derived(SHARDS) if name.startswith("data.")]


CASES: dict[str, tuple[Files, str, dict[str, int | None], list[tuple[str, str]]]] = {
    "csv": (
        {"train.csv": "a,b\n1,x\n2,y\n", "test.csv": "a,b\n3,z\n"},
        "csv",
        {"train": 2, "test": 1},
        [("a", "int64"), ("b", "string")],
    ),
    "JSON Lines": ({"train.jsonl": '{"a": 1}\n{"a": 2}\n'}, "json", {"train": 2}, [("a", "int64")]),
    "a list in JSON": ({"train.json": [{"a": 1}, {"a": 2.5}]}, "json", {"train": 2}, [("a", "float64")]),
    "JSON of one object": ({"train.json": {"rows": []}}, "json", {"train": 1}, [("rows", "list")]),
    "JSON of several lines": ({"train.json": '{\n"a":\n1}\n'}, "json", {"train": None}, []),
    "JSON Lines in a .json": ({"train.json": '{"a": 1}\n{"a": 2}\n'}, "json", {"train": 2}, [("a", "int64")]),
    "a list with other things": ({"train.json": [{"a": 1}, None]}, "json", {"train": 2}, []),
    "no splits": ({"a.csv": "a\n1\n", "b.csv": "a\n2\n"}, "csv", {"train": 2}, [("a", "int64")]),
    "the most frequent format": (
        {"train.csv": "a\n1\n", "test.csv": "a\n1\n", "x.parquet": parquet()},
        "csv",
        {"train": 1, "test": 1},
        [("a", "int64")],
    ),
    "images": (
        {"train/cat/1.png": b"", "train/dog/2.jpg": b"", "test/cat/3.png": b""},
        "imagefolder",
        {"train": 2, "test": 1},
        [],
    ),
    "compressed": ({"train.csv.gz": b"\x1f\x8b"}, "csv", {"train": None}, []),
    "a damaged file": (
        {"train.parquet": parquet(rows=1), "test.parquet": b"PAR1"},
        "parquet",
        {"train": 1, "test": None},
        [("text", "string")],
    ),
    "a damaged first file": (
        {"train.parquet": b"x", "test.parquet": parquet(rows=1)},
        "parquet",
        {"train": None, "test": 1},
        [],
    ),
    "files beside the data": (
        {"train.csv": "a\n1\n", "LICENSE": "x", "README.md": "train.csv", "metadata.csv": "x\n"},
        "csv",
        {"train": 1},
        [("a", "int64")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_describes_the_data(case: str) -> None:
    files, format_, rows, columns = CASES[case]
    facts = data(files)
    assert facts["format"].value == format_
    assert splits(files) == {"default": rows}
    found = [(one["name"], one["type"]) for one in facts["columns"].value] if "columns" in facts else []
    assert found == columns
    known = [count for count in rows.values() if count is not None]
    assert (facts["rows"].value if "rows" in facts else None) == (sum(known) if len(known) == len(rows) else None)


TWO: Files = {
    "en/train.csv": "a\n1\n",
    "en/test.csv": "a\n1\n2\n",
    "de/train.csv": "a\n1\n2\n3\n",
    "de/odd[1].csv": "a\n",
    "notes.txt": "x",
}
CONFIGS: dict[str, tuple[Any, dict[str, dict[str, int | None]]]] = {
    "a pattern for each": (
        [{"config_name": "en", "data_files": "en/*.csv"}, {"config_name": "de", "data_files": ["de/train.csv"]}],
        {"en": {"train": 3}, "de": {"train": 3}},
    ),
    "splits": (
        [
            {
                "config_name": "all",
                "data_files": [
                    {"split": "test", "path": "**/test.csv"},
                    {"split": "train", "path": ["en/train.csv", "de/*"]},
                    {"split": "extra", "path": "en/**"},
                ],
            }
        ],
        {"all": {"train": 4, "test": 2, "extra": 3}},
    ),
    "a folder": ([{"config_name": "en", "data_dir": "en"}], {"en": {"train": 1, "test": 2}}),
    "a folder and a pattern": ([{"config_name": "de", "data_dir": "de", "data_files": "train*"}], {"de": {"train": 3}}),
    "without a name": ([{"data_files": "en/train.csv"}], {"default": {"train": 1}}),
    "nothing matches": (
        [{"config_name": "x", "data_files": "x/*"}, {"config_name": "en", "data_dir": "en"}],
        {"en": {"train": 1, "test": 2}},
    ),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_follows_the_configs_of_the_metadata(case: str) -> None:
    configs, expected = CONFIGS[case]
    assert splits(TWO, configs=configs) == expected
    assert (data(TWO, configs=configs)["configs"].file, data(TWO, configs=configs)["configs"].key) == (
        "README.md",
        "configs",
    )


HOSTILE: list[Any] = [
    "x",
    3,
    [],
    [3],
    [[]],
    [{}],
    [{"config_name": 3}],
    [{"config_name": "a\nb"}],
    [{"data_files": 3}],
    [{"data_files": {"split": "x"}}],
    [{"data_files": [{"split": 3, "path": "x"}]}],
    [{"data_files": [{"path": None}]}],
    [{"data_files": "["}],
    [{"data_files": "*" * 5000}],
    [{"data_files": "**/" * 400 + "a*a*a*a*a*a*a*a*b"}],
    [{"data_files": "../../etc/*"}],
    [{"data_dir": "../.."}],
    [{"data_files": [f"{n}*" for n in range(3000)]}] * 1000,
]


@pytest.mark.parametrize("configs", HOSTILE)
def test_any_metadata_is_survived(configs: Any) -> None:
    assert data(TWO, configs=configs)["format"].value == "csv"


def test_columns_that_differ_between_configs_are_those_of_each() -> None:
    files = {"a/x.csv": "a\n1\n", "b/x.csv": "b\nx\n"}
    facts = data(files, configs=[{"config_name": "a", "data_dir": "a"}, {"config_name": "b", "data_dir": "b"}])
    assert "columns" not in facts
    assert [each["columns"] for each in facts["configs"].value] == [
        [{"name": "a", "type": "int64"}],
        [{"name": "b", "type": "string"}],
    ]


def test_types_of_datasets_come_before_those_of_parquet() -> None:
    features = {
        "label": {"_type": "ClassLabel", "names": ["cat", "dog"]},
        "text": {"_type": "Value", "dtype": "string"},
    }
    found = data({"train.parquet": parquet(TEXT_LABEL, features=features)})["columns"].value
    assert found == [
        {"name": "text", "type": "string"},
        {"name": "label", "type": "ClassLabel", "labels": ["cat", "dog"]},
    ]


def test_names_that_would_break_a_card_are_left_out() -> None:
    columns = [("ok", INT64, None), ("a\nb", INT64, None), ("\u202ex", INT64, None), ("x" * 300, INT64, None)]
    assert data({"train.parquet": parquet(columns)})["columns"].value == [{"name": "ok", "type": "int64"}]
    assert len(data({"train.parquet": parquet([(f"c{n}", INT64, None) for n in range(5000)])})["columns"].value) == 1000
