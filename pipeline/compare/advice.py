"""Facts about the Hub that the author of a manifest probably does not know, found before anything is published.

The Hub is also asked whether it accepts the metadata of the card, and each objection has the place of its value.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final

from hublish.base.digests import each_sealed, sealed_bytes
from hublish.base.errors import CardError, RemoteError
from hublish.base.values import Action, Plan, Release, ReleaseFile
from hublish.formats.front_matter import read_front_matter
from hublish.hub.client import account, transfer
from hublish.hub.client.hub import Hub
from hublish.hub.client.placement import placement_of
from hublish.schemas.diagnose.problems import InvalidDocumentError, Location, Problem, Severity, parse_path
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.hub_names import REPO_TYPES

NO_PERMISSION = "plan.permission"

# The Hub quotes the path of the value that it objects to: `"tags[1]" must be a string`.
_NAMED: Final = re.compile(r'"([A-Za-z_][\w.\-\[\]]{0,200})"')
# Reported offline already, with its place.
_EMPTY: Final = re.compile(r"empty or missing yaml metadata", re.IGNORECASE)


def with_advice(plan: Plan, hub: Hub, *, permitted: bool = False) -> Plan:
    """Return the plan with warnings about the token, about a repo of another type with the same id, and its place.

    `permitted` means that the rights of the token are checked already.
    """
    if plan.nothing_to_do:
        return plan
    rights = () if permitted else _permission(plan, hub)
    found = (*rights, *_other_types(plan, hub), *_placement(plan, hub))
    return replace(plan, warnings=(*plan.warnings, *found))


def _permission(plan: Plan, hub: Hub) -> Iterator[Problem]:
    target, exists = plan.target, plan.head.repo_exists
    found: tuple[Problem, ...] = ()
    # A plan needs no rights: it is complete without this answer.
    with suppress(RemoteError):
        found = account.objections(hub, target, exists=exists, proposes=target.create_pr)
    if plan.is_read_only and not found:
        found = (Problem(NO_PERMISSION, f"the token may not write to {target.repo_id}", account.LOGIN),)
    yield from (replace(one, code=NO_PERMISSION, severity="warning") for one in found)


def _other_types(plan: Plan, hub: Hub) -> Iterator[Problem]:
    target = plan.target
    if plan.head.repo_exists:
        return
    for kind in REPO_TYPES:
        other = replace(target, repo_type=kind)
        if kind != target.repo_type and hub.exists(other):
            message = f"{target.repo_id} exists as a {kind}, and this release creates a {target.repo_type} beside it"
            hint = f"write `repo_type: {kind}` if that repo is meant"
            yield Problem("plan.other_type", message, hint, "repo.repo_id", severity="warning")


def _placement(plan: Plan, hub: Hub) -> Iterator[Problem]:
    target = plan.target
    if not plan.head.repo_exists or (target.region is None and target.resource_group_id is None):
        return
    try:
        found = placement_of(hub, target)
    except RemoteError:  # this Hub does not describe it
        return
    hint = "remove the line, or change the place of the repo on the Hub"
    if target.region is not None and found.region not in (None, target.region):
        message = f"{target.repo_id} is stored in the region '{found.region}', and publishing does not move it"
        yield Problem("plan.placement", message, hint, "repo.region", severity="warning")
    if target.resource_group_id not in (None, found.resource_group_id):
        message = f"{target.repo_id} is not in this resource group, and publishing does not move it"
        yield Problem("plan.placement", message, hint, "repo.resource_group_id", severity="warning")


def with_checked_card(plan: Plan, hub: Hub) -> Plan:
    """Return the plan with the Hub's warnings about the card that it sends.

    Raises:
        CardError: the Hub rejects the metadata of README.md.
    """
    sent = [change.file for change in plan.of(Action.ADD, Action.CHANGE) if change.path_in_repo == CARD_FILE]
    for file in sent:
        for data in each_sealed([file] if file else [], sealed_bytes):
            report = transfer.card_report(hub, plan.target.repo_type, data.decode("utf-8", "replace"))
            if report.errors:
                problems = [objection(message, file, data, plan.release) for message in report.errors]
                msg = f"the Hub rejects the metadata of {CARD_FILE}"
                raise CardError(msg, problems=[*problems, *plan.release.warnings])
            plan = replace(plan, warnings=(*plan.warnings, *_warnings(report, file, data, plan.release)))
    return plan


def objection(
    message: str, file: ReleaseFile | None, data: bytes, release: Release, *, severity: Severity = "error"
) -> Problem:
    """Return a message of the Hub about a card, placed where the value that it names is written."""
    code = "card.rejected" if severity == "error" else "card.advice"
    named = _NAMED.search(message)
    if file is None or file.origin.artifact is None:
        return Problem(code, message, path=f"card.metadata.{named[1]}" if named else "card", severity=severity)
    shown = release.project.shown(file.origin.source)
    place = Location(shown, 1, 1)
    with suppress(InvalidDocumentError, ValueError):
        if named and (reading := read_front_matter(data, shown)):
            place = reading.positions.value(parse_path(named[1]))
    return Problem(code, message, path=named[1] if named else "", location=place, severity=severity)


def _warnings(
    report: transfer.CardReport, file: ReleaseFile | None, data: bytes, release: Release
) -> Iterator[Problem]:
    for message in report.warnings:
        if not _EMPTY.search(message):
            yield objection(message, file, data, release, severity="warning")
    if report.unchecked:
        message = f"the Hub did not check the metadata of {CARD_FILE}: {report.unchecked}"
        hint = "nothing to do, unless the commit is rejected: the Hub may check the metadata only then"
        yield Problem("card.unchecked", message, hint, "card", severity="warning")
