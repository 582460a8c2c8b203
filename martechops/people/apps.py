from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "martechops.people"
    label = "people"
    verbose_name = "People"
