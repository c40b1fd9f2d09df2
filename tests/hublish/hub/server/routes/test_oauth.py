"""The exchange of ID tokens: which are accepted, what the token in return permits, and all that is refused."""

import base64
import hashlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from huggingface_hub import CommitOperationAdd, HfApi, constants
from huggingface_hub._oidc import exchange_oidc_token
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.utils import _auth, get_token

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.id_tokens import MAX_TOKEN
from tests.hublish.hub.server import oidc_issuer
from tests.hublish.hub.server.conftest import Answer, Caller
from tests.hublish.hub.server.oidc_issuer import Issuer, confused, flipped, part, signed, with_claims

_numbers = itertools.count(1)
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
CLAIMS = {"repository": "acme/training", "workflow": "release"}


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with oidc_issuer.running() as running:
        yield running


@pytest.fixture
def trusting(hub: EmbeddedHub, issuer: Issuer, repo: str) -> str:
    """Return a repository that the job may publish to."""
    hub.trust_issuer(issuer.url, repo, CLAIMS)
    return repo


def request_of(token: object, named: object, **changes: Any) -> dict[str, Any]:
    body = {"grant_type": EXCHANGE, "subject_token_type": ID_TOKEN, "subject_token": token, "resource": named}
    return {**body, **changes}


def assert_refused(answer: Answer, code: str, text: str = "") -> None:
    assert answer.status == 400, answer
    shown = answer.json()
    assert (shown["error"], set(shown)) == (code, {"error", "error_description"})
    assert text in shown["error_description"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_a_job_gets_a_token_for_an_hour(
    hub: EmbeddedHub, issuer: Issuer, trusting: str, anonymous: Caller, algorithm: str
) -> None:
    answer = anonymous("POST", "/oauth/token", request_of(issuer.token(hub.endpoint, algorithm=algorithm), trusting))
    shown = answer.json()
    assert (answer.status, shown["token_type"], shown["expires_in"]) == (200, "bearer", 3600)
    assert shown["access_token"].startswith("hf_jwt_")
    assert answer.headers["cache-control"] == "no-store"
    api = HfApi(endpoint=hub.endpoint, token=shown["access_token"])
    assert api.upload_file(path_or_fileobj=b"x", path_in_repo="a.txt", repo_id=trusting).oid


@pytest.mark.parametrize("form", [True, False])
@pytest.mark.parametrize("audience", ["", "/", "localhost", "list"])
def test_requests_have_two_forms_and_endpoints_two_names(
    hub: EmbeddedHub, issuer: Issuer, trusting: str, anonymous: Caller, form: bool, audience: str
) -> None:
    local = hub.endpoint.replace("127.0.0.1", "localhost")
    meant: dict[str, Any] = {"": hub.endpoint, "/": f"{hub.endpoint}/", "localhost": local, "list": [hub.endpoint]}
    body = request_of(issuer.token(meant[audience]), f"models/{trusting.upper()}")
    sent = urlencode(body).encode() if form else json.dumps(body).encode()
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    assert anonymous("POST", "/oauth/token", sent, **{"Content-Type": kind}).status == 200


def test_the_client_exchanges_by_itself(
    hub: EmbeddedHub, issuer: Issuer, trusting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    monkeypatch.setattr(_auth, "_OIDC_TOKEN_CACHE", None)
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 34)  # a long-lived token that is not used
    monkeypatch.setenv("HF_OIDC_RESOURCE", trusting)
    monkeypatch.setenv("HF_OIDC_ID_TOKEN", issuer.token(hub.endpoint))
    assert HfApi(endpoint=hub.endpoint).upload_file(path_or_fileobj=b"x", path_in_repo="a.txt", repo_id=trusting).oid
    monkeypatch.setattr(_auth, "_OIDC_TOKEN_CACHE", None)
    with pytest.raises(BadRequestError, match="was exchanged before"):
        get_token()


OTHER_RSA, OTHER_EC = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
DAY = 24 * 3600

Forge = Callable[[Issuer, str], Any]
FORGED: dict[str, tuple[str, Forge]] = {
    "not a JWT": ("not a JWT", lambda _issuer, _aud: "x"),
    "empty": ("not a JWT", lambda _issuer, _aud: ""),
    "five parts": ("not a JWT", lambda issuer, aud: issuer.token(aud) + ".x.y"),
    "claims that are a list": (
        "not a JWT",
        lambda _issuer, _aud: f"{part({'alg': 'RS256', 'kid': 'rsa'})}.{part([])}.x",
    ),
    "a header that is a list": ("not a JWT", lambda _issuer, _aud: f"{part([])}.{part({})}.x"),
    "deep claims": ("", lambda _issuer, _aud: f"{part({'alg': 'RS256'})}.{base64.b64encode(b'[' * 9000).decode()}.x"),
    "a surrogate": ("", lambda issuer, aud: issuer.token(aud) + "\ud800"),
    "too long": ("longer than", lambda issuer, aud: issuer.token(aud, more="x" * MAX_TOKEN)),
    "no algorithm": ("signed with", lambda issuer, aud: jwt.encode(issuer.claims(aud), "", "none")),
    "alg NONE": ("signed with", lambda issuer, aud: f"{part({'alg': 'NONE'})}.{part(issuer.claims(aud))}."),
    "a list of algorithms": (
        "not a JWT",
        lambda issuer, aud: f"{part({'alg': ['RS256']})}.{part(issuer.claims(aud))}.x",
    ),
    "HS256 with the public key": ("signed with", lambda issuer, aud: confused(issuer, issuer.claims(aud), "HS256")),
    "RS256 as HMAC": ("invalid signature", lambda issuer, aud: confused(issuer, issuer.claims(aud), "RS256")),
    "HS256 with a secret": ("signed with", lambda issuer, aud: jwt.encode(issuer.claims(aud), "s" * 32, "HS256")),
    "RS512": (
        "signed with",
        lambda issuer, aud: signed(issuer.claims(aud), issuer.rsa_key, "RS512", "rsa"),
    ),
    "another key": (
        "signature",
        lambda issuer, aud: signed(issuer.claims(aud), OTHER_RSA, "RS256", "rsa"),
    ),
    "another EC key": (
        "signature",
        lambda issuer, aud: signed(issuer.claims(aud), OTHER_EC, "ES256", "ec"),
    ),
    "the key of another algorithm": ("not one of", lambda issuer, aud: issuer.token(aud, headers={"kid": "ec"})),
    "an unknown key": ("not one of", lambda issuer, aud: issuer.token(aud, headers={"kid": "new"})),
    "no key": ("does not name", lambda issuer, aud: jwt.encode(issuer.claims(aud), issuer.rsa_key, "RS256")),
    "a key in the token": (
        "signature",
        lambda issuer, aud: jwt.encode(
            issuer.claims(aud), OTHER_RSA, "RS256", {"kid": "rsa", "jwk": Issuer.public(OTHER_RSA, "rsa", "RS256")}
        ),
    ),
    "critical extensions": ("", lambda issuer, aud: issuer.token(aud, headers={"crit": ["x"], "x": 1})),
    "a changed signature": ("signature", lambda issuer, aud: flipped(issuer.token(aud))),
    "changed claims": ("signature", lambda issuer, aud: with_claims(issuer.token(aud), repository="acme/training")),
    "no signature": ("signature", lambda issuer, aud: issuer.token(aud).rpartition(".")[0] + "."),
    "another issuer": ("not trusted", lambda issuer, aud: issuer.token(aud, iss="http://127.0.0.1:9")),
    "an issuer with a slash": ("not trusted", lambda issuer, aud: issuer.token(aud, iss=issuer.url + "/")),
    "a part of the issuer": ("not trusted", lambda issuer, aud: issuer.token(aud, iss=issuer.url[:-1])),
    "no issuer": ("not trusted", lambda issuer, aud: issuer.token(aud, iss=None)),
    "another audience": ("audience", lambda issuer, _aud: issuer.token("https://pypi.org")),
    "two audiences": ("audience", lambda issuer, aud: issuer.token([aud, "https://pypi.org"])),
    "a part of the audience": ("audience", lambda issuer, aud: issuer.token(aud[:-1])),
    "no audience": ("no claim aud", lambda issuer, _aud: issuer.token(None)),
    "expired": ("expired", lambda issuer, aud: issuer.token(aud, exp=int(time.time()) - 31)),
    "no expiry": ("no claim exp", lambda issuer, aud: issuer.token(aud, exp=None)),
    "a long life": ("more than a day", lambda issuer, aud: issuer.token(aud, exp=int(time.time()) + DAY + 60)),
    "endless": ("more than", lambda issuer, aud: issuer.token(aud, exp=10**400)),
    "not yet valid": ("not valid yet", lambda issuer, aud: issuer.token(aud, nbf=int(time.time()) + 60)),
    "from the future": ("not valid yet", lambda issuer, aud: issuer.token(aud, iat=int(time.time()) + 60)),
    "no time of issue": ("no claim iat", lambda issuer, aud: issuer.token(aud, iat=None)),
    "no subject": ("no claim sub", lambda issuer, aud: issuer.token(aud, sub=None)),
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_tokens_are_refused(
    hub: EmbeddedHub, issuer: Issuer, trusting: str, anonymous: Caller, name: str
) -> None:
    text, forge = FORGED[name]
    token = forge(issuer, hub.endpoint)
    if name == "changed claims":
        token = with_claims(issuer.token(hub.endpoint, repository="evil/fork"), repository="acme/training")
    answer = anonymous("POST", "/oauth/token", request_of(token, trusting))
    assert_refused(answer, "invalid_request", text)
    assert not token or token not in answer.body.decode()


@pytest.mark.parametrize("seconds", [-20, 20])
def test_clocks_may_differ_a_little(
    hub: EmbeddedHub, issuer: Issuer, trusting: str, anonymous: Caller, seconds: int
) -> None:
    now = int(time.time())
    token = issuer.token(
        hub.endpoint, iat=now + max(0, seconds), nbf=now + max(0, seconds), exp=now + min(300, seconds)
    )
    assert anonymous("POST", "/oauth/token", request_of(token, trusting)).status == 200


@pytest.mark.parametrize(
    "changes",
    [{"repository": "evil/fork"}, {"repository": "ACME/training"}, {"workflow": None}, {"workflow": ["release"]}],
)
def test_jobs_that_are_not_trusted_get_nothing(
    hub: EmbeddedHub, issuer: Issuer, trusting: str, anonymous: Caller, changes: Any
) -> None:
    answer = anonymous("POST", "/oauth/token", request_of(issuer.token(hub.endpoint, **changes), trusting))
    assert_refused(answer, "invalid_target", "no trusted publisher matches")


@pytest.mark.parametrize(
    "resource",
    ["", "acme", "acme/missing", "me/other", "datasets/R", "..", "a/b/c", "\ud800/x", "x" * 5000, "buckets/R"],
)
def test_other_resources_look_alike(
    hub: EmbeddedHub, issuer: Issuer, api: HfApi, trusting: str, anonymous: Caller, resource: str
) -> None:
    api.create_repo("me/other", private=True, exist_ok=True)
    named = resource.replace("R", trusting)
    answer = anonymous("POST", "/oauth/token", request_of(issuer.token(hub.endpoint), named))
    assert_refused(answer, "invalid_target")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": None}, "unsupported_grant_type"),
        ({"grant_type": [EXCHANGE]}, "unsupported_grant_type"),
        ({"subject_token_type": "x"}, "invalid_request"),
        ({"subject_token_type": {}}, "invalid_request"),
        ({"subject_token": None}, "invalid_request"),
        ({"subject_token": 1}, "invalid_request"),
        ({"subject_token": ["x"]}, "invalid_request"),
        ({"resource": None}, "invalid_request"),
        ({"resource": ["a/b"]}, "invalid_request"),
        ({"requested_token_type": ID_TOKEN}, "invalid_request"),
        ({"requested_token_type": []}, "invalid_request"),
    ],
)
def test_malformed_exchanges_are_refused(anonymous: Caller, changes: Any, code: str) -> None:
    assert_refused(anonymous("POST", "/oauth/token", request_of("x", "a/b", **changes)), code)


