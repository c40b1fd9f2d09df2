"""PyTorch's checkpoints, read without torch and without unpickling: nothing in them is imported or called.

torch_file.py        opens a checkpoint: finds the pickle and the storages in both formats
pickle_machine.py    runs the pickle
torch_objects.py     the names that a pickle may use, and placeholders for torch's objects
torch_storages.py    the places of tensors in the file
state_dict.py        finds the dictionary of tensors in the saved object
torchscript.py       the parameters and buffers of TorchScript modules
"""
