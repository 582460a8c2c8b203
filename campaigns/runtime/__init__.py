"""What campaigns do by themselves: visiting addresses, running checks. Started by tasks and commands."""
