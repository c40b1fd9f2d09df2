"""Folders of data as authors have them, and the rows that their users expect from `datasets.load_dataset`."""

import csv
import gzip
import io
import json
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet

from tests.pipeline.draft.shapes.making import png, write

Row = dict[str, Any]
A: list[Row] = [{"text": "a", "label": 0}, {"text": "é, b", "label": 1}]
B: list[Row] = [{"text": "c", "label": 1}]
C: list[Row] = [{"text": "d", "label": 0}]


@dataclass(frozen=True)
class Data:
    """Files by path, and the rows by config and split."""

    files: Mapping[str, bytes]
    rows: Mapping[str, Mapping[str, list[Row]]]
    name: str = "rows"
    """The name of the folder."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of `init`."""

    def write(self, folder: Path) -> None:
        """Write the files."""
        for path, data in self.files.items():
            write(folder / path, data)


def as_csv(rows: list[Row], separator: str = ",") -> bytes:
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), delimiter=separator)
    table.writeheader()
    table.writerows(rows)
    return text.getvalue().encode()


def as_lines(rows: list[Row]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_json(rows: list[Row]) -> bytes:
    return json.dumps(rows, indent=1).encode()


def as_parquet(rows: list[Row]) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), file)
    return file.getvalue()


def as_arrow(rows: list[Row]) -> bytes:
    file, table = io.BytesIO(), pyarrow.Table.from_pylist(rows)
    with pyarrow.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)
    return file.getvalue()


