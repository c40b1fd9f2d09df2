"""One Hub and one cache for the scripts of all libraries, each of which runs once."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from huggingface_hub import HfApi, close_session

from hublish.hub.server import EmbeddedHub
from tests.frameworks.libraries.steps import Found, run


@pytest.fixture(scope="session")
def library_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    """The Hub of all scripts, with a user who owns nothing."""
    with EmbeddedHub(tmp_path_factory.mktemp("hub")) as hub:
        hub.add_user("eve", token="hf_eve")
        yield hub
        close_session()


@pytest.fixture(scope="session")
def ran(
    request: pytest.FixtureRequest, library_hub: EmbeddedHub, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Found]]:
    """A function that returns what the steps of a script returned, and runs it unless that has begun."""
    folder = tmp_path_factory.mktemp("author")
    given = {"HF_ENDPOINT": library_hub.endpoint, "HF_TOKEN": library_hub.token}
    # Two at a time: most of their time is the import of libraries, which uses one core.
    with ThreadPoolExecutor(2) as pool:

        def start(script: str, **settings: str) -> Future[Found]:
            return pool.submit(run, script, folder, **given, **settings)

        scripts = dict.fromkeys(getattr(item.module, "SCRIPT", "") for item in request.session.items)  # type: ignore[attr-defined]
        started = {script: start(script) for script in scripts if script}

        def ran(script: str, **settings: str) -> Found:
            if script not in started:
                started[script] = start(script, **settings)
            return started[script].result()

        yield ran


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest, ran: Callable[..., Found]) -> Found:
    """What the steps of the script that a module of tests names returned."""
    script: str = request.module.SCRIPT
    return ran(script)


@pytest.fixture
def api(library_hub: EmbeddedHub) -> HfApi:
    """The client, to see what the libraries left on the Hub."""
    return HfApi(endpoint=library_hub.endpoint, token=library_hub.token)
