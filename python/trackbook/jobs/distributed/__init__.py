"""Jobs on a Dask cluster. Nothing else in Trackbook imports dask.

cluster: a cluster of this machine's own, or the address of one. crew: hands jobs to it. task: what a Dask worker runs.
work: the process beside the Dask worker in which the job itself runs, begun as `python -m trackbook.jobs.distributed`.
pool: jobs that are waited for.
"""
