"""The SDK's own time for a call: `Gate.propose` against the same request by httpx alone, in turns, in one process.

python bench/overhead.py [calls]
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from zehrava_gate import Gate

#: An answer of the real server's size and members.
ANSWER = (
    b'{"intentId":"int_1","proposalId":"int_1","status":"approved","state":"approved","reason_code":"approved_by_policy",'
    b'"reasonCode":"approved_by_policy","reason":"Few enough.","remedy":null,"blockReason":null,"holdReason":null,'
    b'"intent_digest":"0","payload_hash":null,"policies":["crm-low-risk"],"expiresAt":"2026-12-01T17:16:30.318Z",'
    b'"requiredApprovals":1,"riskScore":0.35,"risk_score":0.35,"riskLevel":"medium","risk_level":"medium",'
    b'"riskFactors":[],"risk_factors":[],"approvalState":null,"profile":null,"standingApprovalId":null,"messageId":null,'
    b'"approvalLinkToken":null,"approvalInteractionId":null,"approvalProvider":null,"requiredApprovalFactors":[]}'
)

PAYLOAD = "email,name\nada@example.com,Ada\n"
BODY = {"destination": "hubspot.contacts", "policy": "crm-low-risk", "payload": PAYLOAD, "recordCount": 1}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body in one packet, or the kernel delays the second by 40 ms.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002


def main(calls: int) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    headers = {"authorization": "Bearer gate_sk_x"}
    raw_ms, sdk_ms = [], []
    with httpx.Client() as client, Gate(endpoint, "gate_sk_x") as gate:
        for _ in range(calls):
            started = time.perf_counter()
            client.post(f"{endpoint}/v1/intents", headers=headers, json=BODY).json()
            between = time.perf_counter()
            gate.propose(destination="hubspot.contacts", policy="crm-low-risk", payload=PAYLOAD, record_count=1)
            sdk_ms.append((time.perf_counter() - between) * 1_000)
            raw_ms.append((between - started) * 1_000)
    server.shutdown()
    raw, sdk = statistics.median(raw_ms), statistics.median(sdk_ms)
    print(f"httpx {raw:.3f} ms, Gate.propose {sdk:.3f} ms, of its own {sdk - raw:.3f} ms (median of {calls})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
