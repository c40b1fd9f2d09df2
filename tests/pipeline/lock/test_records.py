import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from hublish.base.values import Plan, Receipt
from hublish.base.values.remote_tree import FormerRelease
from hublish.cli.views.plan import PlanView
from hublish.cli.views.publish import ReceiptView
from hublish.pipeline.lock.records import lock_pieces, plan_document, plan_pieces
from hublish.schemas.documents.json_stream import JsonWriter
from hublish.schemas.documents.lock import Lock, read_lock
from hublish.schemas.documents.plan import RestoredRelease, read_plan
from hublish.schemas.documents.receipt import read_receipt
from tests.hublish.cli.views.values import COMMIT, PARENT, Make

# Made here and worth nothing; put together so that no scanner takes this file for a leak.
TOKEN = "hf" + "_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ01234567"

make = Make()


def with_token() -> Plan:
    return make.plan(
        make.add("a.json", 3, source=f"runs/{TOKEN}/a.json"),
        make.add("b.json", 3),
        excluded=(make.excluded(f"{TOKEN}.log", "patterns.ignore_patterns[0]: *.log"),),
    )


def large(files: int) -> Receipt:
    return make.receipt(make.plan(*(make.add(f"files/{number:06}.txt", 3) for number in range(files))))


@pytest.mark.parametrize("plan", [make.everything(), make.plan(), with_token(), large(1_200).plan])
def test_a_saved_plan_is_the_canonical_text_of_its_document(plan: Plan) -> None:
    document = plan_document(plan)
    expected = json.dumps(document.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    text = b"".join(plan_pieces(plan))
    assert text == expected.encode()
    assert read_plan(text) == document


@pytest.mark.parametrize("plan", [make.everything(), make.plan(), with_token(), large(1_200).plan])
def test_a_lock_is_the_canonical_text_of_its_document(plan: Plan) -> None:
    text = b"".join(lock_pieces(make.receipt(plan)))
    lock = read_lock(text)
    assert lock.to_json().encode() == text
    assert [file.path_in_repo for file in lock.files] == sorted(file.path_in_repo for file in plan.release.files)


def test_a_lock_is_sorted_whatever_the_order_of_the_release() -> None:
    receipt = large(30)
    release = replace(receipt.plan.release, files=receipt.plan.release.files[::-1])
    assert b"".join(lock_pieces(replace(receipt, plan=replace(receipt.plan, release=release)))) == b"".join(
        lock_pieces(receipt)
    )


def test_credentials_are_masked_in_plans_and_locks() -> None:
    plan = with_token()
    for text in (b"".join(plan_pieces(plan)), b"".join(lock_pieces(make.receipt(plan)))):
        assert TOKEN.encode() not in text
        assert "runs/hf_…/a.json" in text.decode()
        assert "b.json" in text.decode()


def test_the_documents_of_plan_and_publish_have_every_field_in_its_order() -> None:
    plan = make.everything()
    shown = "".join(JsonWriter().pieces(PlanView(plan).document()))
    assert shown == json.dumps(plan_document(plan).model_dump(mode="json"), indent=2, ensure_ascii=False)
    receipt = ReceiptView(make.receipt(plan), make.project().lock_path)
    text = "".join(JsonWriter().pieces(receipt.document()))
    document = read_receipt(text.encode())
    assert text == json.dumps(document.model_dump(mode="json"), indent=2, ensure_ascii=False)
    assert document.plan == plan_document(plan)


@pytest.mark.parametrize("kind", ["plan", "lock"])
def test_writing_many_files_needs_little_memory(kind: str) -> None:
    receipt = large(4_000)
    pieces: dict[str, Any] = {"plan": lambda: plan_pieces(receipt.plan), "lock": lambda: lock_pieces(receipt)}

    def written() -> Iterator[int]:
        return map(len, pieces[kind]())

    list(written())  # validators are built when they are first used
    tracemalloc.start()
    try:
        length = sum(written())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert length > 1_000_000
    assert peak < length


@pytest.mark.parametrize(
    ("settings", "version"),
    [
        ({}, 1),
        ({"visibility": "private"}, 2),
        ({"gated": False}, 2),
        ({"visibility": "public", "gated": "manual"}, 2),
    ],
)
def test_a_lock_records_the_settings_that_were_declared(settings: dict[str, Any], version: int) -> None:
    target = replace(make.target(), **settings)
    lock = read_lock(b"".join(lock_pieces(make.receipt(make.plan(make.add("a.json", 3), target=target)))))
    assert (lock.lock_version, lock.restores) == (version, None)
    assert (lock.visibility, lock.gated) == (settings.get("visibility"), settings.get("gated"))


def restoring(*paths: str, lock: Lock | None = None) -> Receipt:
    plan = make.plan(*(make.add(path, 3) for path in paths))
    former = FormerRelease("v1", PARENT, {path: make.remote(path) for path in paths}, lock)
    return make.receipt(replace(plan, release=replace(plan.release, former=former)))


def test_the_lock_of_a_rollback_repeats_the_lock_of_the_release() -> None:
    before = read_lock(b"".join(lock_pieces(make.receipt(make.plan(make.add("b.json", 3), make.add("a.json", 3))))))
    lock = read_lock(b"".join(lock_pieces(restoring("a.json", "beside.txt", lock=before))))
    assert (lock.restores, lock.commit, lock.tag) == ("v1", COMMIT, None)
    assert lock.files == before.files
    assert plan_document(restoring("a.json", lock=before).plan).restores == RestoredRelease(
        name="v1", commit=PARENT, locked=True
    )


def test_without_a_lock_the_whole_tree_is_recorded_except_the_file_of_the_hub() -> None:
    lock = read_lock(b"".join(lock_pieces(restoring("b.json", ".gitattributes", "a.json"))))
    assert [file.path_in_repo for file in lock.files] == ["a.json", "b.json"]
