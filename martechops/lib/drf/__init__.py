"""What every REST resource shares: problem details, cursors, refused unknowns, and how they are documented."""
