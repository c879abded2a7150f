"""A kernel in one thread: it executes cells as ipykernel does, and can be forked at the border between two of them."""