@pytest.mark.parametrize(
    "body", [b"[]", b"x", b"1", b"{", b"\xff", b"[" * 9999, b'{"grant_type":' + b"9" * 9999 + b"}"]
)
def test_bodies_that_are_not_exchanges_are_refused(anonymous: Caller, body: bytes) -> None:
    for kind in ("application/json", "application/x-www-form-urlencoded"):
        answer = anonymous("POST", "/oauth/token", body, **{"Content-Type": kind})
        assert (answer.status, set(answer.json())) == (400, {"error", "error_description"})


def test_large_bodies_and_repeated_parameters_are_refused(anonymous: Caller) -> None:
    assert anonymous("POST", "/oauth/token", b" " * 70_000).status == 413
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert_refused(
        anonymous("POST", "/oauth/token", b"grant_type=a&grant_type=b", **form), "invalid_request", "repeated"
    )
    assert anonymous("POST", "/oauth/token", b"a=b&" * 60, **form).status == 400
    assert anonymous("GET", "/oauth/token").status == 405


@pytest.mark.parametrize("jti", ["again", None])
def test_an_id_token_is_exchanged_once(
    hub: EmbeddedHub, issuer: Issuer, trusting: str, anonymous: Caller, jti: str | None, tmp_path: Path
) -> None:
    token = issuer.token(hub.endpoint, jti=jti and f"{jti}-{next(_numbers)}")
    done: list[int] = []

    def exchange() -> None:
        done.append(anonymous("POST", "/oauth/token", request_of(token, trusting)).status)

    threads = [threading.Thread(target=exchange) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [200, *[400] * 5]
    with EmbeddedHub(hub.root) as other:  # on the same folder
        other.trust_issuer(issuer.url, trusting, CLAIMS, audience=hub.endpoint)
        again = Caller(other.endpoint)("POST", "/oauth/token", request_of(token, trusting))
        assert_refused(again, "invalid_request", "exchanged before")


@pytest.fixture
def job(hub: EmbeddedHub, issuer: Issuer, trusting: str) -> HfApi:
    answer = exchange_oidc_token(subject_token=issuer.token(hub.endpoint), resource=trusting, endpoint=hub.endpoint)
    return HfApi(endpoint=hub.endpoint, token=answer["access_token"])


def test_the_token_changes_the_files_of_one_repository(job: HfApi, trusting: str, api: HfApi, transfer: str) -> None:
    api.update_repo_settings(trusting, private=True)
    large = CommitOperationAdd("w.bin", b"weights" * 9999)
    oid = job.create_commit(trusting, [large, CommitOperationAdd("a.txt", b"a")], commit_message="x").oid
    job.create_tag(trusting, tag="v1")
    job.create_branch(trusting, branch="next")
    job.delete_file("a.txt", trusting)
    assert Path(job.hf_hub_download(trusting, "w.bin", revision=oid)).read_bytes() == b"weights" * 9999
    assert job.whoami()["auth"]["accessToken"]["role"] == "write"
    assert [ref.name for ref in api.list_repo_refs(trusting).tags] == ["v1"]


def test_the_token_permits_nothing_else(hub: EmbeddedHub, job: HfApi, api: HfApi, trusting: str) -> None:
    number = next(_numbers)
    public = api.create_repo(f"acme/public-{number}").repo_id
    secret = api.create_repo(f"acme/secret-{number}", private=True).repo_id
    gated = api.create_repo(f"acme/gated-{number}").repo_id
    api.upload_file(path_or_fileobj=b"x", path_in_repo="a.txt", repo_id=gated)
    api.update_repo_settings(gated, gated="manual")
    assert job.model_info(public).id == public
    with pytest.raises(RepositoryNotFoundError):
        job.model_info(secret)
    upload = CommitOperationAdd("a.txt", b"a")
    refused: dict[str, Callable[[], object]] = {
        "commit": lambda: job.create_commit(public, [upload], commit_message="x"),
        "pull request": lambda: job.create_commit(public, [upload], commit_message="x", create_pr=True),
        "discussion": lambda: job.create_discussion(public, title="Spam"),
        "tag": lambda: job.create_tag(public, tag="v1"),
        "gated file": lambda: job.auth_check(gated),
        "settings": lambda: job.update_repo_settings(trusting, private=False),
        "gating": lambda: job.update_repo_settings(trusting, gated="auto"),
        "delete": lambda: job.delete_repo(trusting),
        "move": lambda: job.move_repo(trusting, f"{trusting}-moved"),
        "create": lambda: job.create_repo(f"acme/new-{number}"),
        "own namespace": lambda: job.create_repo(f"{job.whoami()['name']}/new"),
        "collection": lambda: job.create_collection("x", namespace="acme"),
        "bucket": lambda: job.create_bucket(f"acme/bucket-{number}"),
        "grant": lambda: job.grant_access(trusting, "eve"),
    }
    for name, call in refused.items():
        with pytest.raises(HfHubHTTPError) as caught:
            print(name, call())
        assert caught.value.response.status_code in (403, 404), name
    caller = Caller(hub.endpoint, str(job.token))
    for method, path, body in (
        ("POST", f"/api/models/{trusting}/like", {}),
        ("POST", f"/{gated}/ask-access", {"reason": "x"}),
        ("POST", "/api/organizations/acme/follow", {}),
        ("GET", "/api/settings/repositories", None),
        ("POST", f"/api/models/{trusting}/lfs-files/batch", {"deletions": {"sha": []}}),
        ("POST", f"/api/models/{trusting}/duplicate", {"repository": f"acme/copy-{number}"}),
        ("GET", f"/{public}.git/info/refs?service=git-receive-pack", None),
        ("GET", f"/api/models/{public}/xet-write-token/main", None),
        ("GET", f"/api/models/{trusting}/user-access-request/pending", None),
    ):
        assert caller(method, path, body).status in (403, 404), path
    assert not api.model_info(trusting).private


def test_content_of_others_is_not_used_by_its_hash(job: HfApi, api: HfApi, hub: EmbeddedHub, trusting: str) -> None:
    other = api.create_repo(f"acme/other-{next(_numbers)}", private=True).repo_id
    content = b"secret weights" * 9999
    api.create_commit(other, [CommitOperationAdd("w.bin", content)], commit_message="x")
    oid = hashlib.sha256(content).hexdigest()
    lines = [{"key": "header", "value": {"summary": "x"}}]
    lines += [{"key": "lfsFile", "value": {"path": "w.bin", "algo": "sha256", "oid": oid, "size": len(content)}}]
    body = b"\n".join(json.dumps(line).encode() for line in lines)
    assert Caller(hub.endpoint, str(job.token))("POST", f"/api/models/{trusting}/commit/main", body).status == 400


def test_the_token_expires(
    hub: EmbeddedHub, issuer: Issuer, trusting: str, anonymous: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hub._hub
    monkeypatch.setattr(hub._hub.publishers, "lifetime", 1.0)
    shown = anonymous("POST", "/oauth/token", request_of(issuer.token(hub.endpoint), trusting)).json()
    assert shown["expires_in"] == 1
    caller = Caller(hub.endpoint, shown["access_token"])
    deadline = time.monotonic() + 60
    while caller("GET", "/api/whoami-v2").status != 401:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert caller("GET", f"/api/models/{trusting}/xet-write-token/main").status == 401
    assert hub._hub.accounts.named(f"oidc-{hub._hub.repositories.identity(_repo(trusting))}") is None


def _repo(name: str) -> Any:
    from hublish.hub.server.repo_ids import RepoId

    return RepoId.parse("model", name)


def test_a_live_token_is_refused_in_files(job: HfApi, api: HfApi, trusting: str) -> None:
    with pytest.raises(BadRequestError, match="access token"):
        api.upload_file(path_or_fileobj=f"T={job.token}".encode(), path_in_repo="x", repo_id=trusting)
