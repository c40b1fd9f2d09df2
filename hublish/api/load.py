"""Pull a release and open its weights."""

from typing import Any, TypeVar, Unpack, overload

from hublish.api.options import PullOptions, takes
from hublish.api.pull import issue_warnings, pulled
from hublish.base.progress import SILENT
from hublish.base.values import Loaded
from hublish.formats.interface import DISTRUST
from hublish.pipeline.load import opening, restoring
from hublish.pipeline.restore.filling import Wanted

T = TypeVar("T")


@overload
def load(
    repo_id: str | None = None,
    *,
    into: type[T],
    strict: bool = True,
    device: Any = None,
    dtype: Any = None,
    **options: Unpack[PullOptions],
) -> T: ...
@overload
def load(
    repo_id: str | None = None, *, into: None = None, dtype: Any = None, **options: Unpack[PullOptions]
) -> Loaded: ...
@overload
def load(
    repo_id: str | None = None,
    *,
    into: Any = None,
    strict: bool = True,
    device: Any = None,
    dtype: Any = None,
    **options: Unpack[PullOptions],
) -> Any: ...
@takes(PullOptions)
def load(
    repo_id: str | None = None,
    *,
    into: Any = None,
    strict: bool = True,
    device: Any = None,
    dtype: Any = None,
    **options: Unpack[PullOptions],
) -> Any:
    """Pull, then open the weights. Nothing is unpickled, and code of the release runs only when it is trusted.

    Without patterns of the caller or the load plan, only the files that loading reads are downloaded. When `into` is
    None, `trust=Trust(code=True)` loads into the class that the release's `load.target` names. The class is imported
    from an installed package, or from a file of a release that is pinned by a lock or a commit.

    Args:
        repo_id: `namespace/name` or a URL, as for `hublish.pull`; not needed when a lock is given.
        into: a class or an instance that takes the weights: a `torch.nn.Module`; an object with `load_state_dict` or
            `set_weights`; a function, or any other class, that is called with the arrays by name. A class with one of
            those methods is constructed from the release's config.json, and a torch module is then set to evaluation
            mode; an instance keeps its mode.
        strict: reject weights that lack a tensor of the object, or have one that the object lacks.
        device: the device of a torch module's tensors.
        dtype: the type that floating-point tensors are cast to: `bfloat16`, or a type of numpy or torch.
        **options: see `PullOptions`.

    Returns:
        The object. Without one a `Loaded`: `.arrays` maps tensor names to numpy arrays, which are read on first use.

    Raises:
        LoadError: the release lacks weights, they are not in the format of the load plan, or they do not fit; and every
            error of `pull`.
    """
    wanted = Wanted(into, strict, device, dtype, options.get("trust", DISTRUST))
    local = pulled(repo_id, options, to_load=True, with_target=wanted.by_target, as_data=True)
    progress = options.get("progress", SILENT)
    # Without an object, and without a target that the caller trusts, the arrays themselves are the result.
    if into is None and not (wanted.by_target and local.plan.release.load.target):
        return opening(wanted).run(local, progress)
    issue_warnings(local)
    return restoring(wanted).run(local, progress).value
