"""The cells that all trials of a sweep share: run once, by the first trial that needs them, and forked for each."""
