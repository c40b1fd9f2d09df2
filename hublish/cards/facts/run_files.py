"""The names of files that describe a training run, by the libraries that write them and the habits of authors."""

import re
from typing import Final

STATE: Final = "trainer_state.json"
"""The state of a Trainer of transformers."""
RESULTS: Final = ("train_results.json", "all_results.json")
"""The results that the examples of transformers write."""
ENERGY: Final = "emissions.csv"
"""The measurements of CodeCarbon."""
LOG: Final = re.compile(
    r"(?:.*[-_.])?(?:logs?|history|metrics|progress|losses|loss|train(?:ing)?|results)(?:[-_.].*)?\.(?:csv|tsv|jsonl)",
    re.IGNORECASE,
)
"""Logs as text; a column of steps or epochs distinguishes them from other tables."""
HISTORY: Final = re.compile(r"(?:.*[-_.])?history(?:[-_.].*)?\.json", re.IGNORECASE)
"""`History.history` of Keras as JSON."""
EVENTS: Final = re.compile(r"events\.out\.tfevents\.[0-9]{1,12}(?:\..*)?")
"""Event files of TensorBoard; the number is the time at which a file was begun."""
PARAMETERS: Final = re.compile(
    r"(?:h(?:yper)?_?)?param(?:eter)?s\.(?:json|ya?ml)|(?:train(?:ing)?_)?args\.(?:json|ya?ml)"
)
"""Parameters of a run, by authors, DVC, Lightning and ultralytics."""


def describes_run(name: str) -> bool:
    """Return whether a file with this name may describe a training run."""
    patterns = (LOG, HISTORY, EVENTS, PARAMETERS)
    return name in (STATE, ENERGY, *RESULTS) or any(pattern.fullmatch(name) for pattern in patterns)
