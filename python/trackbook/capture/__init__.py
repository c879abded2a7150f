"""Looks at the process and the machine; writes nothing, and never reads environment variables."""
