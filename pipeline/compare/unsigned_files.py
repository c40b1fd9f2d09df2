"""Refuse a release whose files would not be those of the signature beside them."""

from dataclasses import replace
from typing import Final

from hublish.base.values import Action, Plan
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import ATTESTATION_FILES, GITATTRIBUTES, SIGNATURE_FILE

# The others are in the plan.
_MOST: Final = 20


def with_signed_tree(plan: Plan) -> Plan:
    """Return the plan with a refusal for each file of the repo that would stay there without a signature.

    A reader cannot tell such a file from one that was slipped in, and refuses the whole repo.
    """
    # A restored release has the tree that it had.
    if plan.release.attestation is None or plan.release.former is not None:
        return plan
    left = [change.path_in_repo for change in plan.of(Action.LEAVE) if change.path_in_repo != GITATTRIBUTES]
    hint = "delete it with patterns.delete_patterns, or release it"
    refusals = tuple(
        Problem("sign.unsigned_file", f"'{path}' is on the Hub, and the signature would not cover it", hint, "sign")
        for path in left[:_MOST]
    )
    return replace(plan, refusals=(*plan.refusals, *refusals))


def with_own_signature(plan: Plan) -> Plan:
    """Return the plan with a refusal if an unsigned release is put beside the signature of another one.

    Readers compare the signature, and refuse the whole repo.
    """
    left = {change.path_in_repo for change in plan.of(Action.LEAVE)}
    if plan.release.attestation is not None or SIGNATURE_FILE not in left or not plan.commits:
        return plan
    message = f"{SIGNATURE_FILE} on the Hub is over other files than this release, which nothing signs"
    made = ", ".join(name for name in ATTESTATION_FILES if name in left)
    hint = f"add `sign` to hub.yaml; or delete the signature: patterns.delete_patterns: [{made}]"
    return replace(plan, refusals=(*plan.refusals, Problem("sign.stale", message, hint, SIGNATURE_FILE)))
