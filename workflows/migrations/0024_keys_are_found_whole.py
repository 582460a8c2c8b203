"""Nobody looks for a contact by the beginning of a key: the index that Django adds for that was only written."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("workflows", "0023_review_holds")]

    operations = [
        migrations.RunSQL(
            "DROP INDEX IF EXISTS workflows_contactkey_key_2abdb22c_like",
            "CREATE INDEX workflows_contactkey_key_2abdb22c_like ON workflows_contactkey (key text_pattern_ops)",
        ),
    ]
