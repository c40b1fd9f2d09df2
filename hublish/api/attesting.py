"""The stages that sign a release, with the signer, the builder and the trees on the Hub of one session."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from hublish.api.build_facts import build_facts
from hublish.api.git.builder import build_source
from hublish.api.session import Session
from hublish.api.signing import can_sign
from hublish.base.values import Head, Release, RemoteFile, Target
from hublish.base.values.attested import BuildFacts
from hublish.hub.client import pull_requests, transfer
from hublish.hub.client.hub import Hub
from hublish.hub.client.remote_content import OnHub, ReadBudget
from hublish.pipeline.attest.attest import UNSIGNED, Attest
from hublish.pipeline.attest.own_signer import OwnSigner
from hublish.pipeline.attest.reuse import PublishedTree
from hublish.pipeline.attest.signing import Signing
from hublish.schemas.documents.file_names import SIGNATURE_FILE
from hublish.schemas.documents.lock import Lock


def attesting(session: Session, head: Head | None = None, last: Lock | None = None) -> Attest:
    """Return the stage that signs a release before it is reviewed.

    Args:
        session: the session.
        head: the head of the branch; None for a release that is compared with no Hub.
        last: the lock of the last release to the same target.

    Raises:
        SigningError: the key is here, and cannot be used.
        MissingDependencyError: the key is here, and `hublish[sign]` is not installed.
    """
    own = session.signer
    if own is None:
        return UNSIGNED
    trees = partial(trees_of, session, session.target, head) if head is not None else tuple

    def facts(release: Release) -> BuildFacts:
        return build_source(release, os.environ)

    return Attest(Signing(own, session.target, facts, trees, last, any_builder=not can_sign(own)))


def publishing_signer(session: Session) -> OwnSigner | None:
    """Return the signer that makes the rest when a plan is published; None for a release that is not signed."""
    own, target = session.signer, session.target
    if own is None:
        return None
    return replace(own, facts=lambda release: build_facts(release, target, session.hub, session.executor))


def trees_of(session: Session, target: Target, head: Head) -> Iterator[PublishedTree]:
    """Yield the tree of the branch, and those of pull requests that may propose the release."""
    hub = session.hub
    if SIGNATURE_FILE in head.files:
        yield _tree(hub, target, head.commit or head.default_commit or "", head.files)
    if target.create_pr and head.repo_exists:
        for number in pull_requests.newest_open(hub, target):
            commit = hub.commit_of(target, pull_requests.ref_of(number))
            yield _tree(hub, target, commit, hub.tree(target, commit))


def _tree(hub: Hub, target: Target, commit: str, files: Mapping[str, RemoteFile]) -> PublishedTree:
    def download(file: RemoteFile) -> bytes:
        return transfer.read(hub, target, file.path_in_repo, commit, size=file.size)

    budget = ReadBudget()
    return PublishedTree(files, download, lambda file: OnHub(hub, target, commit, file, budget))
