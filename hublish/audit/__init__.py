"""The rules for the files that may be uploaded or downloaded. Nothing here executes, imports or unpickles a file.

The two entries, which yield problems by the policy of a manifest:

    path_audit.audit_paths      names, sizes and counts, before a file is read
    file_audit.audit_content    one file's content, from the one pass of `fingerprint` over its bytes

path_audit.py     forbidden names, the Hub's limits, colliding names, names in downloads
file_audit.py     the rules for content, and every rule as a step, for explaining
waivers.py        findings that a policy accepts for one file, and waivers that have no effect
audit_files.py    all rules for many files
read_files.py     fingerprints of many files, through the cache, threads and processes
policy.py         levels (forbid, warn, allow), and secrets in single strings
fingerprint.py    one pass over a file: size, sha256, git blob id, pickles, secrets
containers.py     inspects a file through every format recognized in it, within limits
format_readers.py the interface of these formats; compressed files and zip archives
numpy_arrays.py   the types of .npy arrays
programs/         other formats whose loader runs code: Keras, TensorFlow, ONNX, GGUF, Arrow, YAML
hdf5_files.py     the values in HDF5 files that PyTables unpickles
pickles.py        detects a pickle by its content and not by its name
pickle_walk.py    follows the stack of an unpickler
pickle_heads.py   finds a pickle after leading bytes
standard_library.py  the names that a word list may import by accident
secrets.py        finds tokens and private keys in text and binary files
"""
