"""What to do about a refusal, where the code says it."""

from __future__ import annotations

REMEDIES = {
    "invalid_key": (
        "Check the key and the endpoint: a key is of one deployment, and a local server with new data has a new one."
    ),
    "unauthorized": "Pass api_key, or set GATE_API_KEY.",
    "agent_inactive": ("An admin can reactivate the agent (POST /v1/agents/:id/reactivate)."),
    "forbidden": ("This call needs the key of another role: people decide with a reviewer's (reviewer_key)."),
    "too_many_requests": "Wait retry_after seconds; the limits are in docs/api.md.",
    "kill_switch_engaged": "Somebody stopped it on purpose; an admin lifts the switch.",
    "idempotency_key_reused": ("The key names another request: use a new one for a new write."),
    "wrong_executor": (
        "Another executor runs this destination's writes: propose and wait for one that Gate sends, or call "
        "the provider through Gate's address."
    ),
    "not_runner": ("The destination names runners: propose, and a runner executes."),
    "payload_too_large": "Split the payload.",
    "intent_not_found": "There is no such intent, or it is another agent's.",
    "network": (
        "Check that Gate runs and the endpoint is its address. A write may have arrived: repeat it with the "
        "same idempotency_key."
    ),
    "timeout": ("Try again, or raise timeout. A write may have arrived: repeat it with the same idempotency_key."),
    "not_json": (
        "Check that the endpoint is Gate's address, and what stands between: a proxy or a login page may have answered."
    ),
    "redirected": ("Redirects aren't followed, since the key would go along: use the final address as the endpoint."),
    "too_large": "Check that the endpoint is Gate's address.",
    "ledger_unavailable": "Nothing left Gate. Try again.",
    "unavailable": ("Gate may have acted: repeat the call with the same idempotency_key."),
}
