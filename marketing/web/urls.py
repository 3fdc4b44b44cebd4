"""Pages of marketing, below `/s/<slug>/marketing/`."""

from django.urls import include, path

from marketing.web import (
    automation_editor,
    automation_mail,
    automation_recipients,
    automations,
    inbox,
    message_templates,
    messages,
    photos,
    pictures,
    rules,
    segments,
    tabs,
    trying_answers,
    undeliverable,
)
from salon.mail.web.handed_in import HANDED_IN

HANDED_IN.answer_url = trying_answers.answer_url

urlpatterns = [
    path("", tabs.marketing, name="marketing"),
    path("messages/", inbox.messages_page, name="messages"),
    path("messages/unread/", inbox.messages_unread, name="messages_unread"),
    path("messages/templates/", message_templates.message_templates, name="message_templates"),
    path("messages/templates/new/", message_templates.message_template_new, name="message_template_new"),
    path("messages/templates/<uuid:template_id>/", message_templates.message_template, name="message_template"),
    path(
        "messages/templates/<uuid:template_id>/delete/",
        message_templates.message_template_delete,
        name="message_template_delete",
    ),
    path("messages/answers/<uuid:mail_id>/", trying_answers.answer_to_mail, name="answer_to_mail"),
    path("messages/answers/to-many/<uuid:recipient_id>/", trying_answers.answer_to_many, name="answer_to_many"),
    path("messages/photos/<uuid:photo_id>/", photos.message_photo, name="message_photo"),
    path("messages/<uuid:client_id>/", messages.message_thread, name="message_thread"),
    path("messages/<uuid:client_id>/read/", inbox.message_read, name="message_read"),
    path("messages/<uuid:client_id>/done/", inbox.message_done, name="message_done"),
    path("messages/<uuid:client_id>/address/", messages.message_address, name="message_address"),
    path("messages/<uuid:client_id>/no-news/", messages.message_unsubscribe, name="message_unsubscribe"),
    path("messages/<uuid:client_id>/deliverable/", undeliverable.message_deliverable, name="message_deliverable"),
    path("automations/", automations.automations, name="automations"),
    path("automations/<str:occasion>/", automation_editor.automation, name="automation"),
    path("automations/<str:occasion>/switch/", automations.automation_switch, name="automation_switch"),
    path(
        "automations/<str:occasion>/recipients/",
        automation_recipients.automation_recipients,
        name="automation_recipients",
    ),
    path("automations/<str:occasion>/catch-up/", automations.automation_catch_up, name="automation_catch_up"),
    path("automations/<str:occasion>/tested/", automation_editor.automation_tested, name="automation_tested"),
    path("automations/<str:occasion>/preview/", automation_editor.automation_preview, name="automation_preview"),
    path("automations/mails/<uuid:recipient_id>/", automation_mail.automation_mail, name="automation_mail"),
    path(
        "automations/mails/<uuid:recipient_id>/shown/",
        automation_mail.automation_mail_shown,
        name="automation_mail_shown",
    ),
    path("campaigns/", include("marketing.web.campaign_urls")),
    path("pictures/", pictures.marketing_pictures, name="marketing_pictures"),
    path("pictures/choose/", pictures.picture_choose, name="picture_choose"),
    path("pictures/<uuid:picture_id>/delete/", pictures.picture_delete, name="picture_delete"),
    path("rules/", rules.marketing_rules, name="marketing_rules"),
    path("rules/logo/", pictures.marketing_logo, name="marketing_logo"),
    path("rules/sender/", rules.marketing_sender, name="marketing_sender"),
    path("rules/wording/", rules.marketing_wording, name="marketing_wording"),
    path("rules/existing-customers/", rules.marketing_existing_allow, name="marketing_existing_allow"),
    path("rules/existing-customers/forbid/", rules.marketing_existing_forbid, name="marketing_existing_forbid"),
    path("segments/", segments.segments, name="segments"),
    path("segments/new/", segments.segment_new, name="segment_new"),
    path("segments/count/", segments.count, name="segment_count"),
    path("segments/<uuid:segment_id>/", segments.segment, name="segment"),
    path("segments/<uuid:segment_id>/delete/", segments.segment_delete, name="segment_delete"),
    path("segments/<uuid:segment_id>/restore/", segments.segment_restore, name="segment_restore"),
]
