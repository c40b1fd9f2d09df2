import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from hublish.hub.server import uploads as module
from hublish.hub.server.objects import MismatchError, ObjectStore, Senders
from hublish.hub.server.refusals import HubError
from hublish.hub.server.uploads import Upload, Uploads

CONTENT = bytes(range(250))
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def make(tmp_path: Path) -> Callable[[], Uploads]:
    return lambda: Uploads(tmp_path, ObjectStore(tmp_path), Senders(tmp_path))


def test_a_signature_is_valid_in_other_processes(make: Callable[[], Uploads]) -> None:
    upload = Upload("part", SHA256, 250, "session", 3, 100, "model:a:b", "ann")
    assert make().verify(make().sign(upload)) == upload


@pytest.mark.parametrize(
    "change", [lambda path: path + "0", lambda path: path.replace("/250/", "/251/"), lambda _: "/lfs//"]
)
def test_a_changed_path_is_refused(make: Callable[[], Uploads], change: Callable[[str], str]) -> None:
    uploads = make()
    with pytest.raises(HubError, match="not valid"):
        uploads.verify(change(uploads.sign(Upload("put", SHA256, 250))))


def test_a_path_expires(make: Callable[[], Uploads], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIFETIME", -1)
    uploads = make()
    with pytest.raises(HubError, match="expired"):
        uploads.verify(uploads.sign(Upload("put", SHA256, 250)))


def test_an_upload_in_parts_continues_after_a_restart(make: Callable[[], Uploads], tmp_path: Path) -> None:
    session = make().begin_parts(SHA256)
    for number in (1, 2, 3):
        with make().open_part(Upload("part", SHA256, 250, session, number, 100)) as part:
            part.write(CONTENT[(number - 1) * 100 : number * 100])
            part.finish()
    make().complete(Upload("complete", SHA256, 250, session))
    assert ObjectStore(tmp_path).path(SHA256).read_bytes() == CONTENT
    assert list((tmp_path / "multipart").iterdir()) == []


def test_two_uploads_of_one_object_are_independent(make: Callable[[], Uploads], tmp_path: Path) -> None:
    uploads = make()
    good, bad = uploads.begin_parts(SHA256), uploads.begin_parts(SHA256)
    for session, content in ((good, CONTENT), (bad, CONTENT[::-1])):
        with uploads.open_part(Upload("part", SHA256, 250, session, 1, 250)) as part:
            part.write(content)
            part.finish()
    with pytest.raises(MismatchError, match="sha256"):
        uploads.complete(Upload("complete", SHA256, 250, bad))
    uploads.complete(Upload("complete", SHA256, 250, good))
    assert ObjectStore(tmp_path).has(SHA256)


def test_no_part_is_written_into_a_stored_object(make: Callable[[], Uploads], tmp_path: Path) -> None:
    uploads = make()
    session = uploads.begin_parts(SHA256)
    upload = Upload("part", SHA256, 250, session, 1, 250)
    with uploads.open_part(upload) as part:
        part.write(CONTENT)
        part.finish()
    uploads.complete(upload)
    with pytest.raises(MismatchError, match="complete"), uploads.open_part(upload):
        pytest.fail("opened")
