"""Fill PyTorch modules: copy the tensors of the files into parameters and buffers, without unpickling anything.

torch is never imported here: a caller with a module has imported it.
"""

import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

from hublish.base.errors import LoadError, UsageError
from hublish.formats.torch import tied
from hublish.schemas.diagnose.problems import Problem

# A class of another architecture misses hundreds of names: an error lists so many.
_SHOWN: Final = 20


def is_module(value: Any) -> bool:
    """Return whether `value` is a `torch.nn.Module`, or a class of them."""
    # Without torch loaded there cannot be a module; importing it here would take seconds.
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    return issubclass(value, torch.nn.Module) if isinstance(value, type) else isinstance(value, torch.nn.Module)


def tensors(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return numpy arrays as tensors with memory of their own.

    Raises:
        LoadError: naming the first array whose type torch does not have.
    """
    torch, made = sys.modules["torch"], {}
    for name, array in arrays.items():
        try:
            # Copied: the arrays are mapped read-only from the files, and torch warns about such memory.
            made[name] = torch.from_numpy(array.copy())
        except TypeError as error:
            raise LoadError(f"tensor '{name}': {error}") from None
    return made


def fill(module: Any, tensors: Mapping[str, Any], *, strict: bool, device: Any, dtype: Any) -> Any:
    """Load the tensors into the module and return it.

    Args:
        module: the module; tensors that fit are copied even when others are refused.
        tensors: by name.
        strict: refuse names that only one of the two has. A missing name that is tied to a present one is accepted.
        device: the device to move the module to; None leaves it where it is.
        dtype: the type that its floating tensors are cast to; None leaves them.

    Raises:
        LoadError: with every name that does not fit, or a shape that differs.
        UsageError: the device or dtype does not exist.
    """
    # Tensors on the meta device have no memory: the mapped tensors themselves replace them, and moving comes after.
    on_meta = bool(_on_meta(module))
    shared, ties = _shared(module), tied(_tensors_of(module))
    if not on_meta:
        _move(module, device, dtype)
    try:
        answer = module.load_state_dict(dict(tensors), strict=False, assign=on_meta)
    except RuntimeError as error:
        # torch's message has a heading, then one line for each tensor.
        lines = [line.strip() for line in str(error).splitlines()]
        problems = [Problem("load.shape", line) for line in lines[1:]]
        msg = f"the weights do not fit {type(module).__name__}"
        hint = "is it the class, and the configuration, of this release?"
        raise LoadError(msg, hint=hint, problems=problems) from None
    if on_meta:
        _tie(shared)
    # Not by torch's strict mode: it counts tied names as missing, and joins all names to one message.
    problems = _others(ties, tensors, answer.missing_keys, answer.unexpected_keys) if strict else []
    hint = "strict=False loads what fits"
    if unfilled := [name for name in _on_meta(module) if name not in (answer.missing_keys if strict else ())]:
        # Also without strict: such a module fails only when it runs.
        problems += [
            Problem("load.unfilled", f"'{name}' is on the meta device, and no file fills it") for name in unfilled
        ]
        hint = "create the module on the CPU, which computes the buffers that no file has"
    if problems:
        raise _unfit(module, problems, hint)
    if on_meta:
        _move(module, device, dtype)
    return module


def _tensors_of(module: Any) -> dict[str, Any]:
    """Return the tensors of the state dict; a module may have other state in it."""
    torch = sys.modules["torch"]
    return {name: value for name, value in module.state_dict().items() if isinstance(value, torch.Tensor)}


def _on_meta(module: Any) -> list[str]:
    """Return the names of the parameters and buffers on the meta device, those outside the state dict as well."""
    found = [*module.named_parameters(), *module.named_buffers()]
    return [name for name, tensor in found if tensor.is_meta]


def _shared(module: Any) -> list[list[tuple[dict[str, Any], str]]]:
    """Return the places of each parameter or buffer that has several: the table of a module, and the name in it."""
    places: dict[int, list[tuple[dict[str, Any], str]]] = {}
    for part in module.modules():
        for table in (part._parameters, part._buffers):  # noqa: SLF001 - torch has no other way to set one of the two
            for name, tensor in table.items():
                if tensor is not None:
                    places.setdefault(id(tensor), []).append((table, name))
    return [found for found in places.values() if len(found) > 1]


def _tie(shared: Iterable[list[tuple[dict[str, Any], str]]]) -> None:
    """Put one tensor in all places that shared one before each got its own."""
    for places in shared:
        tensors = [table[name] for table, name in places]
        # A file may hold the tensor under one of its names only.
        kept = next((tensor for tensor in tensors if not tensor.is_meta), tensors[0])
        for table, name in places:
            table[name] = kept


def moved(tensors: Mapping[str, Any], device: Any, dtype: Any) -> dict[str, Any]:
    """Return the tensors on the device, floating ones in the type; tied tensors stay tied."""
    kind = _dtype(dtype)
    # By identity: tied names share one tensor, which is moved once.
    done: dict[int, Any] = {}
    for tensor in tensors.values():
        floats = tensor.is_floating_point() and kind is not None
        done.setdefault(id(tensor), tensor.to(device=device, dtype=kind if floats else tensor.dtype))
    return {name: done[id(tensor)] for name, tensor in tensors.items()}


def _move(module: Any, device: Any, dtype: Any) -> None:
    if device is None and dtype is None:
        return
    try:
        module.to(device=device, dtype=_dtype(dtype))
    except (RuntimeError, AssertionError, TypeError) as error:  # no such device; torch built without CUDA
        raise UsageError(f"the module cannot be moved: {str(error).splitlines()[0]}") from error


def _dtype(dtype: Any) -> Any:
    torch = sys.modules["torch"]
    found = getattr(torch, dtype.removeprefix("torch."), None) if isinstance(dtype, str) else dtype
    if dtype is not None and not isinstance(found, torch.dtype):
        raise UsageError(f"{dtype!r} is not a torch type", hint="name one, such as float16, float32 or bfloat16")
    return found


def _others(
    ties: Mapping[str, str], tensors: Mapping[str, Any], missing: Iterable[str], unexpected: Iterable[str]
) -> list[Problem]:
    """Return the problem for each name that only the module or only the files have."""
    # A file holds one of several tied tensors; the module shares it, so the others are filled as well.
    filled = {ties.get(name, name) for name in tensors}
    lacking = [name for name in missing if ties.get(name, name) not in filled]
    problems = [Problem("load.missing", f"the release has no tensor '{name}'") for name in lacking]
    return problems + [Problem("load.unexpected", f"the module has no tensor '{name}'") for name in unexpected]


def _unfit(module: Any, problems: list[Problem], hint: str) -> LoadError:
    if (more := len(problems) - _SHOWN) > 0:
        problems = [*problems[:_SHOWN], Problem("load.more", f"and {more} more")]
    return LoadError(f"the weights do not fit {type(module).__name__}", problems=problems, hint=hint)
