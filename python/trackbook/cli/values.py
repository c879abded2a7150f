"""The values of a notebook's parameters that a command was given: from a file, by -p, and as options."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trackbook.cli.notebook_options import check_given_once, given_options
from trackbook.domain.parameter import (
    Parameter,
    check_values,
    parse_assignments,
    parse_options,
    split_names,
)
from trackbook.domain.space import Dimension, Space, parse_space
from trackbook.errors import ParameterError, raise_all
from trackbook.services.parameter_files import read_parameter_file, with_place


def read_values(
    parameters: Sequence[Parameter], params: Sequence[str], file: Path | None, sweeps: Sequence[str] = ()
) -> tuple[dict[str, Any], Space]:
    """Return the values that count, and the space of the sweep. A file counts less than -p, options and a sweep.

    Raises ParameterError for everything that is wrong with them at once; UsageError for a file that can't be read.
    """
    options = given_options()
    check_given_once(options, params)
    errors: list[ParameterError] = []
    values: dict[str, Any] = {}
    swept: dict[str, Dimension] = {}
    if file is not None:
        given = read_parameter_file(file)
        try:
            values = check_values(parameters, given.values)
        except ParameterError as error:
            errors += [with_place(one, given) for one in error.each()]
    for target, read in (
        (values, lambda: parse_assignments(parameters, params)),
        (values, lambda: parse_options(parameters, options)),
        (swept, lambda: parse_space(parameters, sweeps)),
    ):
        try:
            target.update(read())
        except ParameterError as error:
            errors += error.each()
    raise_all(errors)
    own = {*split_names(params), *options}
    return {name: value for name, value in values.items() if name not in swept or name in own}, swept
