"""The rows. Only `tokens.domain` changes them."""

from tokens.models.access_token import AccessToken
from tokens.models.job_run import JobRun
from tokens.models.notification import Notification
from tokens.models.policy import Policy
from tokens.models.refusal_minute import RefusalMinute
from tokens.models.request_key import RequestKey
from tokens.models.resource import Resource
from tokens.models.token_secret import TokenSecret
from tokens.models.usage_day import UsageDay

__all__ = [
    "AccessToken",
    "JobRun",
    "Notification",
    "Policy",
    "RefusalMinute",
    "RequestKey",
    "Resource",
    "TokenSecret",
    "UsageDay",
]
