"""Stories played through what is live, or through a candidate, without a far side and without a trace in the database.

The code that handles events live handles them here: only what surrounds it (queue, clock, contacts, far sides) is in
memory. What is rehearsed is what runs.
"""
