"""Every kind of finding, in the order of the page: one file each."""

from reporting.health.finding import Kind

from . import (
    duplicated_tasks,
    inconsistent_values,
    late_handoffs,
    mail_without_fields,
    missing_triggers,
    never_acted,
    slow_approvals,
    stage_in_one_place,
    unclear_ownership,
    writers_off_map,
)

KINDS: tuple[Kind, ...] = (
    missing_triggers.KIND,
    duplicated_tasks.KIND,
    inconsistent_values.KIND,
    slow_approvals.KIND,
    unclear_ownership.KIND,
    stage_in_one_place.KIND,
    mail_without_fields.KIND,
    never_acted.KIND,
    writers_off_map.KIND,
    late_handoffs.KIND,
)
