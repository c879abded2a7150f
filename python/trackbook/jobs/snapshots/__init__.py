"""Copies of a job's process at the borders between its cells, from which the job can go on after a failure."""
