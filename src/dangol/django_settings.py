"""Django's settings, made from ours (base/settings.py): nobody edits this to run a shop."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dangol.base.errors import Misconfigured
from dangol.base.settings import Settings, load

HERE = Path(__file__).parent
DANGOL: Settings = load()

SECRET_KEY = hashlib.sha256(b"django:" + DANGOL.secret).hexdigest()
DEBUG = False
ALLOWED_HOSTS = [host.strip() for host in DANGOL.allowed_hosts.split(",") if host.strip()]

INSTALLED_APPS = [
    "dangol.base",
    "dangol.collect",
    "dangol.identity",
    "dangol.profile",
    "dangol.segment",
    "dangol.value",
    "dangol.offer",
    "dangol.strategy",
    "dangol.campaign",
    "dangol.deliver",
    "dangol.converse",
    "dangol.harvest",
    "dangol.survey",
    "dangol.autopilot",
    "dangol.privacy",
    "dangol.web",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
]

MIDDLEWARE = [
    "dangol.web.security.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "dangol.web.errors.ErrorPages",
]


def database(settings: Settings) -> dict[str, Any]:
    """Django's DATABASES entry: SQLite in the data folder, or the PostgreSQL that the URL names."""
    if not settings.database_url:
        settings.folder.mkdir(parents=True, exist_ok=True)
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(settings.folder / "state.db"),
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 10,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                "PRAGMA secure_delete=ON; PRAGMA cache_size=-32000; PRAGMA wal_autocheckpoint=8000;",
            },
            "TEST": {"NAME": str(settings.folder / "test-state.db")},
        }
    url = urlsplit(settings.database_url)
    if url.scheme not in {"postgresql", "postgres"}:
        raise Misconfigured(f"setting database_url: found scheme {url.scheme!r}; allowed: postgresql")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path.lstrip("/"),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or "",
        "PORT": str(url.port or ""),
    }


DATABASES = {"default": database(DANGOL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

ROOT_URLCONF = "dangol.web.urls"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "web" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dangol.web.frame.frame",
            ],
        },
    }
]

PASSWORD_HASHERS = ["dangol.web.passwords.Argon2"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "dangol.web.accounts.StaffOnly"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/sign-in"

SESSION_COOKIE_NAME = "__Host-sid" if DANGOL.secure_cookies else "sid"
CSRF_COOKIE_NAME = "__Host-csrf" if DANGOL.secure_cookies else "csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = DANGOL.secure_cookies
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ko", "한국어")]
LANGUAGE_COOKIE_NAME = "language"
LOCALE_PATHS = [HERE / "web" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = DANGOL.max_body_bytes
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4_000  # a file of many columns has a select box for each

STATIC_URL = "/static/"
STATICFILES_DIRS: list[Path] = []
SILENCED_SYSTEM_CHECKS = ["fields.W342"]
LOGGING_CONFIG = None
