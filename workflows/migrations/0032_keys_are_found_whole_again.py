"""What 0024 dropped comes back where a table is made in one step: Django makes its indexes last."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("workflows", "0031_replays")]

    operations = [
        migrations.RunSQL("DROP INDEX IF EXISTS workflows_contactkey_key_2abdb22c_like", migrations.RunSQL.noop),
    ]
