"""Run every step with the installed huggingface_hub, and print one line of JSON for each.

    HF_ENDPOINT=.. HF_TOKEN=.. EVE_TOKEN=.. EXERCISE=name HF_HOME=folder python -m tests.clients.versions.exercise

The steps use the public API that versions 0.36, 1.2 and 2.4 have in common.
"""

import json
import sys
import tempfile
import traceback
from pathlib import Path

import huggingface_hub

from tests.clients.versions import commands, files, histories, repositories, spaces
from tests.clients.versions.harness import STEPS, Hub

PARTS = (repositories, files, histories, spaces, commands)  # importing them registered their steps


def main() -> int:
    """Run the steps, each whether or not others failed; return 1 when one failed."""
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub.of_environment(Path(folder))
        for step in STEPS:
            error = ""
            try:
                step(hub)
            except Exception:
                error = traceback.format_exc()
                failed += 1
            outcome = {"step": step.__name__.replace("_", " "), "error": error, "version": huggingface_hub.__version__}
            print(json.dumps(outcome), flush=True)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