def as_tar(members: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return file.getvalue()


def picture() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        png(Path(folder, "x.png"))
        return Path(folder, "x.png").read_bytes()


def lines(*texts: str) -> list[Row]:
    return [{"text": text} for text in texts]


PNG = picture()
DATASET = {"repo_type": "dataset"}
FOLDERS = {
    "one_csv": Data({"reviews.csv": as_csv(A)}, {"default": {"train": A}}),
    "csv_of_each_split": Data(
        {"train.csv": as_csv(A), "valid.csv": as_csv(B), "test.csv": as_csv(C)},
        {"default": {"train": A, "validation": B, "test": C}},
    ),
    "other_words_for_splits": Data(
        {"training.csv": as_csv(A), "dev.csv": as_csv(B), "eval.csv": as_csv(C)},
        {"default": {"train": A, "validation": B, "test": C}},
    ),
    "words_within_names": Data(
        {"reviews-train.jsonl": as_lines(A), "reviews_val.jsonl": as_lines(B), "reviews.test.jsonl": as_lines(C)},
        {"default": {"train": A, "validation": B, "test": C}},
    ),
    "tab_separated": Data({"train.tsv": as_csv(A, "\t")}, {"default": {"train": A}}),
    "json_lines": Data({"a.jsonl": as_lines(A), "b.jsonl": as_lines(B)}, {"default": {"train": [*A, *B]}}),
    "json": Data({"train.json": as_json(A), "test.json": as_json(B)}, {"default": {"train": A, "test": B}}),
    "json_and_json_lines": Data(
        {"train.jsonl": as_lines(A), "test.json": as_json(B)}, {"default": {"train": A, "test": B}}
    ),
    "parquet_shards": Data(
        {
            "data/train-00000-of-00002.parquet": as_parquet(A),
            "data/train-00001-of-00002.parquet": as_parquet(B),
            "data/test-00000-of-00001.parquet": as_parquet(C),
        },
        {"default": {"train": [*A, *B], "test": C}},
    ),
    "compressed": Data(
        {"train.csv.gz": gzip.compress(as_csv(A)), "test.csv.gz": gzip.compress(as_csv(B))},
        {"default": {"train": A, "test": B}},
    ),
    "compressed_json_lines": Data({"x.jsonl.gz": gzip.compress(as_lines(A))}, {"default": {"train": A}}),
    "compressed_text": Data(
        {"train.txt.gz": gzip.compress(b"a\nb\n")}, {"default": {"train": lines("a", "b")}}, more=DATASET
    ),
    "compressed_and_not": Data(
        {"train.csv.gz": gzip.compress(as_csv(A)), "test.csv": as_csv(B)}, {"default": {"train": A, "test": B}}
    ),
    "text": Data(
        {"train.txt": b"a\nb\n", "test.txt": b"c\n", "LICENSE": b"MIT License\n"},
        {"default": {"train": lines("a", "b"), "test": lines("c")}},
    ),
    "text_without_splits": Data(
        {"a.txt": b"a\n", "b.txt": b"b\n", "requirements.txt": b"x\n", "LICENSE.txt": b"MIT License\n"},
        {"default": {"train": lines("a", "b")}},
        more=DATASET,
    ),
    "text_in_folders": Data(
        {"data/train/pos/a.txt": b"a\n", "data/train/neg/b.txt": b"b\n", "data/test/pos/c.txt": b"c\n"},
        {"default": {"train": lines("b", "a"), "test": lines("c")}},
        more=DATASET,
    ),
    "folder_of_each_split": Data(
        {"train/a.csv": as_csv(A), "train/b.csv": as_csv(B), "test/c.csv": as_csv(C)},
        {"default": {"train": [*A, *B], "test": C}},
    ),
    "nested": Data(
        {"v1/2024/train/a.csv": as_csv(A), "v1/2024/test/b.csv": as_csv(B)}, {"v1-2024": {"train": A, "test": B}}
    ),
    "configs": Data(
        {
            "de/train.jsonl": as_lines(A),
            "de/test.jsonl": as_lines(B),
            "fr/train.jsonl": as_lines(C),
            "fr/test.jsonl": as_lines(A),
        },
        {"de": {"train": A, "test": B}, "fr": {"train": C, "test": A}},
    ),
    "configs_below_data": Data(
        {"data/de/train.csv": as_csv(A), "data/fr/train.csv": as_csv(B)}, {"de": {"train": A}, "fr": {"train": B}}
    ),
    "configs_without_splits": Data(
        {"de/a.csv": as_csv(A), "fr/b.csv": as_csv(B)}, {"de": {"train": A}, "fr": {"train": B}}
    ),
    "a_config_beside_the_default": Data(
        {"train.csv": as_csv(A), "small/train.csv": as_csv(B)}, {"default": {"train": A}, "small": {"train": B}}
    ),
    "other_columns_in_each_config": Data(
        {"users/train.csv": b"name,age\nx,1\n", "items/train.csv": b"id\n7\n"},
        {"users": {"train": [{"name": "x", "age": 1}]}, "items": {"train": [{"id": 7}]}},
    ),
    "two_formats": Data(
        {"train.csv": as_csv(A), "test.csv": as_csv(B), "extra.parquet": as_parquet(C)},
        {"default": {"train": A, "test": B}},
    ),
    "a_format_in_each_folder": Data(
        {"csv/train.csv": as_csv(A), "parquet/train.parquet": as_parquet(A), "jsonl/train.jsonl": as_lines(A)},
        {"parquet": {"train": A}},
    ),
    "spaces": Data(
        {"my data/train set.csv": as_csv(A), "my data/test set.csv": as_csv(B)},
        {"my data": {"train": A, "test": B}},
    ),
    "unicode": Data(
        {"données/train_été.csv": as_csv(A), "données/test_été.csv": as_csv(B)}, {"données": {"train": A, "test": B}}
    ),
    "odd_characters": Data(
        {"train (1).csv": as_csv(A), "train #2.csv": as_csv(B), "test 100%.csv": as_csv(C)},
        {"default": {"train": [*B, *A], "test": C}},
    ),
    "brackets": Data({"train[1].csv": as_csv(A), "test[1].csv": as_csv(B)}, {"default": {"train": A, "test": B}}),
    "pictures_in_capitals": Data(
        {"train/cat/1.PNG": PNG, "train/dog/2.PNG": PNG},
        {"default": {"train": [{"image": "1.PNG", "label": "cat"}, {"image": "2.PNG", "label": "dog"}]}},
    ),
    "years": Data(
        {"2024/train.csv": as_csv(A), "2025/train.csv": as_csv(B)}, {"2024": {"train": A}, "2025": {"train": B}}
    ),
    "configs_at_two_depths": Data(
        {"data/en/v1/train.csv": as_csv(A), "data/en/v2/train.csv": as_csv(B)},
        {"en-v1": {"train": A}, "en-v2": {"train": B}},
    ),
    "folders_below_the_split": Data(
        {"train/2024/a.csv": as_csv(A), "train/2025/b.csv": as_csv(B)}, {"default": {"train": [*A, *B]}}
    ),
    "many_files": Data(
        {f"part-{number:04d}.jsonl": as_lines(B) for number in range(12)}, {"default": {"train": B * 12}}
    ),
    "braces": Data({"train {x}.csv": as_csv(A), "test {{ x }}.csv": as_csv(B)}, {"default": {"train": A, "test": B}}),
    "a_table_called_metadata": Data({"metadata.csv": as_csv(A)}, {"default": {"train": A}}),
    "a_description_beside_it": Data(
        {"train.csv": as_csv(A), "schema.json": b'{"text": "string"}', "make.py": b"import csv\n", "notes.txt": b"x\n"},
        {"default": {"train": A}},
    ),
    "only_some_name_a_split": Data({"train.csv": as_csv(A), "more.csv": as_csv(B)}, {"default": {"train": A}}),
    "only_some_of_two_formats": Data(
        {"train.csv": as_csv(A), "more.csv": as_csv(B), "test.parquet": as_parquet(C)}, {"default": {"train": A}}
    ),
    "arrow": Data(
        {"train/data-00000-of-00001.arrow": as_arrow(A), "train/state.json": b"{}", "train/dataset_info.json": b"{}"},
        {"default": {"train": A}},
    ),
    "webdataset": Data(
        {
            "train-000.tar": as_tar({"1.txt": b"a", "1.cls": b"0"}),
            "test-000.tar": as_tar({"1.txt": b"b", "1.cls": b"1"}),
        },
        {
            "default": {
                "train": [{"__key__": "1", "txt": "a", "cls": 0}],
                "test": [{"__key__": "1", "txt": "b", "cls": 1}],
            }
        },
    ),
    "pictures_by_label": Data(
        {f"{split}/{label}/{n}.png": PNG for split in ("train", "test") for label in ("cat", "dog") for n in (1, 2)},
        {
            "default": {
                split: [{"image": f"{n}.png", "label": label} for label in ("cat", "dog") for n in (1, 2)]
                for split in ("train", "test")
            }
        },
    ),
    "pictures_without_splits": Data(
        {"cat/1.png": PNG, "dog/2.png": PNG},
        {"default": {"train": [{"image": "1.png", "label": "cat"}, {"image": "2.png", "label": "dog"}]}},
    ),
    "pictures_with_captions": Data(
        {"train/1.png": PNG, "train/2.png": PNG, "train/metadata.csv": b"file_name,text\n1.png,one\n2.png,two\n"},
        {"default": {"train": [{"image": "1.png", "text": "one"}, {"image": "2.png", "text": "two"}]}},
    ),
    "pictures_with_captions_at_the_top": Data(
        {
            "images/1.png": PNG,
            "images/2.png": PNG,
            "metadata.jsonl": as_lines(
                [{"file_name": f"images/{n}.png", "text": text} for n, text in ((1, "one"), (2, "two"))]
            ),
        },
        {"default": {"train": [{"image": "1.png", "text": "one"}, {"image": "2.png", "text": "two"}]}},
    ),
    "sounds": Data(
        {
            "train/1.wav": b"RIFF",
            "train/2.wav": b"RIFF",
            "train/metadata.csv": b"file_name,text\n1.wav,one\n2.wav,two\n",
        },
        {"default": {"train": [{"file": "1.wav"}, {"file": "2.wav"}, {"file": "metadata.csv"}]}},
    ),
    "pictures_beside_a_table": Data(
        {
            "figures/1.png": PNG,
            "figures/2.png": PNG,
            "train.csv": as_csv(A),
            "test.csv": as_csv(B),
            "val.csv": as_csv(C),
        },
        {"default": {"train": A, "validation": C, "test": B}},
    ),
    "a_card_of_its_own": Data(
        {
            "all.csv": as_csv(A),
            "other.csv": as_csv(B),
            "README.md": b"---\nlicense: mit\nconfigs:\n- config_name: mine\n  data_files: other.csv\n---\n\n# Rows\n",
        },
        {"mine": {"train": B}},
    ),
}
