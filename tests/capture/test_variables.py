"""Environment variables by the list, and no others."""

from trackbook.capture.variables import LONGEST, read_variables


def test_only_those_of_the_list() -> None:
    environ = {
        "OMP_NUM_THREADS": "4",
        "CUDA_VISIBLE_DEVICES": "",
        "SLURM_JOB_ID": "17",
        "PYTHONHASHSEED": "0",
        "AWS_SECRET_ACCESS_KEY": "abc",
        "SLURM_JWT": "abc",
        "MY_FLAG": "on",
        "TEAM_NAME": "x",
        "TEAM": "y",
    }
    assert list(read_variables(environ)) == [
        "CUDA_VISIBLE_DEVICES",
        "OMP_NUM_THREADS",
        "PYTHONHASHSEED",
        "SLURM_JOB_ID",
    ]
    more = read_variables(environ, ("MY_FLAG", "TEAM_*", "MISSING"))
    assert more.keys() - read_variables(environ).keys() == {"MY_FLAG", "TEAM_NAME"}


def test_long_values_are_cut() -> None:
    assert read_variables({"PYTHONPATH": "x" * 5000}) == {"PYTHONPATH": "x" * LONGEST + "…"}
