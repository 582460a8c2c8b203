"""Pages about launches."""

from django.urls import path

from campaigns.views import approvals, campaigns, checklists, launches, links, playbooks, repairs, rollouts

urlpatterns = [
    path("checks/sign/<int:check_id>/", checklists.sign, name="checklist-sign"),
    path("checks/<slug:kind>/<path:key>/", checklists.detail, name="checklist"),
    path("approvals/", approvals.inbox, name="approvals"),
    path("approvals/waiting/", approvals.waiting, name="approvals-waiting"),
    path("approvals/delegate/", approvals.delegate, name="approval-delegate"),
    path("approvals/delegate/<int:delegation_id>/end/", approvals.end_delegation, name="delegation-end"),
    path("approvals/ask/<int:version_id>/", approvals.ask, name="approval-ask"),
    path("approvals/emergency/<int:version_id>/", approvals.emergency, name="break-glass"),
    path("approvals/<int:request_id>/", approvals.detail, name="approval"),
    path("approvals/<int:request_id>/decide/", approvals.decide, name="approval-decide"),
    path("approvals/<int:request_id>/withdraw/", approvals.withdraw, name="approval-withdraw"),
    path("approvals/<int:request_id>/go-live/", approvals.go_live, name="approval-go-live"),
    path("campaigns/", campaigns.listing, name="campaigns"),
    path("campaigns/new/", launches.new, name="campaign-new"),
    path("campaigns/new/preview/", launches.preview, name="campaign-preview"),
    path("campaigns/calendar/", campaigns.month, name="campaign-calendar"),
    path("repairs/", repairs.listing, name="repairs"),
    path("repairs/of/<int:version_id>/", repairs.begin, name="repair-begin"),
    path("repairs/<int:repair_id>/", repairs.detail, name="repair"),
    path("repairs/<int:repair_id>/move/", repairs.move, name="repair-move"),
    path("repairs/<int:repair_id>/file/", repairs.as_file, name="repair-file"),
    path("links/", links.listing, name="links"),
    path("rollouts/", rollouts.listing, name="rollouts"),
    path("rollouts/running/", rollouts.running, name="rollouts-running"),
    path("rollouts/start/<int:version_id>/", rollouts.start, name="rollout-start"),
    path("rollouts/<int:rollout_id>/", rollouts.detail, name="rollout"),
    path("rollouts/<int:rollout_id>/move/", rollouts.move, name="rollout-move"),
    path("campaigns/blank/", campaigns.new, name="campaign-blank"),
    path("playbooks/", playbooks.listing, name="playbooks"),
    path("playbooks/new/", playbooks.new, name="playbook-new"),
    path("playbooks/<slug:key>/", playbooks.detail, name="playbook"),
    path("playbooks/<slug:key>/file/", playbooks.file, name="playbook-file"),
    path("campaigns/<slug:key>/reach/", campaigns.reach, name="campaign-reach"),
    path("campaigns/<slug:key>/", campaigns.detail, name="campaign"),
    path("campaigns/<slug:key>/edit/", campaigns.edit, name="campaign-edit"),
    path("campaigns/<slug:key>/move/", campaigns.move, name="campaign-move"),
]
