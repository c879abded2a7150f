"""A store behind a `trackbook serve` on another machine: the same services, asked over HTTP."""
