"""All checks: one file each, one line here."""

from campaigns.qa.check import Check

from . import (
    broken_links,
    consent_respected,
    crm_fields,
    form_fields,
    lint_clean,
    required_fields,
    scenarios_hold,
    templates_render,
    unsubscribe_there,
    utm_tags,
)

#: In the order of a checklist.
CHECKS: tuple[Check, ...] = (
    lint_clean.CHECK,
    scenarios_hold.CHECK,
    consent_respected.CHECK,
    unsubscribe_there.CHECK,
    crm_fields.CHECK,
    required_fields.CHECK,
    form_fields.CHECK,
    templates_render.CHECK,
    utm_tags.CHECK,
    broken_links.CHECK,
)
