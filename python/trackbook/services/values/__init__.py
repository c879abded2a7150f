"""Rich values: what users log is made ready to be stored, a file for each family. No library is imported for it
that the value's own type has not brought along already.
"""
