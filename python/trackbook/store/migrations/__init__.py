"""Numbered steps of the index's schema, one transaction each."""
