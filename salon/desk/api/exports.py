"""`/api/v1/exports`: files of the salon's data, by the same operations as in the browser."""

from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from salon.api.endpoint import Endpoint
from salon.api.idempotency import Idempotency, idempotent
from salon.api.scopes import Scope
from salon.api.serializers import Body
from salon.desk.exporting import LINK_HOLDS, get_export, link_to, request_export
from salon.desk.models import Export, ExportKind, ExportState, FileFormat

_EXAMPLE_ID = "019aa5f2-9b3d-7c55-8d10-2f6c0a7e1b42"


class ExportBody(Body):
    """One file that was asked for."""

    example = {
        "id": _EXAMPLE_ID,
        "state": "DONE",
        "rows": 100000,
        "progress": 100,
        "download_url": "https://salon.example/exported/WyIwMTlhYTVmMi05YjNkLTdjNTUtOGQxMC0yZjZjMGE3ZTFiNDIiXQ:1sX:Qw/",
    }

    id = serializers.UUIDField(read_only=True)
    state = serializers.ChoiceField(ExportState.choices, read_only=True)
    rows = serializers.IntegerField(read_only=True, help_text="How many rows are written so far.")
    progress = serializers.IntegerField(read_only=True, min_value=0, max_value=100, help_text="In percent.")
    download_url = serializers.CharField(
        read_only=True,
        allow_null=True,
        help_text=f"Once it is `DONE`: where the file is, without a key, for {LINK_HOLDS.seconds // 60} minutes from "
        "this answer on. Whoever has the address has the file.",
    )


class NewExportBody(Body):
    """A file to be written."""

    example = {"kind": "CLIENTS"}

    kind = serializers.ChoiceField(ExportKind.choices, help_text="All client cards, as XLSX.")


class ExportsEndpoint(Endpoint):
    """Files of the salon's data."""

    scopes = {"POST": Scope.EXPORTS_WRITE}

    @extend_schema(request=NewExportBody, responses={202: ExportBody})
    @idempotent(Idempotency.OFFERED)
    def post(self, request: Request) -> Response:
        """Have a file written.

        It is written in the background: ask for it by its `id` until its `state` is `DONE` or `FAILED`. While the same
        file is being written for this key, that one is answered. Headings are in the language of `Accept-Language`.
        """
        self.entered(NewExportBody)
        export = request_export(
            actor=self.actor, file_format=FileFormat.XLSX, language=get_language() or "en", now=self.now
        )
        return Response(_shown(export, request), 202)


class ExportEndpoint(Endpoint):
    """One file."""

    scopes = {"GET": Scope.EXPORTS_WRITE}

    @extend_schema(responses={200: ExportBody})
    def get(self, request: Request, export_id: UUID) -> Response:
        """Tell how far a file is, and where it can be fetched.

        A file that its 24 hours are over for does not exist any more.
        """
        return Response(_shown(get_export(export_id, now=self.now), request))


def _shown(export: Export, request: Request) -> dict[str, Any]:
    address = None
    if export.state == ExportState.DONE:
        address = request.build_absolute_uri(reverse("exported_file", args=[link_to(export)]))
    return dict(
        ExportBody(
            {
                "id": export.pk,
                "state": export.state,
                "rows": export.rows,
                "progress": export.percent,
                "download_url": address,
            }
        ).data
    )
