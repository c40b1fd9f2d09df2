"""Values that PyTables unpickles are found wherever HDF5 stores them; h5py writes and reads the files."""

import gzip
import io
import pickle
import zipfile
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
import pytest

from hublish.audit.containers import carried_pickle
from hublish.formats.blob import MemoryBlob
from tests.hublish.audit.payloads import call, npy, object_array, tarred, zipped

PICKLE = call(0)
VERSIONS = [("earliest", "v108"), ("v108", "v108"), ("v110", "v110"), ("latest", "latest")]
LONG = PICKLE[:-1] + b"0V" + b"a" * 60_000 + b"\n."


def file(fill: Callable[[h5py.File], Any], **options: Any) -> bytes:
    """Return an HDF5 file."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", **options) as target:
        fill(target)
    return buffer.getvalue()


def found_in(data: bytes) -> str | None:
    return carried_pickle(MemoryBlob(data))


def root_attribute(target: h5py.File) -> None:
    target.attrs["thing"] = np.bytes_(PICKLE)


def text_of_variable_length(target: h5py.File) -> None:
    target.attrs["thing"] = PICKLE.decode()


def attribute_of_a_dataset(target: h5py.File) -> None:
    target.create_dataset("a/b/c", data=np.arange(9)).attrs["thing"] = np.bytes_(PICKLE)


def one_of_many_attributes(target: h5py.File) -> None:
    for number in range(300):
        target.attrs[f"name {number}"] = f"text {number}."
    target.attrs["thing"] = np.bytes_(PICKLE)


def long_attribute_of_many(target: h5py.File) -> None:
    for number in range(20):
        target.attrs[f"name {number}"] = number
    target.attrs["thing"] = np.bytes_(LONG)


def attribute_of_one_of_many_groups(target: h5py.File) -> None:
    for number in range(700):
        target.create_group(f"a name of some length {number}")
    target["a name of some length 345"].attrs["thing"] = np.bytes_(PICKLE)


def attribute_of_a_named_type(target: h5py.File) -> None:
    target["type"] = np.dtype("i4")
    target["type"].attrs["thing"] = np.bytes_(PICKLE)


def attribute_of_a_named_type_s_type(target: h5py.File) -> None:
    target["type"] = np.dtype(f"S{len(PICKLE)}")
    target.attrs.create("thing", np.bytes_(PICKLE), dtype=target["type"])


def rows_of_variable_length(target: h5py.File) -> None:
    rows = target.create_dataset("rows", (3,), h5py.vlen_dtype("u1"), compression="gzip", chunks=(3,))
    rows[1] = np.frombuffer(call(5), "u1")


def one_of_many_rows(target: h5py.File) -> None:
    rows = target.create_dataset("rows", (500,), h5py.vlen_dtype("u1"))
    for number in range(500):
        rows[number] = np.frombuffer(b"text" if number != 345 else PICKLE, "u1")


def rows_within_records(target: h5py.File) -> None:
    rows = target.create_dataset("rows", (2,), [("a", "i4"), ("b", h5py.vlen_dtype("u1"))])
    rows[1] = (1, np.frombuffer(PICKLE, "u1"))


def rows_within_an_attribute(target: h5py.File) -> None:
    nested = np.empty(1, object)
    nested[0] = np.frombuffer(PICKLE, "u1")
    target.attrs.create("thing", nested, dtype=h5py.vlen_dtype("u1"))


def data_in_one_piece(target: h5py.File) -> None:
    target["thing"] = np.void(call())


def archive_in_one_piece(target: h5py.File) -> None:
    target["thing"] = np.frombuffer(zipped({"a.npy": npy(object_array())}), "u1")


def compact_data(target: h5py.File) -> None:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    data = np.frombuffer(call(), "u1")
    space = h5py.h5s.create_simple(data.shape)
    h5py.h5d.create(target.id, b"thing", h5py.h5t.NATIVE_UINT8, space, plist).write(space, space, data)


HIDDEN = [
    root_attribute,
    text_of_variable_length,
    attribute_of_a_dataset,
    one_of_many_attributes,
    long_attribute_of_many,
    attribute_of_one_of_many_groups,
    attribute_of_a_named_type,
    attribute_of_a_named_type_s_type,
    rows_of_variable_length,
    one_of_many_rows,
    rows_within_records,
    rows_within_an_attribute,
    data_in_one_piece,
    archive_in_one_piece,
    compact_data,
]


@pytest.mark.parametrize("track_order", [False, True], ids=["by name", "by order"])
@pytest.mark.parametrize("versions", VERSIONS, ids=[first for first, _ in VERSIONS])
@pytest.mark.parametrize("fill", HIDDEN)
def test_a_pickle_in_any_place_is_found(
    fill: Callable[[h5py.File], None], versions: tuple[str, str], track_order: bool
) -> None:
    found = found_in(file(fill, libver=versions, track_order=track_order))
    assert found is not None
    assert "pickle" in found
    assert "cannot be inspected" not in found


def test_a_pickle_is_found_behind_a_user_block_and_in_containers() -> None:
    for size in (512, 2048, 1 << 16):
        data = file(root_attribute, userblock_size=size)
        assert found_in(data) == "attribute thing in it is a pickle"
        assert found_in(b"#" * size + data[size:]) == "attribute thing in it is a pickle"
    data = file(one_of_many_attributes)
    for packed in (gzip.compress(data), tarred({"a": data}), gzip.compress(tarred({"b": b"text", "a": data}))):
        assert found_in(packed) is not None
    assert found_in(zipped({"model.weights.h5": data}, zipfile.ZIP_DEFLATED)) is not None


def of_all_kinds(target: h5py.File) -> None:
    """Fill a file with clean content of all kinds."""
    target.attrs["backend"] = "tensorflow."
    target.attrs["description"] = "Trained on 4 GPUs.\nIt ends with a period."
    target.attrs["fixed"] = np.bytes_(b"Some text. It ends with a period.")
    for number in range(30):
        group = target.create_group(f"layer {number}")
        for index in range(number):
            group.attrs[f"size {index}"] = np.arange(index + 1)
        group.attrs["weight_names"] = np.array([b"kernel.", b"bias."])
        group.attrs["names"] = ["a.", "b.\nc."] * 3
        group.attrs["reference"] = group.ref
        group.attrs["nothing"] = h5py.Empty("f4")
        group.attrs["yes"] = True
        group["kernel"] = np.linspace(0, 1, 300, dtype="f4")
        group.create_dataset("packed", data=np.arange(999.0), compression="gzip", shuffle=True, chunks=(100,))
        group.create_dataset("empty", (0, 3), "f4", maxshape=(None, 3))
        group["texts"] = ["a text.", "cc.\n"] * 40
        group["soft"] = h5py.SoftLink("/layer 0")
        group["external"] = h5py.ExternalLink("other.h5", "/a")
    target["records"] = np.zeros(4, [("I", "i4"), ("O", "S5")])
    target["hard"] = target["layer 3"]


@pytest.mark.parametrize("track_order", [False, True], ids=["by name", "by order"])
@pytest.mark.parametrize("versions", VERSIONS, ids=[first for first, _ in VERSIONS])
def test_clean_files_are_clean(versions: tuple[str, str], track_order: bool) -> None:
    data = file(of_all_kinds, libver=versions, track_order=track_order)
    assert found_in(data) is None
    assert found_in(gzip.compress(data)) is None


def test_a_file_that_breaks_off_or_is_damaged_is_refused() -> None:
    data = file(of_all_kinds)
    for damaged in (data[:900], data[:20], data.replace(b"SNOD", b"DONS"), data[:8] + b"\x09" + data[9:]):
        found = found_in(damaged)
        assert found is not None
        assert found.startswith("an HDF5 file (")


def test_an_attribute_with_the_document_of_a_model_is_inspected_as_a_file() -> None:
    data = file(lambda target: target.attrs.update({"model_config": '{"text": "a."}'}))
    assert found_in(data) is None


def test_a_plain_value_that_pytables_pickles_is_a_pickle() -> None:
    data = file(lambda target: target.attrs.update({"info": np.bytes_(pickle.dumps({"a": [1, 2]}, 0))}))
    assert found_in(data) == "attribute info in it is a pickle"
