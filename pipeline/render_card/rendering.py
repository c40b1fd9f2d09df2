"""Render a template: a user's in a child process that is killed when it takes too long, a built-in one here.

The child takes longer to import the template engine than to render. The command line therefore starts one with
`prestarted` before it reads the manifest; this module imports little, so that the child starts soon.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from hublish.base.errors import CardError
from hublish.schemas.diagnose.problems import Location, Problem, Related
from hublish.schemas.secrets.masking import mask

if TYPE_CHECKING:
    from hublish.pipeline.render_card.templates import CardTemplate

SECONDS: Final = 5
"""Of processor time; by the clock it may take _PATIENCE times as long: other work on the machine does not count."""
_PATIENCE: Final = 12
MEMORY: Final = 512 << 20
OUTPUT: Final = 1 << 20

_UNDEFINED: Final = re.compile(r"'([A-Za-z_]\w*)' is undefined")
_HINTS: Final = {
    "undefined": "set it under card.variables, or give a default: {{ name | default('') }}",
    "unsafe": "templates work on plain data; attributes that begin with '_' are out of reach",
    "syntax": "see the template language of Jinja2",
}
# Isolated from the environment, the current folder and what is installed for every Python to run (`-I -S`), then given
# the parent's own path to the packages, behind the standard library.
_BOOT: Final = (
    "import gc, json, sys\n"
    "gc.disable()\n"
    "sys.path += [entry for entry in json.loads(sys.argv[1]) if entry not in sys.path]\n"
    "from hublish.pipeline.render_card.child import main\n"
    "main()\n"
)
# A line that names a template of the user's own, in at most the bytes that a manifest may have. A wrong guess costs
# only time: a child that is not needed is stopped, and one that is missing is started when it is needed.
_MANIFEST_LIMIT: Final = 1 << 18
_OWN_TEMPLATE: Final = re.compile(
    rb"""^[ \t]+template[ \t]*:[ \t]*(?!["']?(?:model|dataset|space)["']?[ \t\r]*(?:\#|$))\S""", re.MULTILINE
)
# What a Python may need to start; no token, no proxy, nothing else.
_KEPT_ENVIRONMENT: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class Renderer(Protocol):
    """What makes the text of a card."""

    def render(self, template: "CardTemplate", context: Mapping[str, Any], /) -> str:
        """Return the text a template makes of plain data, as `render` does."""


class Child:
    """A process that renders one template. It prepares as soon as it is started, and ends with the `with` block."""

    def __init__(self) -> None:
        import subprocess

        # `` on the path means the current folder, which is not the child's concern.
        path = json.dumps([os.path.abspath(entry) for entry in sys.path])  # noqa: PTH100
        self._process = subprocess.Popen(  # noqa: S603 - our own code; the template is data on standard input
            [sys.executable, "-I", "-S", "-c", _BOOT, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        with self._process:  # closes the pipes and waits
            pass

    def render(self, template: "CardTemplate", context: Mapping[str, Any], *, seconds: int = SECONDS) -> str:
        """Return the text a template makes of plain data; once only.

        Args:
            template: the template.
            context: mappings, lists, texts and numbers by the names the template uses.
            seconds: of processor time, after which the child is killed.

        Raises:
            CardError: naming the template and the line, when it cannot be rendered or exceeds a bound.
        """
        request = {**_request(template, context), "seconds": seconds, "memory": MEMORY}
        return _text(template, self._ask(json.dumps(request).encode(), seconds), seconds)

    def _ask(self, request: bytes, seconds: int) -> dict[str, Any]:
        from subprocess import TimeoutExpired

        try:
            out, err = self._process.communicate(request, timeout=_PATIENCE * seconds)
        except TimeoutExpired:
            return {"kind": "bounds"}
        if self._process.returncode < 0:  # killed by the limit of processor time
            return {"kind": "bounds"}
        if self._process.returncode:
            last = err.decode("utf-8", "replace").strip().rpartition("\n")[2]
            return {"kind": "failed", "message": f"the renderer stopped: {last[:300]}", "line": 0}
        answer: dict[str, Any] = json.loads(out)
        return answer


class OnDemand:
    """Renders a built-in template in this process, and any other in a child that is started for it.

    A built-in template is our own code: it loops over its data and nothing else, so that the limits of hub.yaml and
    of the evaluation bound its work, and it needs no process that can be killed. That process would take longer to
    start than the rest of the card to make.
    """

    def render(self, template: "CardTemplate", context: Mapping[str, Any]) -> str:
        """Return the text a template makes of plain data, as `render` does."""
        if not template.built_in:
            return render(template, context)
        from hublish.pipeline.render_card.templating import answer, new_environment

        return _text(template, answer(new_environment(), _request(template, context)), SECONDS)


ON_DEMAND: Final = OnDemand()
_RENDERER: Final[ContextVar[Renderer]] = ContextVar("renderer", default=ON_DEMAND)


def current_renderer() -> Renderer:
    """Return the renderer of this context: one that was started early, or one that starts a child on demand."""
    return _RENDERER.get()


@contextmanager
def rendered_by(renderer: Renderer) -> Iterator[None]:
    """Render cards with `renderer` for the length of a `with` block."""
    token = _RENDERER.set(renderer)
    try:
        yield
    finally:
        _RENDERER.reset(token)


@contextmanager
def prestarted(manifest: str) -> Iterator[None]:
    """Start the child for a manifest that seems to name a template of the user's own.

    The child imports the template engine while this process imports the code that reads and checks the manifest: on
    two cores the card then costs `hublish check` almost no time.

    Args:
        manifest: a path. Standard input (`-`), and anything that can be read only once, is left alone.
    """
    if not _names_template(Path(manifest)):
        yield
        return
    with Child() as child, rendered_by(child):
        yield


def render(template: "CardTemplate", context: Mapping[str, Any], *, seconds: int = SECONDS) -> str:
    """Return the text a template makes of plain data; arguments and errors are those of `Child.render`."""
    with Child() as child:
        return child.render(template, context, seconds=seconds)


def _names_template(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as stream:
            return _OWN_TEMPLATE.search(stream.read(_MANIFEST_LIMIT)) is not None
    except OSError:
        return False


def _request(template: "CardTemplate", context: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": template.name, "template": template.text, "context": context, "output": OUTPUT}


def _text(template: "CardTemplate", answer: dict[str, Any], seconds: int) -> str:
    if "text" in answer:
        return str(answer["text"])
    raise _failure(template, answer, seconds)


def _failure(template: "CardTemplate", answer: dict[str, Any], seconds: int) -> CardError:
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


def _place(template: "CardTemplate", line: int, name: str) -> Location:
    """Return the place of a name in a line, or of the whole line: jinja2 knows no columns."""
    lines = template.text.splitlines()
    text = mask(lines[line - 1]) if line <= len(lines) else ""
    found = re.search(rf"\b{name}\b", text) if name else None
    start, end = found.span() if found else (len(text) - len(text.lstrip()), len(text))
    return Location(template.name, line, start + 1, line, end + 1, text)
