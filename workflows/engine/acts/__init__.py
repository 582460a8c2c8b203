"""What each action of `ACTIONS` does in a decision: a function a row, in the module of what it is about."""

from collections.abc import Callable, Mapping

from ..conditions import Check
from ..decision import Decision, StepTrace
from ..spec import Step
from ..walk import Walk
from . import checking, content, messages, owners, records, tasks

#: action → what it plans; the run goes on with the next step.
ACTS: Mapping[str, Callable[[Walk, Step, tuple[Check, ...]], StepTrace]] = {
    "upsert_record": records.upsert_record,
    "set_field": records.set_field,
    "set_stage": records.set_stage,
    "normalise_fields": records.normalise_fields,
    "add_to_audience": records.audience,
    "remove_from_audience": records.audience,
    "record_conversion": records.record_conversion,
    "send_message": messages.send_message,
    "call_webhook": messages.call_webhook,
    "distribute_report": messages.distribute_report,
    "create_task": tasks.create_task,
    "publish_content": content.publish_content,
    "update_channels": content.update_channels,
    "find_duplicates": checking.inside,
    "propose_merge": checking.inside,
    "refresh_reports": checking.inside,
}
#: action → the same for those that can turn the run: end it, send it elsewhere, or have it wait.
TURNING: Mapping[str, Callable[[Walk, Step, int, tuple[Check, ...]], Decision | int]] = {
    "assign_owner": owners.assign_owner,
    "verify_definitions": checking.verify_definitions,
}
#: action → what it does with what wakes a run that waits at it.
TURNING_WOKEN: Mapping[str, Callable[[Walk, Step, int, tuple[Check, ...]], Decision | int]] = {
    "assign_owner": owners.assign_owner_woken,
}
