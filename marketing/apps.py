"""The app as Django knows it."""

from django.apps import AppConfig


class Config(AppConfig):
    name = "marketing"
