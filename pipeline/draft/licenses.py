"""Which licence a text is, told by what stands in it; the names are the Hub's."""

import re
from typing import Final

_TEXTS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    # The more particular before what it holds. A dash stands for any run of characters that are no letters or digits.
    ("agpl-3.0", ("gnu affero general public license", "version 3")),
    ("lgpl-3.0", ("gnu lesser general public license", "version 3")),
    ("lgpl-2.1", ("gnu lesser general public license", "version 2 1")),
    ("gpl-3.0", ("gnu general public license", "version 3")),
    ("gpl-2.0", ("gnu general public license", "version 2")),
    ("gfdl", ("gnu free documentation license",)),
    ("apache-2.0", ("apache license", "version 2 0")),
    ("bsd-3-clause-clear", ("redistribution and use in source and binary forms", "no express or implied licenses")),
    ("bsd-3-clause", ("redistribution and use in source and binary forms", "neither the name")),
    ("bsd-2-clause", ("redistribution and use in source and binary forms",)),
    ("mpl-2.0", ("mozilla public license", "2 0")),
    ("epl-2.0", ("eclipse public license", "2 0")),
    ("epl-1.0", ("eclipse public license", "1 0")),
    ("eupl-1.2", ("european union public licence", "1 2")),
    ("cc-by-nc-sa-4.0", ("attribution noncommercial sharealike 4 0 international",)),
    ("cc-by-nc-nd-4.0", ("attribution noncommercial noderivatives 4 0 international",)),
    ("cc-by-nc-4.0", ("attribution noncommercial 4 0 international",)),
    ("cc-by-sa-4.0", ("attribution sharealike 4 0 international",)),
    ("cc-by-nd-4.0", ("attribution noderivatives 4 0 international",)),
    ("cc-by-4.0", ("attribution 4 0 international",)),
    ("cc-by-sa-3.0", ("attribution sharealike 3 0",)),
    ("cc-by-3.0", ("attribution 3 0",)),
    ("cc0-1.0", ("cc0 1 0 universal",)),
    ("creativeml-openrail-m", ("creativeml open rail m",)),
    ("openrail++", ("open rail m license", "sdxl")),
    ("bigscience-bloom-rail-1.0", ("bigscience rail license",)),
    ("bigscience-openrail-m", ("bigscience open rail m",)),
    ("bigcode-openrail-m", ("bigcode open rail m",)),
    ("llama4", ("llama 4 community license agreement",)),
    ("llama3.3", ("llama 3 3 community license agreement",)),
    ("llama3.2", ("llama 3 2 community license agreement",)),
    ("llama3.1", ("llama 3 1 community license agreement",)),
    ("llama3", ("llama 3 community license agreement",)),
    ("llama2", ("llama 2 community license agreement",)),
    ("gemma", ("gemma terms of use",)),
    ("cdla-permissive-2.0", ("community data license agreement", "permissive", "version 2 0")),
    ("cdla-permissive-1.0", ("community data license agreement", "permissive", "version 1 0")),
    ("cdla-sharing-1.0", ("community data license agreement", "sharing", "version 1 0")),
    ("odbl", ("open database license",)),
    ("odc-by", ("open data commons attribution license",)),
    ("pddl", ("public domain dedication and license",)),
    ("ofl-1.1", ("sil open font license", "version 1 1")),
    ("artistic-2.0", ("the artistic license 2 0",)),
    ("bsl-1.0", ("boost software license", "version 1 0")),
    ("unlicense", ("free and unencumbered software released into the public domain",)),
    ("wtfpl", ("do what the fuck you want to public license",)),
    ("isc", ("permission to use copy modify and or distribute this software for any purpose with or without fee",)),
    ("zlib", ("this software is provided as is without any express or implied warranty", "origin of this software")),
    ("ncsa", ("university of illinois", "permission is hereby granted free of charge")),
    ("mit", ("permission is hereby granted free of charge to any person obtaining a copy",)),
)
_TITLE: Final = 400
"""Characters in which a licence says its name; further down others are often mentioned."""
_LONG: Final = 7
"""Spaces in a phrase that is no name but a sentence of the terms."""


def licence_of(text: str) -> str | None:
    """Return the Hub's id of the licence that a text is; None when it is none of those that are known.

    Args:
        text: the file, or its beginning.
    """
    words = " ".join(re.findall(r"[a-z0-9]+", text.lower()))
    # What is named first is what the text is; others it only mentions.
    found = [
        (place, order, name) for order, (name, phrases) in enumerate(_TEXTS) if (place := _place(phrases, words)) >= 0
    ]
    return min(found)[2] if found else None


def _place(phrases: tuple[str, ...], words: str) -> int:
    """Return where a licence is named in a text; -1 where it is not, or only further down."""
    first, *others = phrases
    # A name stands at the top; what has none there is told by its terms.
    end = _TITLE if first.count(" ") < _LONG else len(words)
    return words.find(first, 0, end) if all(phrase in words for phrase in others) else -1
