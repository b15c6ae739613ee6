"""The contract between the halves: cards, catalogues and the weight files themselves.

The standard library does nearly all; platformdirs knows where a user's files lie, filelock locks a folder.
"""
