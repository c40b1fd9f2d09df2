"""Render a template: a built-in one in any process, a user's in a child process that is killed at its limits.

Importing the template engine takes longer than rendering. The command line therefore starts a child with `prestarted`
before it reads the manifest. This module imports little, so that the child starts soon.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from hublish.base.errors import CardError
from hublish.base.isolated_python import available_cores, start_isolated
from hublish.schemas.diagnose.problems import Location, Problem, Related, shortened
from hublish.schemas.secrets.masking import mask

if TYPE_CHECKING:
    from hublish.pipeline.render_card.card_template import CardTemplate

# Limits on a user's template: seconds of processor time, bytes of memory, bytes of output.
_SECONDS: Final = 5
_MEMORY: Final = 512 << 20
_OUTPUT: Final = 1 << 20
# Wall-clock time may be this many times the processor time, since the machine may be busy with other work. A template
# cannot sleep, so that only a machine under heavy load comes near it.
_WALL_CLOCK_FACTOR: Final = 12

_UNDEFINED: Final = re.compile(r"'([A-Za-z_]\w*)' is undefined")
_HINTS: Final = {
    "undefined": "set it under card.variables, or give a default: {{ name | default('') }}",
    "missing": "a template can extend or include a built-in one, such as model.md.j2, and no other file",
    "unsafe": "templates work on plain data; attributes that begin with '_' are not available",
    "syntax": "see the template language of Jinja2; {% raw %} and {% endraw %} enclose text with braces of its own",
}
# A line that names a user's template, and one that begins a card, searched for in as many bytes as a manifest may have.
# A wrong guess costs only time: a child that is not needed is stopped, and one that is missing is started on demand.
_MANIFEST_LIMIT: Final = 1 << 18
_CARD: Final = re.compile(rb"^card[ \t]*:", re.MULTILINE)
_OWN_TEMPLATE: Final = re.compile(
    rb"""^[ \t]+template[ \t]*:[ \t]*(?!["']?(?:model|dataset|space|kernel|eu-ai-act)["']?[ \t\r]*(?:\#|$))\S""",
    re.MULTILINE,
)
_BUILT_IN_TEMPLATE: Final = re.compile(
    rb"""^[ \t]+template[ \t]*:[ \t]*["']?(model|dataset|space|kernel|eu-ai-act)\b""", re.MULTILINE
)


class Body(str):
    """The text of a rendered card, which knows where the tracked values of its template are printed."""

    printed: tuple[tuple[int, int, tuple[str, ...]], ...] = ()
    """For each value the start and the end of its text, and the names of the values that it was computed from."""


class Renderer(Protocol):
    """Renders the text of a card."""

    def render(self, template: "CardTemplate", context: Mapping[str, Any], /) -> str:
        """Return the text of a template rendered with plain data, best as `Body`; see `Child.render`."""


class Child:
    """A process that renders one template. It prepares as soon as it starts, and ends with the `with` block.

    Args:
        likely: the names of built-in templates that it compiles before the request arrives.
    """

    def __init__(self, *likely: str) -> None:
        import subprocess

        # Python's own errors go there; a template writes nothing.
        self._process = start_isolated("hublish.pipeline.render_card.template_sandbox", subprocess.PIPE, *likely)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        with self._process:  # closes the pipes and waits
            pass

    def render(self, template: "CardTemplate", context: Mapping[str, Any], *, seconds: int = _SECONDS) -> Body:
        """Return the text of a template rendered with plain data. A child renders only once.

        Args:
            template: the template.
            context: mappings, lists, strings and numbers, by the names that the template uses.
            seconds: of processor time, after which the child is killed.

        Raises:
            CardError: when the template cannot be rendered, with its name and line, or exceeds a limit.
        """
        request = {**_request(template, context), "seconds": seconds, "memory": _MEMORY}
        return _text(template, self._send(json.dumps(request).encode(), seconds), seconds, context)

    def _send(self, request: bytes, seconds: int) -> dict[str, Any]:
        from subprocess import TimeoutExpired

        try:
            out, err = self._process.communicate(request, timeout=_WALL_CLOCK_FACTOR * seconds)
        except TimeoutExpired:
            return {"kind": "bounds"}
        if self._process.returncode < 0:  # killed by the limit on processor time, or by the system for its memory
            return {"kind": "bounds"}
        if self._process.returncode:
            last = err.decode("utf-8", "replace").strip().rpartition("\n")[2]
            return {"kind": "failed", "message": f"the renderer stopped: {shortened(last, 300)}", "line": 0}
        response: dict[str, Any] = json.loads(out)
        return response


class OnDemand:
    """Renders a built-in template in this process, and any other in a child that it starts.

    A built-in template only loops over its data. The size limits of the manifest and of the evaluation bound its work,
    so it needs no process that can be killed, which would take longer to start than everything else takes.
    """

    def render(self, template: "CardTemplate", context: Mapping[str, Any]) -> Body:
        """Return the text of a template rendered with plain data; see `Child.render`."""
        if not template.built_in:
            return render(template, context)
        from hublish.pipeline.render_card.template_sandbox import codes_of_process, new_environment, respond

        environment = new_environment(codes_of_process())
        return _text(template, respond(environment, _request(template, context)), _SECONDS, context)


ON_DEMAND: Final = OnDemand()


class Prestarted:
    """Renders one template in a child that was started early, and every other one on demand."""

    def __init__(self, child: Child) -> None:
        self._child: Child | None = child

    def render(self, template: "CardTemplate", context: Mapping[str, Any]) -> Body:
        """Return the text of a template rendered with plain data; see `Child.render`."""
        child, self._child = self._child, None
        if child is None:
            return ON_DEMAND.render(template, context)
        if not template.built_in:
            return child.render(template, context)
        # JSON turns other keys into strings, and the limits of a child are not those of a built-in template.
        if _has_text_keys(context):
            with suppress(CardError):
                return child.render(template, context)
        return ON_DEMAND.render(template, context)


_RENDERER: Final[ContextVar[Renderer]] = ContextVar("renderer", default=ON_DEMAND)


def current_renderer() -> Renderer:
    """Return the renderer of this context: a child that was started early, or one that starts a child on demand."""
    return _RENDERER.get()


@contextmanager
def rendered_by(renderer: Renderer) -> Iterator[None]:
    """Render cards with `renderer` within a `with` block."""
    # A context variable rather than a parameter: `check`, `card` and `files` need not pass it through every stage.
    token = _RENDERER.set(renderer)
    try:
        yield
    finally:
        _RENDERER.reset(token)


@contextmanager
def prestarted(manifest: str) -> Iterator[None]:
    """Start a child early if the manifest seems to have a card.

    The child imports the template engine and compiles the template while this process imports the code that reads and
    checks the manifest. On two cores, the card then costs `hublish check` almost no time. On one core, a child renders
    only users' templates.

    Args:
        manifest: a path. Standard input (`-`) and other files that can be read only once are not read.
    """
    wanted = _CARD if available_cores() > 1 else _OWN_TEMPLATE
    text = _beginning(Path(manifest))
    if not wanted.search(text):
        yield
        return
    named = _BUILT_IN_TEMPLATE.search(text)
    likely = () if _OWN_TEMPLATE.search(text) else (named[1].decode() if named else "model",)
    with Child(*likely) as child, rendered_by(Prestarted(child)):
        yield


def render(template: "CardTemplate", context: Mapping[str, Any], *, seconds: int = _SECONDS) -> Body:
    """Return the text of a template rendered in a new child; see `Child.render`."""
    with Child() as child:
        return child.render(template, context, seconds=seconds)


def _has_text_keys(data: object) -> bool:
    if isinstance(data, Mapping):
        return all(isinstance(key, str) and _has_text_keys(value) for key, value in data.items())
    return all(map(_has_text_keys, data)) if isinstance(data, list | tuple) else True


def _beginning(path: Path) -> bytes:
    """Return the bytes of a manifest; nothing when it cannot be read, or only once."""
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as stream:
            return stream.read(_MANIFEST_LIMIT)
    except OSError:
        return b""


def _request(template: "CardTemplate", context: Mapping[str, Any]) -> dict[str, Any]:
    shared = dict(template.shared)
    request = {"name": template.name, "template": template.text, "context": context, "output": _OUTPUT}
    request |= {"shared": shared, "markdown": template.prints_markdown}
    return {**request, "tracked": template.tracked, "marked": template.marked} if template.tracked else request


def _text(template: "CardTemplate", response: dict[str, Any], seconds: int, context: Mapping[str, Any]) -> Body:
    """Return the text in a response, or raise its error."""
    if "text" in response:
        body = Body(response["text"])
        body.printed = tuple((start, end, tuple(names)) for start, end, names in response.get("printed", ()))
        return body
    kind = response["kind"]
    if kind == "bounds":
        message = f"rendering {template.name} exceeded {seconds} s, {_MEMORY >> 20} MiB of memory or 1 MiB of output"
        raise CardError(message, hint="the template loops or repeats too much")
    hint = _HINTS.get(kind, "")
    if not response["line"]:
        raise CardError(f"{template.name}: {response['message']}", hint=hint)
    message = response["message"].rstrip(".")
    undefined = _UNDEFINED.match(message)
    name = undefined[1] if undefined else ""
    if name:
        hint = _undefined_hint(name, context)
    related = (Related("rendered from here", "card.template"),)
    place = _place(template, response["line"], name)
    problem = Problem(f"card.{kind}", message, hint, location=place, related=related)
    msg = "the card cannot be rendered"
    raise CardError(msg, problems=[problem])


def _undefined_hint(name: str, context: Mapping[str, Any]) -> str:
    # huggingface_hub's templates begin with it. A default would leave a second, empty front matter.
    if name == "card_data":
        return "remove it: hublish writes card.metadata above the text; {{ metadata.license }} prints one value of it"
    from hublish.schemas.diagnose.suggestions import nearest
    from hublish.schemas.vocabulary import card_variables

    documented = {each for known, about in card_variables().items() for each in (known, *about.aliases)}
    near = nearest(name, context, cutoff=0.75) or nearest(name, sorted(documented - {name}), cutoff=0.85)
    question = f"did you mean `{near}`? Otherwise " if near else ""
    return (
        f"{question}set `{name}` under card.variables, or write {{{{ {name} | default('') }}}}; "
        "{% raw %} and {% endraw %} around the text keep its braces"
    )


def _place(template: "CardTemplate", line: int, name: str) -> Location:
    """Return the location of a name in a line, else of the whole line, since Jinja2 reports no columns."""
    lines = template.text.splitlines()
    # Masked: the user may have pasted a token into the template.
    text = mask(lines[line - 1]) if line <= len(lines) else ""
    found = re.search(rf"\b{name}\b", text) if name else None
    start, end = found.span() if found else (len(text) - len(text.lstrip()), len(text))
    return Location(template.shown or template.name, line, start + 1, line, end + 1, text)
