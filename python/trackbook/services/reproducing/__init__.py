"""Running recorded runs again: what is needed, what stands in the way, and whether the results hold."""
