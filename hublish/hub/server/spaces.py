"""The settings of a Space beside its files: variables, secrets, hardware, volumes. Nothing here runs it.

Callers that change them hold the repository's lock.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from hublish.hub.server.durable_files import read_json, write_json
from hublish.hub.server.git.repository import now
from hublish.hub.server.refusals import bad_request, invalid_option
from hublish.hub.server.repositories import timestamp

# Variables or secrets of one Space, characters of a value, and volumes.
MAX_ENTRIES = 200
MAX_VALUE = 64 << 10
MAX_VOLUMES = 50

# Seconds after a commit or a restart for which a Space is being built: tests poll for that stage.
BUILD_SECONDS = 2

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_FLAVOR = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_FREE = "cpu-basic"

# The only hardware that costs nothing; no other is offered where Spaces do not run.
HARDWARE = (
    {
        "name": _FREE,
        "prettyName": "CPU Basic",
        "cpu": "2 vCPU",
        "ram": "16 GB",
        "ephemeralStorage": "50 GB",
        "accelerator": None,
        "unitCostMicroUSD": 0,
        "unitCostUSD": 0,
        "unitLabel": "minute",
    },
)
# Sizes of persistent storage, which huggingface_hub before 2.0 requests.
STORAGE = ("small", "medium", "large")
_VOLUME_TYPES = ("bucket", "model", "dataset", "space")
_VOLUME_KEYS = ("type", "source", "mountPath", "revision", "readOnly", "path")


@dataclass(frozen=True, slots=True)
class Space:
    """The owner's settings."""

    hardware: str | None = None
    sleep_time: int | None = None  # seconds
    paused: bool = False
    restarted: int = 0  # seconds since the epoch
    dev_mode: bool = False
    storage: str | None = None  # one of STORAGE
    volumes: list[dict[str, Any]] = field(default_factory=list)
    variables: dict[str, dict[str, str]] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)  # without values, which are never shown

    def with_variable(self, body: Mapping[str, Any]) -> "Space":
        """Return the Space with one more variable, or another value of one; raise 400 for a bad one."""
        key, entry = _entry(body)
        return replace(self, variables=_limited({**self.variables, key: {"value": str(body["value"]), **entry}}))

    def with_secret(self, body: Mapping[str, Any]) -> "Space":
        """Return the Space with one more secret, or another value of one; raise 400 for a bad one."""
        key, entry = _entry(body)
        return replace(self, secrets=_limited({**self.secrets, key: entry}))

    def with_hardware(self, flavor: Any, sleep_time: Any = None) -> "Space":
        """Return the Space with other hardware, and with another time until it sleeps unless that is None."""
        if flavor is not None and (not isinstance(flavor, str) or not _FLAVOR.fullmatch(flavor)):
            raise bad_request('"flavor" must name hardware such as cpu-basic')
        if sleep_time is not None and (type(sleep_time) is not int or not -1 <= sleep_time < 1 << 31):
            raise bad_request('"sleepTimeSeconds" must be a number of seconds, or -1')
        return replace(self, hardware=flavor or self.hardware, sleep_time=_or(sleep_time, self.sleep_time))

    def with_storage(self, tier: Any) -> "Space":
        """Return the Space with persistent storage; raise 400 for an unknown size and for a smaller one."""
        if tier not in STORAGE:
            raise invalid_option(STORAGE, "tier")
        if self.storage and STORAGE.index(tier) < STORAGE.index(self.storage):
            raise bad_request("Persistent storage cannot be made smaller. Delete it first")
        return replace(self, storage=str(tier))

    def with_volumes(self, volumes: Any) -> "Space":
        """Return the Space with these volumes in place of its own; raise 400 for a bad one."""
        if not isinstance(volumes, list) or len(volumes) > MAX_VOLUMES or not all(map(_is_volume, volumes)):
            raise bad_request('"volumes" must be a list of volumes with type, source and mountPath')
        shown = [{key: volume[key] for key in _VOLUME_KEYS if key in volume} for volume in volumes]
        return replace(self, volumes=shown)

    def with_settings(self, body: Mapping[str, Any]) -> "Space":
        """Return the Space with the settings that creating or duplicating one may have."""
        space = self.with_hardware(body.get("hardware"), body.get("sleepTimeSeconds"))
        if body.get("storageTier"):
            space = space.with_storage(body["storageTier"])
        for name, change in (("variables", Space.with_variable), ("secrets", Space.with_secret)):
            entries = body.get(name) or []
            if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
                raise bad_request(f'"{name}" must be a list of objects')
            for entry in entries:
                space = change(space, entry)
        return space.with_volumes(body["volumes"]) if body.get("volumes") else space

    def runtime(self, sdk: str | None, *, has_app: bool, committed: int) -> dict[str, Any]:
        """Return the state that the Space would have on the Hub, where a build takes longer."""
        static = sdk == "static"
        building = now() - max(committed, self.restarted) < BUILD_SECONDS
        stage = "RUNNING" if static else "NO_APP_FILE" if not has_app else "BUILDING" if building else "RUNNING"
        stage = "PAUSED" if self.paused else stage
        running = stage == "RUNNING" and not static
        # An object even without hardware: huggingface_hub before 2.0 calls methods of it.
        hardware = {"current": (self.hardware or _FREE) if running else None, "requested": self.hardware}
        runtime: dict[str, Any] = {
            "stage": stage,
            "hardware": hardware,
            "storage": self.storage,
            "devMode": self.dev_mode,
        }
        runtime |= {"gcTimeout": self.sleep_time, "replicas": {"current": int(running), "requested": 1}}
        return runtime | ({"volumes": self.volumes} if self.volumes else {})


def read_space(repository: Path) -> Space:
    """Return the settings of the Space in a repository's folder."""
    return Space(**read_json(_path(repository), {}))


def write_space(repository: Path, space: Space) -> None:
    """Store the settings of a Space, atomically."""
    write_json(_path(repository), asdict(space), scratch=repository / "hub" / "scratch", mode=0o600)


def _path(repository: Path) -> Path:
    return repository / "hub" / "space.json"


def entry_key(body: Mapping[str, Any]) -> str:
    """Return the name of a variable or secret in a request; raise 400 for one that no environment can have."""
    key = body.get("key")
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise bad_request('"key" must consist of letters, digits and underscores, and not begin with a digit')
    return key


def _entry(body: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    value, description = body.get("value"), body.get("description")
    if not isinstance(value, str) or len(value) > MAX_VALUE:
        raise bad_request(f'"value" must be a text of at most {MAX_VALUE} characters')
    if description is not None and (not isinstance(description, str) or len(description) > MAX_VALUE):
        raise bad_request(f'"description" must be a text of at most {MAX_VALUE} characters')
    return entry_key(body), {"updatedAt": timestamp()} | ({"description": description} if description else {})


def _limited(entries: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    if len(entries) > MAX_ENTRIES:
        raise bad_request(f"A Space has at most {MAX_ENTRIES} variables and as many secrets")
    return entries


def _is_volume(volume: Any) -> bool:
    if not isinstance(volume, dict) or volume.get("type") not in _VOLUME_TYPES:
        return False
    texts = [volume.get(key) for key in ("source", "mountPath")] + [volume.get(key, "") for key in ("revision", "path")]
    if not all(isinstance(text, str) and len(text) <= 1024 for text in texts):
        return False
    return str(volume["mountPath"]).startswith("/") and isinstance(volume.get("readOnly", False), bool)


def _or(value: int | None, default: int | None) -> int | None:
    return default if value is None else value
