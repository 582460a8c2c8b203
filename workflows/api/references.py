"""What rows that machines write in bulk point to by number, said by its key."""

from django.db.models import OuterRef, Subquery

from workflows.models import Source, Version, Workflow

#: For `.annotate(workflow=…)` of rows with a `workflow_id`.
WORKFLOW_KEY = Subquery(Workflow.objects.filter(pk=OuterRef("workflow_id")).values("key"))
#: For `.annotate(version=…)` of rows with a `version_id`.
VERSION_NUMBER = Subquery(Version.objects.filter(pk=OuterRef("version_id")).values("number"))
#: For `.annotate(source=…)` of rows with a `source_id`.
SOURCE_KEY = Subquery(Source.objects.filter(pk=OuterRef("source_id")).values("key"))
