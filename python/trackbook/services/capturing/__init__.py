"""What is recorded of a run without a line of user code, a file for each capture; `captures.py` joins them."""
