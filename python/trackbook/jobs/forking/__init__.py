"""Processes that fork a child whenever they are asked to, and those who ask them.

A forking server runs in one thread and listens on a Unix socket in a folder that its user alone can read. A request
carries values and open files; the answer is the child's id, a descriptor of its process, and, in the end, its exit
code. Linux only: `can_fork` says whether it works here.
"""
