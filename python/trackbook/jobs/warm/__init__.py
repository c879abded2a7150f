"""Warm kernels: forked from a template, a process that has imported what notebooks import.

`template` is the process that imports and forks, `imports` and `hazards` watch what that does to it, `child` makes a
kernel of a fork. `folder` finds the template that fits a kernel, or starts one; `key` and `command` say what fits.
`provisioner` is how Jupyter starts kernels this way. Linux only; everywhere and always an ordinary start takes its
place where it must, and says why.
"""
