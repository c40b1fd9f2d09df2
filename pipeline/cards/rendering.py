"""Render a template in a child process that is killed when it takes too long."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, Final

from hublish.pipeline.cards.templates import CardTemplate
from hublish.pipeline.errors import CardError
from hublish.schemas.problems import Location, Problem, Related
from hublish.schemas.secrets import mask

SECONDS: Final = 5
MEMORY: Final = 512 << 20
OUTPUT: Final = 1 << 20

_UNDEFINED: Final = re.compile(r"'([A-Za-z_]\w*)' is undefined")
_HINTS: Final = {
    "undefined": "set it under card.variables, or give a default: {{ name | default('') }}",
    "unsafe": "templates work on plain data; attributes that begin with '_' are out of reach",
    "syntax": "see the template language of Jinja2",
}
# Isolated from the environment and the current folder, then given the parent's own path to the packages.
_BOOT: Final = (
    "import json, sys\n"
    "request = json.load(sys.stdin)\n"
    "sys.path += [entry for entry in request['path'] if entry not in sys.path]\n"
    "from hublish.pipeline.cards.child import main\n"
    "main(request)\n"
)
# What a Python may need to start; no token, no proxy, nothing else.
_KEPT_ENVIRONMENT: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def render(template: CardTemplate, context: Mapping[str, Any], *, seconds: int = SECONDS) -> str:
    """Return the text a template makes of plain data.

    Args:
        template: the template.
        context: mappings, lists, texts and numbers by the names the template uses.
        seconds: after which the child is killed.

    Raises:
        CardError: naming the template and the line, when it cannot be rendered or exceeds a bound.
    """
    request = {
        "name": template.name,
        "template": template.text,
        "context": context,
        "path": [os.path.abspath(entry) for entry in sys.path],  # noqa: PTH100 - `` means the current folder
        "seconds": seconds,
        "memory": MEMORY,
        "output": OUTPUT,
    }
    answer = _ask(json.dumps(request), seconds)
    if "text" in answer:
        return str(answer["text"])
    raise _failure(template, answer, seconds)


def _ask(request: str, seconds: int) -> dict[str, Any]:
    environment = {name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}
    command = [sys.executable, "-I", "-c", _BOOT]
    try:
        done = subprocess.run(  # noqa: S603 - our own code; the template is data on standard input
            command, input=request.encode(), capture_output=True, timeout=seconds, env=environment, check=False
        )
    except subprocess.TimeoutExpired:
        return {"kind": "bounds"}
    if done.returncode < 0:  # killed by the limit of processor time
        return {"kind": "bounds"}
    if done.returncode:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return {"kind": "failed", "message": f"the renderer stopped: {last[:300]}", "line": 0}
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _failure(template: CardTemplate, answer: dict[str, Any], seconds: int) -> CardError:
    if answer["kind"] == "bounds":
        message = f"rendering {template.name} exceeded {seconds} s, {MEMORY >> 20} MiB of memory or 1 MiB of output"
        return CardError(message, hint="the template loops or repeats too much")
    hint = _HINTS.get(answer["kind"], "")
    if not answer["line"]:
        return CardError(f"{template.name}: {answer['message']}", hint=hint)
    message = answer["message"].rstrip(".")
    if undefined := _UNDEFINED.match(message):
        name = undefined[1]
        hint = f"set `{name}` under card.variables, or write {{{{ {name} | default('') }}}}"
    place = _place(template, answer["line"], undefined[1] if undefined else "")
    related = Related("rendered from here", "card.template")
    problem = Problem(f"card.{answer['kind']}", message, hint, location=place, related=(related,))
    return CardError("the card cannot be rendered", problems=[problem])


def _place(template: CardTemplate, line: int, name: str) -> Location:
    """Return the place of a name in a line, or of the whole line: jinja2 knows no columns."""
    lines = template.text.splitlines()
    text = mask(lines[line - 1]) if line <= len(lines) else ""
    found = re.search(rf"\b{name}\b", text) if name else None
    start, end = found.span() if found else (len(text) - len(text.lstrip()), len(text))
    return Location(template.name, line, start + 1, line, end + 1, text)
