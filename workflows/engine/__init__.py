"""Pure: a compiled version, a snapshot of one subject, a cause and an instant go in; a `Decision` comes out.

Nothing in here reads a clock, a database or a network, so what was rehearsed is what runs (DESIGN, idea 1).
"""
