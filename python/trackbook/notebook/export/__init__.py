"""Notebooks as programs: a typed module of steps, a test that proves it equal, a script. Runs no code."""
