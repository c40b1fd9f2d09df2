"""The options that verbs share: in every signature, in every help, and in no other spelling."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

import hublish
from hublish.api.options import HubOptions, PullOptions, PushOptions, SignatureOptions

VERBS: dict[Callable[..., Any], type] = {
    hublish.doctor: HubOptions,
    hublish.explain: HubOptions,
    hublish.init: HubOptions,
    hublish.plan: HubOptions,
    hublish.publish: HubOptions,
    hublish.status: HubOptions,
    hublish.verify: HubOptions,
    hublish.pull: PullOptions,
    hublish.load: PullOptions,
    hublish.from_hub: PullOptions,
    hublish.sign: SignatureOptions,
    hublish.attest: SignatureOptions,
    hublish.push_to_hub: PushOptions,
    hublish.HubMixin.push_to_hub: PushOptions,
}
each_verb = pytest.mark.parametrize(("verb", "options"), VERBS.items(), ids=lambda each: each.__name__)


@each_verb
def test_every_shared_option_is_in_the_signature_by_keyword(verb: Callable[..., Any], options: type) -> None:
    parameters = inspect.signature(verb).parameters
    for name in options.__annotations__:
        assert parameters[name].kind is inspect.Parameter.KEYWORD_ONLY
    assert not any(each.kind is inspect.Parameter.VAR_KEYWORD for each in parameters.values())


@each_verb
def test_every_shared_option_is_explained_in_the_help(verb: Callable[..., Any], options: type) -> None:
    text = inspect.getdoc(verb)
    assert text is not None
    for name in options.__annotations__:
        (line,) = [line for line in text.splitlines() if line.startswith(f"    {name}: ")]
        assert len(line.partition(": ")[2]) > 10
    assert "**" not in text
    assert text.index("Args:") < text.index("    endpoint: ") < (text.find("Raises:") % len(text))


@each_verb
def test_an_unknown_option_is_a_type_error_of_the_verb(verb: Callable[..., Any], options: type) -> None:
    given = {"hublish_knows_no_such_option": 1}
    with pytest.raises(TypeError, match=rf"^{verb.__name__}\(\) got an unexpected keyword argument 'hublish_knows"):
        verb(**given)


def test_defaults_that_are_not_none_show_in_the_signature() -> None:
    parameters = inspect.signature(hublish.pull).parameters
    assert (parameters["repo_type"].default, parameters["force_download"].default) == (None, False)
    assert parameters["endpoint"].default is None
