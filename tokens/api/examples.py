"""One of everything, for the schema and the pages that are made of it."""

from typing import Any

TOKEN: dict[str, Any] = {
    "id": 12,
    "name": "ci-deploy",
    "description": "Deploys from CI",
    "hint": "tp_Q7rk…APij",
    "scopes": ["deployments:read", "deployments:write"],
    "state": "active",
    "created_at": "2026-11-22T10:00:00Z",
    "updated_at": "2026-11-22T10:00:00Z",
    "expires_at": "2026-12-22T10:00:00Z",
    "regenerated_at": None,
    "last_used_at": "2026-11-23T08:15:00Z",
    "last_used_address": "203.0.113.7",
    "allowed_networks": ["203.0.113.0/24"],
    "disabled": False,
    "revoked": None,
    "secrets": [
        {
            "id": 31,
            "hint": "tp_Q7rk…APij",
            "created_at": "2026-11-22T10:00:00Z",
            "accepted_until": None,
            "last_used_at": "2026-11-23T08:15:00Z",
            "last_used_address": "203.0.113.7",
        }
    ],
}
EVENT: dict[str, Any] = {
    "id": 77,
    "at": "2026-11-22T10:00:00Z",
    "kind": "token.edited",
    "subject": {"type": "token", "id": 12, "name": "ci-deploy"},
    "by": "ada@example.com",
    "by_token": 11,
    "channel": "api",
    "address": "203.0.113.7",
    "agent": "deploy-script/1.0",
    "request_id": "4be0f955aee30716",
    "before": {"description": ""},
    "after": {"description": "Deploys from CI"},
}
# By the name of the schema.
EXAMPLES: dict[str, dict[str, Any]] = {
    "CreateIn": {"name": "ci-deploy", "scopes": ["tokens:read"], "expires_in": 30},
    "ChangeIn": {"description": "Deploys from CI"},
    "RegenerateIn": {"expires_in": 30, "overlap": 0},
    "UserOut": {"id": 7, "email": "ada@example.com", "name": "Ada Lovelace"},
    "TokenOut": TOKEN,
    # No secret that could be taken for one: what is in an example gets into programs.
    "MadeOut": TOKEN | {"secret": "tp_… (49 characters)", "expiration_cut": False},
    "TokensOut": {"items": [TOKEN], "count": 1},
    "ActivityOut": {"items": [EVENT], "next_cursor": None},
}
