"""Linting: what would keep a notebook from running again, told from its text alone; nothing is run or looked up."""
