"""How fast this installation's machine is, and how much of that the engine keeps: `manage.py bench`.

Everything is measured against a floor of its own kind, in turn with it, in the same run: what counts is ratios.
"""
