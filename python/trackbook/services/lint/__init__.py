"""The parts of linting that need the disk, other tools or a store; `services/linting.py` joins them."""
