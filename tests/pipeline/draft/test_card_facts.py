"""The license of a card."""

from pathlib import Path

import pytest

from hublish.pipeline.draft.card_facts import license_fields, license_of
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
