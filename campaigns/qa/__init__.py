"""What is checked before a launch (requirement E4): pure checks over one `Launch`, each with the evidence it saw."""
