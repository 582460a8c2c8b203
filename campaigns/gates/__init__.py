"""What a rollout is judged by: one gate a file, pure, over counts. Registered in `GATES`."""
