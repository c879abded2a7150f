"""`python -m trackbook.jobs.runner DESCRIPTOR`: a runner for the client at the other end of an inherited socket."""

import sys

from trackbook.jobs.runner.process import main

if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
