"""Cleaning a notebook: steps that each change a draft of it and say what they changed. None of them runs code."""
