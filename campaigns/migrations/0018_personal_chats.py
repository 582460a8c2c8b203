import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_CASCADE = django.db.models.deletion.CASCADE
_MEMBER = django.core.validators.RegexValidator(
    "\\A@?[A-Za-z0-9._-]{1,40}\\Z", "A member id, such as U024BE7LH, or a name with @."
)


class Migration(migrations.Migration):
    """Where people are spoken to by chat, and notes to them beside those to teams."""

    dependencies = [
        ("campaigns", "0017_criteria"),
        ("workflows", "0034_content_is_approved"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="PersonalChat",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("member", models.CharField(blank=True, max_length=41, validators=[_MEMBER])),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=_CASCADE, related_name="personal_chat", to=settings.AUTH_USER_MODEL
                    ),
                ),
                ("system", models.ForeignKey(on_delete=_CASCADE, related_name="+", to="workflows.system")),
            ],
            options={"ordering": ["person__username"]},
        ),
        migrations.AddField(
            model_name="chatnote",
            name="mention",
            field=models.CharField(blank=True, db_default="", default="", max_length=41),
        ),
        migrations.AddField(
            model_name="chatnote",
            name="person",
            field=models.ForeignKey(null=True, on_delete=_CASCADE, related_name="+", to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name="chatnote",
            name="owner",
            field=models.ForeignKey(null=True, on_delete=_CASCADE, related_name="+", to="people.team"),
        ),
        migrations.AddConstraint(
            model_name="chatnote",
            constraint=models.CheckConstraint(
                condition=models.Q(("owner", None), ("person__isnull", False))
                | models.Q(("owner__isnull", False), ("person", None)),
                name="chat_note_to_one",
            ),
        ),
    ]
