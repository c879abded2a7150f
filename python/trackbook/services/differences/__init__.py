"""What differs between two runs, looked at closely: their notebooks cell by cell, and their code."""
