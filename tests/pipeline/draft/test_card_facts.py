"""The license and the evaluation results of a card."""

import json
from pathlib import Path
from typing import Any

import pytest

from hublish.pipeline.draft.card_facts import evaluation, license_fields, license_of, plain_metrics
from hublish.schemas.vocabulary import table, vocabulary
from tests.pipeline.draft.listings import listing_of

ROOT = Path(__file__).parents[3]
MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"
BSD = "Redistribution and use in source and binary forms, with or without modification, are permitted"
TITLED = {
    "apache-2.0": "\n      Apache License\n   Version 2.0, January 2004\n",
    "mit": f"Copyright (c) 2026 Ada\n\n{MIT}",
    "bsd-3-clause": f"Copyright\n\n{BSD}\n\n3. Neither the name of the copyright holder nor",
    "bsd-2-clause": f"BSD 2-Clause License\n\n{BSD}\n1. Redistributions of source code",
    "gpl-3.0": "GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007\n\n... the GNU Lesser General Public License",
    "gpl-2.0": "GNU GENERAL PUBLIC LICENSE\n Version 2, June 1991",
    "lgpl-3.0": "GNU LESSER GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007\n the GNU General Public License",
    "lgpl-2.1": "GNU LESSER GENERAL PUBLIC LICENSE\n Version 2.1, February 1999",
    "agpl-3.0": "GNU AFFERO GENERAL PUBLIC LICENSE\n Version 3, 19 November 2007",
    "mpl-2.0": "Mozilla Public License Version 2.0\n====",
    "cc-by-4.0": "Attribution 4.0 International\n\n=====\n\nCreative Commons Corporation is not a law firm",
    "cc-by-sa-4.0": "Creative Commons Attribution-ShareAlike 4.0 International Public License",
    "cc-by-nc-4.0": "Attribution-NonCommercial 4.0 International",
    "cc-by-nc-sa-4.0": "Attribution-NonCommercial-ShareAlike 4.0 International",
    "cc-by-nd-4.0": "Attribution-NoDerivatives 4.0 International",
    "cc-by-nc-nd-4.0": "Attribution-NonCommercial-NoDerivatives 4.0 International",
    "cc0-1.0": "Creative Commons Legal Code\n\nCC0 1.0 Universal",
    "creativeml-openrail-m": "Copyright (c) 2022\n\nCreativeML Open RAIL-M\ndated August 22, 2022",
    "bigcode-openrail-m": "BigCode Open RAIL-M v1 License Agreement",
    "llama3.1": "LLAMA 3.1 COMMUNITY LICENSE AGREEMENT",
    "llama3": "META LLAMA 3 COMMUNITY LICENSE AGREEMENT",
    "gemma": "Gemma Terms of Use",
    "unlicense": "This is free and unencumbered software released into the public domain.",
    "isc": "Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee",
    "odbl": "Open Data Commons Open Database License (ODbL)",
    "ofl-1.1": "This Font Software is licensed under the SIL Open Font License, Version 1.1.",
}


@pytest.mark.parametrize("name", TITLED)
def test_a_license_is_recognized_by_its_title_or_its_terms(name: str) -> None:
    assert license_of(TITLED[name]) == name


def test_a_complete_text_is_recognized() -> None:
    assert license_of((ROOT / "LICENSE").read_text()) == "apache-2.0"


@pytest.mark.parametrize(
    "text",
    ["", "All rights reserved.", "Do as you like.", f"{'Terms of Acme. ' * 60} Apache License, Version 2.0", "\0" * 99],
)
def test_any_other_text_is_unknown(text: str) -> None:
    assert license_of(text) is None


def test_the_hub_knows_every_license() -> None:
    assert {row["id"] for row in table("license_texts")["licenses"]} <= vocabulary("licenses").ids


def test_the_file_with_the_known_license_is_named() -> None:
    listing = listing_of({"LICENSE": b"Do as you like.", "NOTICE": TITLED["isc"].encode()})
    assert [(field.value, field.why) for field in license_fields(listing, ["NOTICE", "LICENSE"])] == [
        ("isc", "from the text of NOTICE")
    ]


RESULT = {
    "task": {"type": "text-classification"},
    "dataset": {"type": "a", "name": "A"},
    "metrics": [{"type": "f1", "value": 1}],
}


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("metrics.json", [RESULT], True),
        ("eval_results.json", {"results": [RESULT]}, True),
        ("metrics.json", {"accuracy": 0.9}, False),
        ("metrics.json", [{**RESULT, "task": {}}], False),
        ("metrics.json", [], False),
        ("config.json", [RESULT], False),
        ("metrics.json", [{**RESULT, "metrics": [{"type": "f1", "value": float("nan")}]}], False),
    ],
)
def test_results_are_used_if_they_have_the_form_of_a_model_index(name: str, content: Any, found: bool) -> None:
    listing = listing_of({name: json.dumps(content).encode()})
    results = evaluation(listing, listing.sizes)
    assert (results is not None) == found
    assert results in (None, (name, "text-classification"))


def test_metrics_alone_are_named_for_the_author_to_complete() -> None:
    listing = listing_of({"config.json": b'{"hidden_size": 1}', "all_results.json": b'{"eval_f1": 0.9}'})
    assert evaluation(listing, listing.sizes) is None
    assert plain_metrics(listing, listing.sizes) == "all_results.json"
    indexed = listing_of({"metrics.json": json.dumps([RESULT]).encode()})
    assert plain_metrics(indexed, indexed.sizes) is None


def test_the_results_of_a_harness_are_used() -> None:
    content = {"results": {"hellaswag": {"acc,none": 0.5}}, "versions": {"hellaswag": 1.0}}
    listing = listing_of({"results_2026.json": json.dumps(content).encode()})
    assert evaluation(listing, listing.sizes) == ("results_2026.json", "text-generation")
