"""Why not, and what would have turned it: the smallest change of facts under which something would have happened.

`rules` finds it for a rule from the rule's own structure, `values` the nearest value that suits what a path must be,
`steps` puts both to use on what a trace says of a run.
"""
