"""Every component in every state, for whoever builds the next page."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from salon.identity.roles import Permission
from salon.web.access import requires


class _Fields(forms.Form):
    text = forms.CharField(label="Text", help_text="One line of help.")
    wrong = forms.EmailField(label="Wrong")
    choice = forms.ChoiceField(label="Choice", choices=[("a", "First"), ("b", "Second")])
    tick = forms.BooleanField(label="Tick", required=False)
    many = forms.CharField(label="Many lines", widget=forms.Textarea, required=False)


@requires(Permission.WORK)
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show buttons, fields, badges, tables, drawer, dialog, toasts, empty states and charts."""
    context = {
        "form": _Fields({"text": "Petra Lang", "wrong": "petra@", "choice": "a"}),
        "facts": [{"label": "Mobil", "value": "0171 5550318"}, {"label": "Ort", "value": "Berlin"}],
        "months": [
            {"label": "Sep", "value": 1040, "before": 900},
            {"label": "Okt", "value": 1230, "before": 1100},
            {"label": "Nov", "value": 1470, "before": 1210},
        ],
        "ranking": [{"label": "Ansatzfarbe", "value": 17}, {"label": "Pflegekur", "value": 5}],
    }
    return render(request, "web/styleguide.html", context)
