"""Six empty steps on DBOS Transact, durable in PostgreSQL: what `manage.py bench --vs dbos` compares with.

The steps do nothing, so this is what DBOS itself costs: a row for the workflow and one for each step. Run as a process
of its own: says `ready`, waits for a line, carries out its workflows at once and says how long that took.

    python -m tests.bench.six_steps_on_dbos <address of the database> <first number> <how many>

DBOS is no dependency of this project: `pip install dbos` beside it where the comparison is wanted.
"""

import importlib
import json
import sys
import time

STEPS = 6


def main(address: str, first: int, count: int) -> None:
    dbos = importlib.import_module("dbos")

    @dbos.DBOS.step()  # type: ignore[untyped-decorator]
    def step(number: int) -> int:
        return number

    @dbos.DBOS.workflow()  # type: ignore[untyped-decorator]
    def six_steps(number: int) -> int:
        return sum(step(number) for _ in range(STEPS))

    dbos.DBOS(config={"name": "six-steps", "system_database_url": address, "log_level": "WARNING"})
    dbos.DBOS.launch()
    six_steps(first)
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    begun = [dbos.DBOS.start_workflow(six_steps, number) for number in range(first, first + count)]
    right = sum(one.get_result() == STEPS * number for number, one in enumerate(begun, start=first))
    print(json.dumps({"done": right, "seconds": time.perf_counter() - began}), flush=True)
    dbos.DBOS.destroy()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
