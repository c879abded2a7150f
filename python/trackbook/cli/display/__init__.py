"""How values, runs and comparisons look in a terminal. Takes domain values, returns what rich prints."""
