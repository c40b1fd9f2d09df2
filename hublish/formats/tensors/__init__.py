"""Tensors on their way from one file to another: described by values, streamed, never held in memory as a whole.

tensor.py               a tensor as a value, and the protocols for the source and the destination of its bytes
dtypes.py               the element types, with their torch names and numpy types
tensor_data.py          sources of bytes: arrays in memory, ranges of files, streams
tensor_options.py       the options that select, rename and cast tensors
ties.py                 tensors with several names
tensor_source.py        opens any source: a file of a format below, or a mapping
safetensors_header.py   limits and canonical form of headers
safetensors_file.py     safetensors files, alone and as a set
safetensors_writer.py   writes safetensors files
shards.py               the division into shards, and the index
mapped.py               arrays mapped from safetensors files
npy.py, hdf5.py         numpy's and Keras' files
pytorch/                PyTorch's checkpoints
"""
