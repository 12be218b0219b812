"""A Django site whose pages are discussed with django-comments-xtd; run by the Python that has it, not by the project's.

Usage: python xtd_site.py FOLDER PORT. Its pages are flat pages, and POST /steps/ changes them by the site's own models.
"""

import json
import sys
from datetime import datetime
from typing import Any

import django
from django.conf import settings

FOLDER, PORT = sys.argv[1:]
PAGE = """{% load comments comments_xtd %}<!doctype html><html lang="en"><head><title>{{ flatpage.title }}</title>
<meta property="og:type" content="article"></head><body><main>
<article><h1>{{ flatpage.title }}</h1>{{ flatpage.content|safe }}</article>
{% if 'widget' in flatpage.url %}<div id="comments"></div>
<script>window.comments_props = {% get_commentbox_props for flatpage %};</script>
{% else %}{% render_comment_list for flatpage %}{% render_comment_form for flatpage %}{% endif %}
</main></body></html>"""
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    COMMENTS_APP="django_comments_xtd",
    COMMENTS_HIDE_REMOVED=False,
    COMMENTS_XTD_APP_MODEL_OPTIONS={
        "default": {"who_can_post": "all", "allow_flagging": True, "allow_feedback": True, "show_feedback": True}
    },
    COMMENTS_XTD_CONFIRM_EMAIL=False,
    COMMENTS_XTD_MAX_THREAD_LEVEL=9,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{FOLDER}/site.db"}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sites",
        "django.contrib.flatpages",
        "django_comments_xtd",
        "django_comments",
        "rest_framework",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    ROOT_URLCONF="__main__",
    SECRET_KEY="for tests alone",
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    SITE_ID=1,
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": [
                    "django.contrib.auth.context_processors.auth",
                    "django.template.context_processors.request",
                ],
                "loaders": [
                    ("django.template.loaders.locmem.Loader", {"flatpages/default.html": PAGE}),
                    "django.template.loaders.app_directories.Loader",
                ],
            },
        }
    ],
    TIME_ZONE="UTC",
    USE_TZ=True,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402  # models are there once the site is set up
from django.contrib.flatpages.models import FlatPage  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpRequest, JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402
from django_comments.views import moderation  # noqa: E402
from django_comments_xtd import views  # noqa: E402
from django_comments_xtd.models import XtdComment  # noqa: E402

CHANGES = {
    "remove": moderation.perform_delete,
    "approve": moderation.perform_approve,
    "report": moderation.perform_flag,
    "like": views.perform_like,
    "dislike": views.perform_dislike,
}


@csrf_exempt
def run_steps(request: HttpRequest) -> JsonResponse:
    """Run steps in order; return what came of each."""
    return JsonResponse({"made": [_run(request, step) for step in json.loads(request.body)]})


def _run(request: HttpRequest, step: dict[str, Any]) -> int:
    kind = step.pop("do")
    if kind == "page":
        page = FlatPage.objects.create(**step)
        page.sites.add(1)
        return page.pk
    if kind == "comment":
        user = User.objects.get(username=step["user"]) if "user" in step else None
        return XtdComment.objects.create(
            content_object=FlatPage.objects.get(url=step["url"]),
            site_id=1,
            user=user,
            user_name=step.get("name", ""),
            user_email="reader@courier.example",
            comment=step["text"],
            submit_date=datetime.fromisoformat(step["at"]),
            parent_id=step.get("parent") or 0,
        ).pk
    comment = XtdComment.objects.get(pk=step["id"])
    if kind == "edit":
        comment.comment = step["text"]
        comment.save()
    elif kind == "hold":
        comment.is_public = False
        comment.save()
    else:
        request.user = User.objects.get(username=step["user"])
        CHANGES[kind](request, comment)
    return comment.pk


urlpatterns = [
    path("steps/", run_steps),
    path("comments/", include("django_comments_xtd.urls")),
    path("", include("django.contrib.flatpages.urls")),
]

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("editor", "editor@courier.example", "for tests alone")
    for name in ("anna", "finn", "ruth"):
        User.objects.create_user(name)
    server = ThreadedWSGIServer(("127.0.0.1", int(PORT)), WSGIRequestHandler)
    server.set_app(get_wsgi_application())
    server.serve_forever()
