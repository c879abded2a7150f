"""The processes that run notebooks."""
