"""Tensors on their way from one file to another: described by values, streamed, never held whole."""
