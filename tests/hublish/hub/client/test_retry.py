"""The total wait never exceeds the limit, whatever the responses request, over all threads."""

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from hublish.hub.client.failures import RequestedWaitError
from hublish.hub.client.retry import RetryBudget


@dataclass
class Response:
    status_code: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def read(self) -> bytes:
        return self.body

    def json(self) -> object:
        return json.loads(self.body)


@dataclass
class Request:
    extensions: dict[str, Any] = field(default_factory=dict)


@dataclass
class Session:
    event_hooks: dict[str, list[Any]] = field(default_factory=lambda: {"request": [], "response": []})

    def answer(self, *responses: Response) -> None:
        for response in responses:
            for hook in self.event_hooks["response"]:
                hook(response)


class AnsweredError(Exception):
    def __init__(self, response: Response) -> None:
        self.response = response


def in_seconds(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("status", "headers", "refused"),
    [
        (429, {"Retry-After": "299"}, False),
        (429, {"Retry-After": "301"}, True),
        (503, {"Retry-After": "301"}, True),
        (500, {"Retry-After": "301"}, True),
        (200, {"Retry-After": "301"}, False),
        (404, {"Retry-After": "301"}, False),
        (429, {"Retry-After": "-301"}, False),
        (429, {"Retry-After": "soon"}, False),
        (429, {"Retry-After": "1e9"}, False),
        (429, {"Retry-After": ""}, False),
        (429, {"Retry-After": "9" * 400}, True),
        (429, {"ratelimit": '"api";r=0;t=301'}, True),
        (429, {"ratelimit": '"api";r=5;t=301'}, False),
        (503, {"ratelimit": '"api";r=0;t=301'}, False),
        (429, {"ratelimit": "what;=r;t"}, False),
    ],
)
def test_only_a_wait_beyond_the_limit_is_refused(status: int, headers: dict[str, str], refused: bool) -> None:
    session = Session()
    with RetryBudget().bounding(session):
        if refused:
            with pytest.raises(RequestedWaitError, match="at most 300 s"):
                session.answer(Response(status, headers))
        else:
            session.answer(Response(status, headers))


@pytest.mark.parametrize(("seconds", "refused"), [(400, True), (200, False), (-400, False)])
def test_a_wait_may_be_given_as_a_date(seconds: float, refused: bool) -> None:
    session, refusal = Session(), pytest.raises(RequestedWaitError) if refused else nullcontext()
    with RetryBudget().bounding(session), refusal:
        session.answer(Response(429, {"Retry-After": in_seconds(seconds)}))


def test_waits_add_up_over_requests_and_blocks() -> None:
    session, budget = Session(), RetryBudget(limit=100)
    with budget.bounding(session):
        session.answer(Response(429, {"Retry-After": "60"}))
    with budget.bounding(session), pytest.raises(RequestedWaitError):
        session.answer(Response(429, {"Retry-After": "60"}))


def test_no_hook_remains_in_the_session() -> None:
    session = Session()
    with RetryBudget().bounding(session), RetryBudget().bounding(session):
        assert len(session.event_hooks["response"]) == 2
    assert session.event_hooks == {"request": [], "response": []}


def test_blocks_that_end_out_of_order_stay_apart() -> None:
    session, short, long = Session(), RetryBudget(limit=1), RetryBudget(limit=100)
    first, second = short.bounding(session), long.bounding(session)
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    session.answer(Response(429, {"Retry-After": "50"}))
    second.__exit__(None, None, None)
    assert session.event_hooks == {"request": [], "response": []}


def test_threads_share_one_limit() -> None:
    session, budget = Session(), RetryBudget(limit=100)

    def ask(_: int) -> bool:
        try:
            session.answer(Response(429, {"Retry-After": "1"}))
        except RequestedWaitError:
            return False
        return True

    with budget.bounding(session), ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(200))) == 100


@pytest.mark.parametrize(
    ("given", "read"), [({}, 7.0), ({"timeout": {"read": None, "pool": 1}}, 7.0), ({"timeout": {"read": 2}}, 2)]
)
def test_a_response_has_a_timeout(given: dict[str, Any], read: float) -> None:
    session, request = Session(), Request(given)
    with RetryBudget(silence=7.0).bounding(session):
        for hook in session.event_hooks["request"]:
            hook(request)
    assert request.extensions["timeout"]["read"] == read
    assert request.extensions["timeout"]["connect"]


@pytest.mark.parametrize(
    ("failures", "slept"),
    [
        ([], []),
        ([AnsweredError(Response(503))], [1]),
        ([AnsweredError(Response(429, {"Retry-After": "9"})), AnsweredError(Response(500))], [9, 2]),
        ([ConnectionResetError(), TimeoutError(), ConnectionAbortedError()], [1, 2, 4]),
    ],
)
def test_a_transient_failure_is_retried(sleeps: list[float], failures: list[Exception], slept: list[float]) -> None:
    left = iter(failures)

    def call() -> str:
        for failure in left:
            raise failure
        return "done"

    assert RetryBudget().retrying(call) == "done"
    assert sleeps == slept


@pytest.mark.parametrize("failure", [AnsweredError(Response(404)), ValueError("no"), AnsweredError(Response(409))])
def test_a_permanent_failure_is_not_retried(sleeps: list[float], failure: Exception) -> None:
    def call() -> None:
        raise failure

    with pytest.raises(type(failure)):
        RetryBudget().retrying(call)
    assert sleeps == []


def test_retries_end(sleeps: list[float]) -> None:
    def call() -> None:
        raise AnsweredError(Response(503))

    with pytest.raises(AnsweredError):
        RetryBudget().retrying(call)
    assert sleeps == [1, 2, 4]
