"""Notebook in, notebook out; nothing here runs code."""
