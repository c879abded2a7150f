"""`trackbook show`: one run in full."""

from typing import TYPE_CHECKING, Any

import click
import msgspec

from trackbook.cli.display.attempts import attempt_section
from trackbook.cli.display.detail import run_sections
from trackbook.cli.display.resumption import resumption_section
from trackbook.cli.display.verdict import verdict_section
from trackbook.cli.options import json_option, run_argument
from trackbook.cli.output import print_data, print_json
from trackbook.cli.project import find_run, open_project
from trackbook.domain.formatting import one_line
from trackbook.domain.job import Job
from trackbook.domain.reproduction import REPRODUCES
from trackbook.domain.resumption import RESUMES
from trackbook.domain.run import Run, RunDetail
from trackbook.services.sleepers import Sleepers

if TYPE_CHECKING:
    from trackbook.services.context import Services


@click.command()
@run_argument
@json_option
def show(reference: str, as_json: bool) -> None:
    """Show one run in full.

    That is its parameters, metrics, what the machine did, data, values, artifacts, executed cells, environment, and
    the error that ended it.
    """
    project = open_project()
    detail = project.runs.detail(reference)
    sources = project.snapshots.sources(detail.run.id)
    job = _job(project, detail)
    verdict = project.verdicts.of_detail(detail, sources)
    if as_json:
        document = {**_document(detail, sources), "verdict": msgspec.to_builtins(verdict)}
        resumption = {
            "runs": [run.id for run in _went_on(project, detail.run.id)],
            "snapshots": Sleepers(project.store).of_run(detail.run),
        }
        print_json({**document, "job": msgspec.to_builtins(job), "resumption": resumption})
    else:
        print_data(
            *run_sections(detail, sources, _relatives(project, detail)),
            *verdict_section(verdict, detail),
            *(attempt_section(job, detail.run.id) if job is not None else ()),
            *resumption_section(_went_on(project, detail.run.id), Sleepers(project.store).of_run(detail.run)),
        )


def _job(project: "Services", detail: RunDetail) -> Job | None:
    source = detail.run.source
    if source.kind != "job" or source.job_id is None:
        return None
    return next(iter(project.jobs.get_many([source.job_id])), None)


def _went_on(project: "Services", run_id: str) -> list[Run]:
    return project.runs.search(f"tags.{RESUMES} = '{run_id}'", order_by="started").runs


def _relatives(project: "Services", detail: RunDetail) -> dict[str, str]:
    repeated = detail.reproduction.run_id if detail.reproduction is not None else None
    tags = detail.run.tags
    ids = (detail.run.parent_id, detail.run.forked_from, repeated, tags.get(REPRODUCES), tags.get(RESUMES))
    found = (find_run(project, run_id) for run_id in ids if run_id)
    return {run.id: f"#{run.number} {one_line(run.name)}" for run in found if run is not None}


def _document(detail: RunDetail, sources: dict[int, str]) -> dict[str, Any]:
    """Return a run as one flat document: its own fields, as `runs --json` has them, and what belongs to it."""
    fields: dict[str, Any] = msgspec.to_builtins(detail)
    cells = [{**cell, "source": sources.get(cell["order"])} for cell in fields.pop("cells")]
    snapshots = {info["moment"]: info for info in fields.pop("snapshots")}
    snapshot = {moment: snapshots.get(moment) for moment in ("start", "end")} if snapshots else None
    return {**fields.pop("run"), **fields, "cells": cells, "snapshot": snapshot}
