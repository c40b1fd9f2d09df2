"""The client side: the only code that imports huggingface_hub. It returns our own values and raises our own errors."""
