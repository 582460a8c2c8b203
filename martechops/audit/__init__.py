"""Who did what to which object: append-only, hash-chained (FAULTS S14). Write with `entries.record`."""
