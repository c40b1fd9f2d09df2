"""What runs in the child process: one template, plain data, within bounds.

jinja2's sandbox keeps a template away from Python; the bounds keep it from doing too much, which no sandbox does.
The process holds no token and can write no file.
"""

import gc
import json
import os
import resource
import sys

from hublish.pipeline.render_card.templating import BOUNDS, answer, new_environment


def main() -> None:
    """Read a request from standard input, render what it holds, and write the answer to standard output, all as JSON.

    A request has a `name` and a `template` (text), a `context` (plain data), and the bounds `seconds` of processor
    time, `memory` and `output` in bytes. Everything that does not depend on it is done before it comes.
    """
    environment = new_environment()
    gc.enable()  # its start made no garbage
    request = json.load(sys.stdin)
    _limit(request["seconds"], request["memory"])
    try:
        answered = answer(environment, request)
    except MemoryError:
        answered = BOUNDS
    sys.stdout.write(json.dumps(answered))
    sys.stdout.flush()
    os._exit(0)  # the parent waits for the end, and there is nothing to tidy up


def _limit(seconds: int, memory: int) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
