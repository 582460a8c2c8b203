"""`manage.py simulate_rollouts`: how often the gates roll back what is good, and how soon what is bad."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from campaigns.rehearsal import simulation


class Command(BaseCommand):
    """Prints the table of docs/rollouts.md; takes a minute or two, and no database."""

    help = "Play rollouts with dice against the gates, and print what became of them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=2026)
        parser.add_argument("--times", type=int, default=2_000, help="rollouts of each case")

    def handle(self, *, seed: int, times: int, **_: object) -> None:
        outcomes = [simulation.play(case, times=times, seed=seed) for case in simulation.CASES]
        self.stdout.write(simulation.table(outcomes))
