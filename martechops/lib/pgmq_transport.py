"""kombu's transport for pgmq, mended where several workers start at the same moment."""

from typing import Any

from kombu.transport import pgmq

#: Any number will do; all workers must use the same one.
_LOCK = 7_230_116
_HAS_TRIGGER = """
SELECT 1 FROM pg_trigger
WHERE tgrelid = to_regclass('pgmq.q_' || %s) AND tgname = 'trigger_notify_queue_insert_listeners'
"""


class Channel(pgmq.Channel):
    """A consumer that makes the queue's trigger only when there is none, and one consumer at a time.

    The original drops and makes it again at every start: of two starts at once one fails, or both deadlock, and whoever
    publishes meanwhile waits.
    """

    def _maybe_enable_notify(self, queue: str, queue_name: str | None = None) -> None:
        if not self.use_notify:
            return
        queue_name = queue_name or self._queue_name(queue)
        pool = self.pgmq.pool
        assert pool is not None  # it is while the transport is connected
        with pool.connection() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            if connection.execute(_HAS_TRIGGER, [queue_name]).fetchone() is None:
                self.pgmq.enable_notify(queue_name, throttle_interval_ms=self.notify_throttle_interval_ms)
        self.connection._register_notify_queue(queue_name)


class Transport(pgmq.Transport):
    """The same with that channel; what `pgmq://` means here."""

    Channel: Any = Channel
