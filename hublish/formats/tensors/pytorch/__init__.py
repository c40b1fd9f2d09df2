"""PyTorch's checkpoints, read without torch and without unpickling: nothing in them is imported or called.

`pickle_bytes` and `machine` follow the pickle, `names` says what it may name, `rebuilding` what may be done with it;
`zip_format` and `legacy_format` find the pickle and its storages, `state_dict` the tensors, `checkpoint_file` opens.
"""
