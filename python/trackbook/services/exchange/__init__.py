"""Exports: runs as a folder of Parquet and JSON, described in docs/export.md, and back from it.

Two files of the folder are its truth: `records.jsonl`, all that happened to the runs but their points, and
`points.parquet`. An import reads these and the blobs alone. The other tables say the same once more, for people.
"""
