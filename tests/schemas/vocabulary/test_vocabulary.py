import hashlib
import json
import re
from pathlib import Path
from typing import get_args

import pytest

import hublish.schemas.vocabulary as package
from hublish.schemas.vocabulary import (
    GENERATED,
    ListName,
    TableName,
    is_language,
    language_code,
    table,
    vocabulary,
)

FOLDER = Path(package.__file__).parent


@pytest.mark.parametrize(
    ("name", "known", "fewest"),
    [
        ("licenses", {"apache-2.0", "mit", "other", "llama4", "openmdw-1.1"}, 80),
        ("tasks", {"image-classification", "text-generation", "sentence-similarity"}, 50),
        ("subtasks", {"sentiment-analysis", "extractive-qa", "multi-class-image-classification"}, 70),
        ("libraries", {"transformers", "diffusers", "sklearn", "timm"}, 200),
        ("metrics", {"accuracy", "f1", "wer", "rouge", "psnr"}, 60),
    ],
)
def test_a_list_has_the_ids_of_the_hub_its_source_and_its_date(name: ListName, known: set[str], fewest: int) -> None:
    found = vocabulary(name)
    assert known <= found.ids
    assert len(found.ids) >= fewest
    assert re.search(r"\d", found.source)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found.date)


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_file_has_its_version_its_date_and_no_edits(name: TableName) -> None:
    found = dict(table(name))
    assert re.search(r" (?:\d+\.\d+\.\d+|at [0-9a-f]{7,})", found.pop("source"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found.pop("date"))
    digest = found.pop("digest")
    written = json.dumps(found, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(written.encode()).hexdigest() == digest, "run `make vocabulary` instead of editing the file"


def test_the_script_writes_exactly_the_generated_files() -> None:
    script = (FOLDER / "refresh.mjs").read_text(encoding="utf-8")
    assert sorted(re.findall(r'^write\("(\w+)"', script, re.MULTILINE)) == sorted(GENERATED)
    # serializers.json has a generator of its own.
    assert {path.stem for path in FOLDER.glob("*.json")} == {*get_args(TableName), "serializers"}


@pytest.mark.parametrize(
    "name", ["card_variables", "hub_facts", "license_texts", "model_tasks", "never_released", "spdx_licenses"]
)
def test_a_table_has_a_source_a_date_and_a_note(name: TableName) -> None:
    found = table(name)
    assert found["source"]
    assert found["note"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found["date"])


@pytest.mark.parametrize("code", ["en", "no", "eng", "ger", "deu", "gsw", "yue", "ber", "zxx", "code", "multilingual"])
def test_codes_of_all_parts_of_iso_639_are_languages(code: str) -> None:
    assert is_language(code)


@pytest.mark.parametrize(
    "code", ["", "e", "EN", "en-US", "xx", "jp", "qqq", "english", "en fr", "aa ab", "a b", "mono", "..."]
)
def test_other_words_are_not_languages(code: str) -> None:
    assert not is_language(code)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("English", "en"),
        ("german", "de"),
        ("Swiss German", "gsw"),
        ("swiss_german", "gsw"),
        ("Greek", "el"),
        ("jp", "ja"),
        ("Ghotuo", "aaa"),
        ("Castilian", "es"),
        ("Persian", "fa"),
        ("Klingonish", None),
    ],
)
def test_a_language_is_found_by_its_name(name: str, code: str | None) -> None:
    assert language_code(name) == code


def test_every_language_that_has_a_name_is_known() -> None:
    given = [*table("language_names")["entries"].values()]
    given += [code for names in ("names", "mistaken") for code in table("hub_facts")["languages"][names].values()]
    assert [code for code in given if not is_language(code)] == []


def test_libraries_name_tasks_of_the_list_and_their_addresses() -> None:
    entries = table("libraries")["entries"]
    assert all(entry["repo"].startswith("https://") and entry["name"] for entry in entries.values())
    assert {task for entry in entries.values() for task in entry.get("tasks", ())} <= vocabulary("tasks").ids
    assert sum("downloads" in entry for entry in entries.values()) == 194


def test_gguf_types_are_named_by_number() -> None:
    found = table("gguf")
    assert (found["file_types"]["15"], found["tensor_types"]["39"]) == ("Q4_K_M", "MXFP4")
    assert set(found["largest_first"]) <= set(found["file_types"].values())


def test_licenses_have_the_names_of_the_hub() -> None:
    entries = table("licenses")["entries"]
    assert entries["wtfpl"]["name"] == "Do What The F*ck You Want To Public License"
    assert entries["llama3.1"]["link"].startswith("https://huggingface.co/meta-llama/")
    assert all(set(entry) <= {"name", "link"} and entry["name"] for entry in entries.values())
