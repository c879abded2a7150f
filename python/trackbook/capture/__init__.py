"""Looks at the process and the machine; writes nothing. Environment variables are handed in, never looked for."""
