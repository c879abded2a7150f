"""What is shown inside a notebook: live curves, tables, comparisons, progress; readable without a kernel, too."""
