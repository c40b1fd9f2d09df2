"""The public names and the module each comes from: the one table that types, imports and completion derive from.

A line is `from MODULE import NAME as NAME`; `hublish/__init__.py` reads them when a name is first used.
"""

from hublish._version import __version__ as __version__
from hublish.api.attest import attest as attest
from hublish.api.audit import audit_folder as audit_folder
from hublish.api.audit import audit_release as audit_release
from hublish.api.build import build as build
from hublish.api.card import card as card
from hublish.api.card import card_diff as card_diff
from hublish.api.card import card_facts as card_facts
from hublish.api.card import card_page as card_page
from hublish.api.card import card_template as card_template
from hublish.api.card import missing_sections as missing_sections
from hublish.api.check import check as check
from hublish.api.deprecate import Deprecation as Deprecation
from hublish.api.deprecate import deprecate as deprecate
from hublish.api.diff import ReleaseDiff as ReleaseDiff
from hublish.api.diff import diff as diff
from hublish.api.diff import plan_with_diffs as plan_with_diffs
from hublish.api.doctor import Finding as Finding
from hublish.api.doctor import doctor as doctor
from hublish.api.explain import explain as explain
from hublish.api.explain_code import explain_code as explain_code
from hublish.api.files import files as files
from hublish.api.from_hub import from_hub as from_hub
from hublish.api.init import Draft as Draft
from hublish.api.init import init as init
from hublish.api.load import load as load
from hublish.api.mixin import HubMixin as HubMixin
from hublish.api.plan import plan as plan
from hublish.api.publish import publish as publish
from hublish.api.pull import pull as pull
from hublish.api.push_to_hub import push_to_hub as push_to_hub
from hublish.api.read_folder import read_folder as read_folder
from hublish.api.read_project import read_project as read_project
from hublish.api.rehearse import Rehearsal as Rehearsal
from hublish.api.rehearse import rehearse as rehearse
from hublish.api.releases import PublishedRelease as PublishedRelease
from hublish.api.releases import Releases as Releases
from hublish.api.releases import releases as releases
from hublish.api.review import Review as Review
from hublish.api.review import review as review
from hublish.api.rollback import plan_rollback as plan_rollback
from hublish.api.rollback import rollback as rollback
from hublish.api.show import show as show
from hublish.api.sign import sign as sign
from hublish.api.sign_published import SignedRelease as SignedRelease
from hublish.api.status import Status as Status
from hublish.api.status import status as status
from hublish.api.verify import Verification as Verification
from hublish.api.verify import verify as verify
from hublish.api.verify_attestations import CheckedAttestations as CheckedAttestations
from hublish.api.verify_attestations import verify_attestations as verify_attestations
from hublish.base.errors import HublishError as HublishError
from hublish.base.values import Loaded as Loaded
from hublish.base.values import LocalRelease as LocalRelease
from hublish.base.values import Plan as Plan
from hublish.base.values import Project as Project
from hublish.base.values import Receipt as Receipt
from hublish.base.values import Release as Release
from hublish.base.values.audited import Audited as Audited
from hublish.base.values.explanation import Explained as Explained
from hublish.diffs.differences import FileDiff as FileDiff
from hublish.formats.interface import Trust as Trust
from hublish.hub.server.server import EmbeddedHub as EmbeddedHub
from hublish.schemas.documents.manifest import Manifest as Manifest
from hublish.schemas.documents.manifest import Policy as Policy

__all__: list[str]
