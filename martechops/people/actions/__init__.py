"""One noun a module, one verb a function; each writes its audit entry in the same transaction."""
