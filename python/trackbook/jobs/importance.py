"""How much each parameter of a sweep decides, as far as its trials tell."""

from collections import OrderedDict

import msgspec

from trackbook.domain.sweep import Pruner, SweepDetail, SweepSpec
from trackbook.services.context import Services

# Answers that were worked out, by sweep and number of trials with a value: who looks at a sweep looks again and again.
_MOST_KNOWN = 64
_FEWEST = 4
_known: "OrderedDict[tuple[str, int, str], dict[str, float] | None]" = OrderedDict()


def importance_of(services: Services, sweep: SweepDetail) -> dict[str, float] | None:
    """Return the share of each swept parameter in the first objective, all together 1.

    None where too little is known.
    """
    rows = [row for row in sweep.runs if row.status == "finished" and row.values and None not in row.values]
    if len(rows) < _FEWEST or not sweep.objectives or sweep.objectives[0].direction is None:
        return None
    key = sweep.id, len(rows), sweep.objectives[0].metric
    if key not in _known:
        _known[key] = _work_out(services.sweeps.spec(sweep.id), sweep)
        while len(_known) > _MOST_KNOWN:
            _known.popitem(last=False)
    return _known[key]


def _work_out(spec: SweepSpec, sweep: SweepDetail) -> dict[str, float] | None:
    from trackbook.jobs.study import PastTrial, Study

    past = [
        PastTrial(number, row.params, "finished", row.values[:1])
        for number, row in enumerate(row for row in sweep.runs if row.status == "finished")
    ]
    # Whoever chose the values, what they are worth is asked here alone.
    plain = msgspec.structs.replace(spec, sampler="random", pruner=Pruner(), objectives=spec.objectives[:1])
    return Study(plain, [spec.objectives[0].direction], past).importance()
