"""The `tokenportal` command: what owners use at a shell and in CI.

It speaks to a portal by HTTP like any other program, and knows of the rest of this project only the
format of a secret. So it starts quickly, without Django.
"""
