"""`python -m trackbook.cli` is the `trackbook` command."""

from trackbook.cli import main

main()
