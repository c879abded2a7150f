"""What each trial of the project in the working directory printed: JSON of pairs of C and text, from what is stored."""

import json
from pathlib import Path

from trackbook.services.context import open_services
from trackbook.store.paths import StorePaths


def main() -> None:
    services = open_services(StorePaths(Path(".trackbook").absolute()))
    services.runs.refresh(timeout=60)
    found = []
    for job in services.jobs.list("finished", None):
        detail = services.runs.detail(job.spec.run_id)
        assert detail.run.status == "finished"
        assert detail.environment is not None
        _, file = services.artifacts.open(job.spec.run_id, "output.ipynb")
        cells = json.loads(file.read_bytes())["cells"]
        assert len([cell for cell in detail.cells if cell.status == "ok"]) == len(cells)
        found.append((job.spec.params["C"], "".join(cells[-1]["outputs"][0]["text"])))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
