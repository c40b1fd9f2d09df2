"""Point the readers of a repo to another one: `new_version` and a banner in its card."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final, Unpack

from hublish.api.card import readme_diff
from hublish.api.following_lock import FollowingLock, LockState
from hublish.api.options import HubOptions, takes
from hublish.api.preflight import preflight
from hublish.api.read_project import AnyManifest, read_lock_file, read_project
from hublish.api.session import Session
from hublish.api.signed_again import required_signer, signed_again, signing_again
from hublish.base.errors import CardError, DeclinedError, NotFoundError, UsageError
from hublish.base.values import Action, Change, Head, Plan, Project, Receipt, Target
from hublish.cards.deprecation import KEY, UneditableCardError, new_version_of, with_banner, without_banner
from hublish.cards.merging.merge import ON_THE_HUB
from hublish.formats.catalogue import COPY
from hublish.formats.front_matter import front_matter_fault
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.pipeline.attest.own_signer import OwnSigner
from hublish.pipeline.publish import planning, publishing
from hublish.pipeline.render_card.escaping import as_text
from hublish.schemas.diagnose.problems import Location, Problem
from hublish.schemas.documents.file_names import CARD_FILE, LOCK_FILE, MANIFEST_FILE
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.lock import Lock
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.path_rules import character_problems
from hublish.schemas.secrets.masking import holds_token

# A longer file was not written by a person, and would cost a long download.
_LARGEST: Final = 4 << 20
_NOUNS: Final = {"model": "model", "dataset": "dataset", "space": "Space", "kernel": "kernel"}
# Nothing else belongs to this commit, so that the rules for a release do not apply to the card that is there already.
_POLICY: Final = {"secrets": "allow", "pickle": "allow"}
_KEPT: Final = 2 * _LARGEST


@dataclass(frozen=True)
class Deprecation:
    """The change of a card that deprecates a repo, or that takes this back."""

    target: Target
    """The repo, its branch and the Hub."""
    new_version: str | None
    """The repo to use instead; None when the deprecation is taken back."""
    parent: str
    """The commit of the branch before the change."""
    diff: str
    """A unified diff of README.md; empty when there is nothing to do."""
    receipt: Receipt | None = None
    """The commit and its verification; None before it, and when there was nothing to do."""
    lock: Path | None = None
    """The lock beside the manifest, if it records a release to this branch."""
    lock_state: LockState | None = None
    """Whether that lock records the commit already, was updated to it, or records another commit and did not change."""
    warnings: tuple[Problem, ...] = ()

    @property
    def nothing_to_do(self) -> bool:
        """Whether the card is as it should be already."""
        return not self.diff


@takes(HubOptions)
def deprecate(
    repo_id: str | None = None,
    *,
    new_version: str | None = None,
    message: str = "",
    undo: bool = False,
    repo_type: RepoType | None = None,
    manifest: AnyManifest = MANIFEST_FILE,
    lock: str | Path | None = None,
    confirm: Callable[[Deprecation], bool] | None = None,
    **options: Unpack[HubOptions],
) -> Deprecation:
    """Name the repo to use instead in the metadata of the card, and in a banner above its text.

    It makes one commit to README.md, in which everything else keeps its bytes, and verifies it. Tags and other files
    are not changed, except for the signature and the claims of a signed release, which are made anew. A lock beside the
    manifest that records the commit below is updated, so that `verify` succeeds. With `create_pr` in the manifest, the
    change is proposed as a pull request, and the lock stays.

    Args:
        repo_id: a repo by its id or a URL, with an optional branch. Default: that of the manifest.
        new_version: the repo to use instead, of the same type.
        message: text for the banner, such as the reason; it is shown as it is written.
        undo: remove the metadata and the banner.
        repo_type: the type of `repo_id`. Default: the one in its address, else model.
        manifest: the manifest, which names the repo and the lock; not read with `repo_id`.
        lock: the path of the lock. Default: the one beside the manifest, or hub.lock with `repo_id`.
        confirm: receives the change before anything is written; False stops.
        **options: see `HubOptions`.

    Raises:
        UsageError: `new_version` is not a repo of this type, or is this repo, or not the one that the manifest
            declares; or the message has a credential.
        DocumentInvalidError: the lock that is named cannot be read.
        AuthenticationError: the token may not write there.
        NotFoundError: one of the two repos does not exist, or the token may not see it.
        CardError: the card cannot be edited without a loss; or the new version is deprecated itself.
        DeclinedError: `confirm` returned False.
        RemoteConflictError: another commit came first; nothing was overwritten.
        SigningError: the release is signed, and this machine cannot sign the changed card.
    """
    _check_arguments(new_version, message, undo=undo)
    if lock is not None:
        read_lock_file(Path(lock))  # only the default lock may be missing
    project = None if repo_id is not None else read_project(manifest, lock=lock)
    with Session(project, **options) as session:
        target = _target(session, repo_id, repo_type)
        successor = None if new_version is None else _successor(session, target, new_version)
        _refuse_contradiction(project, successor)
        locks = FollowingLock(Path(lock or LOCK_FILE).absolute() if project is None else project.lock_path, target)
        session.progress.begin("reading the repo on the Hub")
        head = _head(session.hub, target)
        preflight(session, head, None, converts=False, target=target)
        before = _readme(session.hub, target, head)
        warnings = [] if successor is None else _unfit(session.hub, target, head, successor)
        edit = partial(_edited, target=target, successor=successor, message=message)
        after = edit(before)
        found = Deprecation(target, successor, head.commit or "", readme_diff(before, after))
        merges = project is not None and project.manifest.card is not None
        warnings += _hidden(after) + (_replaced(locks.lock) if locks.lock and successor and not merges else [])
        found = replace(found, warnings=tuple(warnings), lock=locks.path if locks.lock else None)
        if before != after:
            plan = _planned(session, replace(target, commit_message=_title(found)), head, after)
            locks.require_writable(head)
            own = required_signer(session, head, manifest=project is not None)
            if own is not None:
                plan = signed_again(session, plan, own, locks.lock)
                own = signing_again(session, plan, own)
            found = replace(found, receipt=_committed(session, plan, found, confirm, own))
        return replace(found, lock_state=_follow(locks, session.hub, found, after, edit))


def _committed(
    session: Session,
    plan: Plan,
    found: Deprecation,
    confirm: Callable[[Deprecation], bool] | None,
    own: OwnSigner | None,
) -> Receipt:
    if confirm is not None and not confirm(found):
        raise DeclinedError("not changed: the deprecation was not confirmed")
    # The stage of the lock writes that of a whole release: this one is removed with the session.
    return publishing(session.hub, session.workspace / LOCK_FILE, own).run(plan, session.progress)


def _check_arguments(new_version: str | None, message: str, *, undo: bool) -> None:
    if undo == (new_version is not None):
        msg = "new_version and undo exclude each other" if undo else "no new version is given"
        raise UsageError(msg, hint="name the repo to use instead, or undo an earlier deprecation")
    if undo and message:
        raise UsageError("there is no banner for the message when a deprecation is undone", hint="leave it out")
    if holds_token(message):
        raise UsageError("the message contains a credential, and would be published", hint="leave it out")
    if found := [problem for line in message.splitlines() for problem in character_problems(line)]:
        raise UsageError(f"the message cannot be shown as it is written: {found[0]}", hint="remove that character")


def _target(session: Session, repo_id: str | None, repo_type: RepoType | None) -> Target:
    if repo_id is None:
        session.complete_repo_id()
        declared = session.target
        place = Target(declared.repo_id, declared.repo_type, declared.revision, session.endpoint)
        return replace(place, create_pr=declared.create_pr)
    address = session.addressed(repo_id, repo_type)
    return Target(address.repo_id, address.repo_type or "model", address.revision or "main", session.endpoint)


def _successor(session: Session, target: Target, new_version: str) -> str:
    address = session.addressed(new_version)
    noun = _NOUNS[target.repo_type]
    if address.repo_type not in (None, target.repo_type):
        raise UsageError(f"the new version of a {noun} must be a {noun} as well", hint="leave its type out")
    if address.revision is not None:
        raise UsageError("the new version is a repo, without a revision", hint=f"write {address.repo_id}")
    if address.repo_id.casefold() == target.repo_id.casefold():
        raise UsageError(f"{target.repo_id} cannot be its own new version", hint="name the repo to use instead")
    return address.repo_id


def _refuse_contradiction(project: Project | None, successor: str | None) -> None:
    """Refuse what the manifest declares otherwise: the next release would conflict with it."""
    card = project.manifest.card if project else None
    declared = card.metadata.get(KEY) if card else None
    if project is not None and declared not in (None, successor):
        msg = f"{project.name} declares `{KEY}: {declared}`, and the next release would contradict the card"
        raise UsageError(msg, hint=f"change or remove it under card.metadata, or name {declared}")


def _head(hub: Hub, target: Target) -> Head:
    head = hub.head(target)
    if head.commit is None:
        what = f"the branch {target.revision} of {target.repo_id}" if head.repo_exists else target.repo_id
        raise NotFoundError(f"{what} does not exist, or the token may not see it")
    return head


def _readme(hub: Hub, target: Target, head: Head) -> bytes:
    """Return the card; nothing without one."""
    remote = head.files.get(CARD_FILE)
    if remote is None:
        return b""
    if remote.size > _LARGEST:
        raise CardError(f"the README.md of {target.repo_id} has more than {_LARGEST >> 20} MiB")
    data = transfer.read(hub, target, CARD_FILE, head.commit or "", size=remote.size)
    if b"\0" in data:
        raise CardError(f"the README.md of {target.repo_id} is not text")
    return data


def _unfit(hub: Hub, target: Target, own: Head, successor: str) -> list[Problem]:
    """Refuse a new version that readers would not find, or would be sent away from; return the warnings.

    Raises:
        NotFoundError: it does not exist.
        CardError: it names another new version itself.
    """
    other = Target(successor, target.repo_type, endpoint=target.endpoint)
    head = hub.head(other)
    if not head.repo_exists:
        hint = "check the name; publish the new version first, so that its readers find it"
        raise NotFoundError(f"{successor} does not exist, or the token may not see it", hint=hint)
    following = new_version_of(_text(_readme(hub, other, head))) if head.commit else None
    if following is not None and following.casefold() == target.repo_id.casefold():
        hint = f"hublish deprecate {successor} --undo"
        raise CardError(f"{successor} names {target.repo_id} as its own new version: a circle", hint=hint)
    if following is not None:
        raise CardError(f"{successor} is deprecated itself, in favor of {following}", hint="name that one, if it fits")
    if head.visibility == "private" and own.visibility != "private":
        message = f"{successor} is private: readers of {target.repo_id} will not find it"
        return [Problem("card.private_new_version", message, "make it public", severity="warning")]
    return []


def _edited(before: bytes, target: Target, successor: str | None, message: str) -> bytes:
    try:
        if successor is None:
            return without_banner(_text(before)).encode("utf-8", "surrogateescape")
        banner = _banner(target, successor, message)
        return with_banner(_text(before), successor, banner).encode("utf-8", "surrogateescape")
    except UneditableCardError as error:
        place = Location(ON_THE_HUB, error.line, 1)
        problem = Problem("card.front_matter", error.message, "edit the card on the Hub", location=place)
        msg = f"the card of {target.repo_id} cannot be edited without a loss"
        raise CardError(msg, problems=[problem]) from None


def _banner(target: Target, successor: str, message: str) -> list[str]:
    folder = "" if target.repo_type == "model" else f"{target.repo_type}s/"
    # An address without a host is right on every Hub.
    link = f"[{as_text(successor)}](/{folder}{successor})"
    lines = [f"**This {_NOUNS[target.repo_type]} is deprecated.** Use {link} instead."]
    lines += ["", *map(as_text, message.strip().splitlines())] if message.strip() else []
    return ["> [!WARNING]", *(f"> {line}".rstrip() for line in lines)]


def _hidden(card: bytes) -> list[Problem]:
    """Return a warning about metadata that the Hub does not find in the card."""
    fault = front_matter_fault(_text(card))
    if fault is None:
        return []
    message = f"the Hub or other readers may not find the metadata: {fault.message}"
    place = Location(ON_THE_HUB, fault.line, 1)
    return [Problem("card.front_matter", message, fault.hint, location=place, severity="warning")]


def _replaced(lock: Lock) -> list[Problem]:
    """Return a warning about a README.md of the release that the next one uploads as it is."""
    copied = [file for file in lock.files if file.path_in_repo == CARD_FILE and file.serializer == COPY]
    if not copied:
        return []
    message = f"the next release uploads {copied[0].source or CARD_FILE} as it is, and removes the banner"
    hint = "copy `new_version` and the banner into that file as well"
    return [Problem("card.banner_replaced", message, hint, severity="warning")]


def _title(found: Deprecation) -> str:
    if found.new_version is None:
        return f"Undo the deprecation of {found.target.repo_id}"
    return f"Deprecate {found.target.repo_id} in favor of {found.new_version}"


def _planned(session: Session, target: Target, head: Head, readme: bytes) -> Plan:
    """Return the plan of a commit that replaces README.md, or deletes one that has no content left."""
    fields: dict[str, Any] = {
        "repo": {"repo_id": target.repo_id, "repo_type": target.repo_type, "revision": target.revision},
        "artifacts": [{"source": CARD_FILE}],
        "policy": _POLICY,
        "publish_manifest": "none",
    }
    project = read_project(Manifest.model_validate(fields), objects={CARD_FILE: readme})
    compare = planning(
        session.workspace, session.hub, target, head, session.progress, executor=session.executor, kept=_KEPT
    )
    plan = compare.run(project, session.progress)
    return plan if readme else _deleting(plan)


def _deleting(plan: Plan) -> Plan:
    changes = tuple(
        Change(Action.DELETE, CARD_FILE, remote=change.remote) if change.path_in_repo == CARD_FILE else change
        for change in plan.changes
    )
    empty = replace(plan.release, files=())
    return replace(plan, release=empty, changes=changes, existing_commit=None)


def _follow(
    locks: FollowingLock, hub: Hub, found: Deprecation, readme: bytes, edit: Callable[[bytes], bytes]
) -> LockState | None:
    """Update the lock and return its state; `edit` makes the same change to another card."""

    def is_ours(now: Head, below: str) -> bool:
        before = replace(now, commit=below, files=hub.tree(locks.target, below))
        return edit(_readme(hub, locks.target, before)) == readme

    if found.receipt and found.receipt.pull_request:
        return None
    return locks.follow(hub, found.parent, found.receipt, readme, is_ours)


def _text(card: bytes) -> str:
    # Bytes that are not UTF-8 are kept as they are.
    return card.decode("utf-8", "surrogateescape")
