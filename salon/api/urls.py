"""The contract, its documentation, and whatever no app's routes took: included behind all other routes of the API."""

from django.urls import path, re_path

from salon.api import documentation
from salon.api.problems import unknown_path
from salon.api.salon_resource import SalonEndpoint

urlpatterns = [
    path("schema/", documentation.schema, name="api_schema"),
    path("docs/", documentation.docs, name="api_docs"),
    path("salon", SalonEndpoint.as_view(), name="api_salon"),
    # Whatever it is made of: `<path:…>` would not take a line break.
    re_path(r"^(?P<path>[\s\S]+)$", unknown_path, name="api_unknown"),
    path("", unknown_path, {"path": ""}, name="api_root"),
]
