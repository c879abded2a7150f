"""The Jupyter Server extension: REST under /trackbook/api, and events that say what changed."""
