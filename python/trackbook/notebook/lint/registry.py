"""All rules of Trackbook's own, by code."""

from trackbook.domain.lint import Diagnostic, Rule

RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in (
        # TB1: names and order
        Rule(
            "TB101",
            "used-before-defined",
            "error",
            "A name is used above the cell that defines it.",
            "Move the cell that defines it up, or this one down, so that the notebook runs from top to bottom.",
        ),
        Rule(
            "TB102",
            "undefined-name",
            "error",
            "A name that no cell defines any more.",
            "Define it in a cell above, or correct its spelling.",
        ),
        Rule(
            "TB103",
            "used-after-del",
            "error",
            "A name is used below the cell that deletes it.",
            "Take the `del` away, or move it below the last use.",
        ),
        Rule(
            "TB104",
            "called-before-defined",
            "error",
            "A function is called above the cell that defines a name which its body uses.",
            "Move the call below the cell that defines the name.",
        ),
        Rule(
            "TB105",
            "execution-order",
            "warning",
            "The saved execution counts say that cells ran in another order than they stand in.",
            "Restart the kernel and run all cells; move cells if that fails. `trackbook clean` orders them.",
        ),
        Rule(
            "TB106",
            "skipped-cell",
            "warning",
            "A cell never ran, between ones that did.",
            "Run it, or delete it: its results can't be in what stands below.",
        ),
        Rule(
            "TB111",
            "ran-out-of-order",
            "warning",
            "In the last recorded run a cell ran in another order than it stands in.",
            "Restart the kernel and run all cells.",
        ),
        Rule(
            "TB112",
            "edited-since-run",
            "warning",
            "A cell's text has changed since it ran in the last recorded run.",
            "Run it again, so that the results are those of this text.",
        ),
        Rule(
            "TB113",
            "deleted-but-used",
            "warning",
            "A cell that is gone defined names in the last recorded run that others use.",
            "Define the names in a cell; the run's snapshot has the deleted one.",
        ),
        Rule(
            "TB114",
            "ran-repeatedly",
            "info",
            "A cell ran more than once in the last recorded run.",
            "Restart the kernel and run all cells, if what it does adds up.",
        ),
        Rule(
            "TB115",
            "never-ran",
            "warning",
            "A cell between ones that ran did not run in the last recorded run.",
            "Run it, or delete it.",
        ),
        # TB2: parameters
        Rule(
            "TB201",
            "parameters-not-on-top",
            "warning",
            "The parameters cell stands below cells that do something.",
            "Move it up: what runs above it can't see the parameters of a job. `trackbook clean` does it.",
        ),
        Rule(
            "TB202",
            "several-parameters-cells",
            "warning",
            "More than one cell has the tag `parameters`; only the first one counts.",
            "Put all parameters into the first one.",
        ),
        Rule(
            "TB203",
            "parameter-reassigned",
            "warning",
            "A parameter gets another value further down, whatever a job gives it.",
            "Give the new value another name.",
        ),
        Rule(
            "TB204",
            "no-parameters-cell",
            "info",
            "Constants look like parameters, but no cell has the tag `parameters`.",
            "Give their cell the tag `parameters`, and jobs and sweeps can set them.",
        ),
        # TB3: paths and the network
        Rule(
            "TB301",
            "absolute-path",
            "warning",
            "A path that only one machine or user has.",
            "Name it relative to the notebook, or make it a parameter.",
        ),
        Rule(
            "TB302",
            "missing-file",
            "warning",
            "A file that is read is not there.",
            "Check the path: relative ones begin at the notebook's folder.",
        ),
        Rule(
            "TB303",
            "network-command",
            "warning",
            "A magic or a shell command needs the network, or changes the environment.",
            "Install packages beforehand and record them (requirements.txt, a lock file); keep data in the project.",
        ),
        Rule(
            "TB304",
            "network-read",
            "info",
            "Something is read from the network.",
            "Keep a copy in the project, or its digest: what is there may change.",
        ),
        # TB4: secrets
        Rule(
            "TB401",
            "hard-coded-secret",
            "error",
            "A password, key or token stands in the notebook.",
            "Read it from the environment or a keyring, and replace it: it has to be taken for known.",
        ),
        Rule(
            "TB402",
            "secret-in-output",
            "error",
            "A password, key or token stands in an output.",
            "Clear the output, and replace the secret: it has to be taken for known.",
        ),
        # TB5: the same again
        Rule(
            "TB501",
            "no-seed",
            "warning",
            "Random numbers without a seed: each run gives others.",
            "Set a seed above, such as with `%track seed 42`, `np.random.default_rng(42)` or `random.seed(42)`.",
        ),
        Rule(
            "TB502",
            "no-random-state",
            "warning",
            "Something of scikit-learn is random, and gets no `random_state`.",
            "Give it `random_state=…`, or set numpy's seed above.",
        ),
        # TB6: the file
        Rule(
            "TB600",
            "unreadable-notebook",
            "error",
            "A file is no notebook that can be read.",
            "Open it as text: merges leave marks behind, and broken downloads half a file.",
        ),
        Rule(
            "TB601",
            "invalid-syntax",
            "error",
            "A cell is no Python.",
            "Correct it, or make it a Markdown or raw cell.",
        ),
        Rule(
            "TB602",
            "outputs-committed",
            "warning",
            "A notebook that git tracks holds outputs.",
            "`trackbook lint --fix` strips them; `trackbook show` keeps those of recorded runs.",
            fixable=True,
        ),
        Rule(
            "TB603",
            "large-output",
            "warning",
            "The outputs of a cell are very large.",
            "Show less, or write it to a file: browsers and diffs get slow.",
        ),
        Rule(
            "TB604",
            "duplicate-cell-id",
            "error",
            "Two cells have the same id.",
            "`trackbook lint --fix` gives the later one another.",
            fixable=True,
        ),
        Rule(
            "TB605",
            "missing-cell-id",
            "warning",
            "A cell has no id, which its notebook's format demands.",
            "`trackbook lint --fix` gives it one.",
            fixable=True,
        ),
        Rule(
            "TB606",
            "empty-cell",
            "info",
            "An empty cell.",
            "`trackbook lint --fix` deletes it.",
            fixable=True,
        ),
        Rule(
            "TB607",
            "saved-error",
            "info",
            "A cell ended with an exception.",
            "Run it again once it is mended; tag it `raises-exception` where the exception is meant.",
        ),
    )
}


def diagnose(
    code: str,
    message: str,
    *,
    cell: int = 0,
    cell_id: str | None = None,
    line: int = 1,
    column: int = 1,
    end_line: int | None = None,
    end_column: int | None = None,
    names: list[str] | None = None,
    help: str = "",  # noqa: A002  # as the diagnostic calls it
) -> Diagnostic:
    """Return a diagnostic of a rule; `help` where the rule's own does not fit."""
    rule = RULES[code]
    return Diagnostic(
        code,
        rule.name,
        rule.severity,
        message,
        cell,
        cell_id,
        line,
        column,
        line if end_line is None else end_line,
        column if end_column is None else end_column,
        names or [],
        rule.fixable,
        help or rule.help,
    )
