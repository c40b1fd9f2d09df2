"""The client side: the only code that imports huggingface_hub; everything leaves it as our own values and errors."""
