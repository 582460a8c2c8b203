"""Requests for approval as the inbox, Today and the sweep ask for them."""

from campaigns.models import ApprovalRequest

from . import approval_subjects, manifests

_IN_FORCE = (ApprovalRequest.State.OPEN, ApprovalRequest.State.APPROVED)


def overtaken() -> list[ApprovalRequest]:
    """Open and approved requests whose thing is not what they were given for. A constant number of queries."""
    requests = list(ApprovalRequest.objects.filter(state__in=_IN_FORCE).order_by("pk"))
    if not requests:
        return []
    known = manifests.definitions()
    digests = {
        (kind, key): subject.manifest.digest
        for kind in {request.subject_kind for request in requests}
        for key, subject in approval_subjects.found(
            kind, {request.subject_key for request in requests if request.subject_kind == kind}, among=known
        ).items()
    }
    return [
        request for request in requests if digests.get((request.subject_kind, request.subject_key)) != request.digest
    ]
