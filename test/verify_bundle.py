"""A second verifier for the evidence of one intent (gate-evidence/v1).

Written from the documents alone (RFC 6962, RFC 8032, RFC 8785, RFC 7515, C2SP signed-note and tlog-checkpoint,
and the description of the bundle), with nothing but Python's standard library, so that it shares no mistake
with the first one. Slow and short where that one is fast.

    python3 verify_bundle.py bundle.json 'name+id+key' ...      one bundle (`-`: from standard input); exit code 0
                                                                proven, 1 incomplete or broken, 2 unreadable
    python3 verify_bundle.py --cases < cases.ndjson             for the tests: one verdict per line
"""

import base64
import binascii
import functools
import hashlib
import hmac
import json
import math
import re
import sys
import unicodedata

HOLDS, FAILS, NOT_SHOWN = "holds", "fails", "not_shown"


class Wrong(Exception):
    """What was checked is not so."""


# --- Ed25519, RFC 8032 section 5.1 ---------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    if x2 == 0:
        return None if sign else 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P != 0:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P != 0:
        return None
    return P - x if x & 1 != sign else x


def point_add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_mul(s, p):
    q = (0, 1, 1, 0)
    while s > 0:
        if s & 1:
            q = point_add(q, p)
        p = point_add(p, p)
        s >>= 1
    return q


def compress(p):
    z = pow(p[2], -1, P)
    x, y = p[0] * z % P, p[1] * z % P
    return (y | ((x & 1) << 255)).to_bytes(32, "little")


def decompress(data):
    y = int.from_bytes(data, "little")
    sign = y >> 255
    y &= (1 << 255) - 1
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, -1, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


@functools.lru_cache(maxsize=4096)
def ed25519_verify(public, message, signature):
    if len(public) != 32 or len(signature) != 64:
        return False
    a = decompress(public)
    s = int.from_bytes(signature[32:], "little")
    if a is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    minus_a = (P - a[0], a[1], 1, P - a[3])
    return compress(point_add(point_mul(s, BASE), point_mul(k, minus_a))) == signature[:32]


# --- JSON with one reading, RFC 8785 -------------------------------------------------------------------------


def no_twice(pairs):
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError("a member named twice")
    return dict(pairs)


def no_constant(name):
    raise ValueError(name)


def depth_of(text):
    deepest = depth = 0
    inside = escaped = False
    for char in text:
        if inside:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                inside = False
        elif char == '"':
            inside = True
        elif char in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif char in "]}":
            depth -= 1
    return deepest


def read_json(text):
    if depth_of(text) > 64:
        raise ValueError("too deep")
    return json.loads(
        text, object_pairs_hook=no_twice, parse_int=float, parse_float=float, parse_constant=no_constant
    )


def es_number(value):
    """ECMAScript's Number::toString, which RFC 8785 prescribes."""
    if not math.isfinite(value):
        raise ValueError("not finite")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or "0") - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    power = point - 1
    tail = "." + digits[1:] if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if power > 0 else '-'}{abs(power)}"


def canonical(value):
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        value.encode("utf-8")  # a lone surrogate has no UTF-8 and raises
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (int, float)):
        return es_number(float(value))
    if isinstance(value, list):
        return "[" + ",".join(canonical(item) for item in value) + "]"
    names = sorted(value, key=lambda name: name.encode("utf-16-be"))
    return "{" + ",".join(canonical(name) + ":" + canonical(value[name]) for name in names) + "}"


def sha256_hex(data):
    return hashlib.sha256(data.encode("utf-8") if isinstance(data, str) else data).hexdigest()


def strict_base64(text):
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    return data if base64.b64encode(data).decode() == text else None


def strict_base64url(text):
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        return None
    return strict_base64(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4))


# --- What a bundle looks like --------------------------------------------------------------------------------


def units(text):
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def text(most, pattern=None):
    def check(value):
        if not isinstance(value, str) or units(value) > most:
            raise Wrong("text")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            raise Wrong("surrogate") from error
        if pattern is not None and not re.fullmatch(pattern, value):
            raise Wrong("pattern")
        return value

    return check


def whole(least):
    def check(value):
        is_number = isinstance(value, float) and math.isfinite(value) and value == math.floor(value)
        if not is_number or not least <= value <= 2**53 - 1:
            raise Wrong("number")
        return int(value)

    return check


def flag(value):
    if not isinstance(value, bool):
        raise Wrong("flag")
    return value


def one_of(*words):
    def check(value):
        if not isinstance(value, str) or value not in words:
            raise Wrong("word")
        return value

    return check


def nullable(shape):
    return lambda value: None if value is None else shape(value)


def many(shape, most=math.inf):
    def check(value):
        if not isinstance(value, list) or len(value) > most:
            raise Wrong("list")
        return [shape(item) for item in value]

    return check


def optional(shape):
    """A member that older evidence does not have."""
    return ("optional", shape)


def record(**members):
    required = {name for name, shape in members.items() if not isinstance(shape, tuple)}
    shapes = {name: shape[1] if isinstance(shape, tuple) else shape for name, shape in members.items()}

    def check(value):
        if not isinstance(value, dict) or not required <= set(value) <= set(shapes):
            raise Wrong("members")
        return {name: shape(value[name]) for name, shape in shapes.items() if name in value}

    return check


NAME = text(1024)
HEX32 = text(64, r"[0-9a-f]{64}")
B64 = r"[A-Za-z0-9+/]*={0,2}"
BUNDLE = record(
    format=one_of("gate-evidence/v1"),
    intent=NAME,
    erased=flag,
    entries=many(
        record(
            intent=NAME, seq=whole(1), event=NAME, actor=NAME, at=whole(0), body=text(65535), prev=HEX32, hash=HEX32
        )
    ),
    log=nullable(
        record(
            checkpoint=text(512 * 1024),
            inclusion=many(record(seq=whole(1), index=whole(0), proof=many(text(44, B64), 64))),
        )
    ),
    keys=record(
        vkeys=many(NAME, 64),
        jwks=record(
            keys=many(
                record(
                    kty=one_of("OKP"),
                    crv=one_of("Ed25519"),
                    x=text(43, r"[A-Za-z0-9_-]{43}"),
                    kid=NAME,
                    alg=one_of("EdDSA", "Ed25519"),
                    use=one_of("sig"),
                ),
                64,
            )
        ),
    ),
    policies=many(record(id=NAME, hash=HEX32, text=text(1024 * 1024)), 256),
    decision=record(outcome=one_of("approve", "hold", "block"), reason_code=NAME),
    disclosed=nullable(
        record(
            salt=HEX32,
            payload=nullable(
                record(digest=nullable(HEX32), name=nullable(NAME), base64=nullable(text(32 * 1024 * 1024, B64)))
            ),
            request=optional(text(1024 * 1024)),
            notes=many(
                record(seq=whole(1), kind=one_of("note", "result", "facts", "proof"), text=text(1024 * 1024))
            ),
        )
    ),
    orders=many(record(order=NAME, jws=text(16 * 1024)), 64),
    names=optional(many(record(id=NAME, name=NAME))),
)


# --- Merkle tree, RFC 6962 section 2.1 -----------------------------------------------------------------------


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_by_path(leaf, index, size, path):
    """PATH(m, D[n]) read backwards."""
    if not 0 <= index < size:
        return None
    if size == 1:
        return leaf if not path else None
    if not path:
        return None
    split = 1 << (size - 1).bit_length() - 1
    if index < split:
        below = root_by_path(leaf, index, split, path[:-1])
        return below and node(below, path[-1])
    below = root_by_path(leaf, index - split, size - split, path[:-1])
    return below and node(path[-1], below)


# --- Signed tree heads ---------------------------------------------------------------------------------------

CONTROLS = re.compile("[\x00-\x09\x0b-\x1f]")


def is_name(name):
    return name != "" and not any(
        char == "+" or char.isspace() or char == "\u0085" or unicodedata.category(char) == "Cc" for char in name
    )


def read_vkey(vkey):
    name, _, rest = vkey.partition("+")
    key_id, _, encoded = rest.partition("+")
    data = strict_base64(encoded)
    if not is_name(name) or data is None or len(data) != 33 or data[0] != 1:
        return None
    if hashlib.sha256(name.encode() + b"\n" + data).digest()[:4].hex() != key_id:
        return None
    return {"name": name, "id": bytes.fromhex(key_id), "public": data[1:]}


def open_tree_head(note, keys):
    """Returns (state, head, signer); a head is (origin, size, root)."""
    malformed = ("malformed", None, None)
    parts = note.split("\n\n")
    if CONTROLS.search(note) or len(parts) != 2 or not parts[1].endswith("\n"):
        return malformed
    lines = parts[0].split("\n")
    if len(lines) != 3 or lines[0] == "" or any(unicodedata.category(char) == "Cc" for char in lines[0]):
        return malformed
    root = strict_base64(lines[2])
    if root is None or len(root) != 32 or not re.fullmatch("0|[1-9][0-9]{0,15}", lines[1]):
        return malformed
    size = int(lines[1])
    signatures = []
    rows = parts[1][:-1].split("\n")
    if size > 2**53 - 1 or len(rows) > 64:
        return malformed
    for row in rows:
        match = re.fullmatch("\u2014 ([^ ]+) ([A-Za-z0-9+/=]+)", row)
        data = strict_base64(match.group(2)) if match else None
        if data is None or len(data) < 5 or not is_name(match.group(1)):
            return malformed
        signatures.append((match.group(1), data[:4], data[4:]))
    head = (lines[0], size, root)
    message = (parts[0] + "\n").encode()
    signer = None
    for name, key_id, signature in signatures:
        known = [key for key in keys if key["name"] == name and key["id"] == key_id]
        if not known:
            continue
        if not ed25519_verify(known[0]["public"], message, signature):
            return ("forged", head, None)
        signer = name
    return ("unsigned", head, None) if signer is None else ("signed", head, signer)


# --- What an intent may live through -------------------------------------------------------------------------

TRANSITIONS = """
start              proposed                 asked
asked              policy_checked           checked
checked            blocked                  over
checked            approval_requested       pending
checked            approved                 approved
pending            policy_rechecked         pending
approved           policy_rechecked         pending
pending            approval_vote_recorded   pending
pending            approval_vote_withdrawn  pending
pending            rejection_vote_recorded  pending
pending            approval_link_used       pending
approved           approval_link_used       approved
scheduled          approval_link_used       scheduled
pending            approval_reminded        pending
pending            approval_escalated       pending
pending            superseded               over
pending            expiry_escalated         pending
pending            approved                 approved
approved           approval_lapsed          pending
pending            rejected                 over
pending            cancelled                over
pending            withdrawn                over
pending            expiry_deferred          pending
pending            silence_not_counted      pending
pending            expired                  over
approved           expired                  over
pending            revoked                  over
approved           revoked                  over
scheduled          revoked                  over
approved           execution_requested      scheduled
failed_retryable   execution_requested      scheduled
indeterminate      execution_requested      scheduled
scheduled          execution_lapsed         approved
scheduled          execution_claimed        claimed
claimed            execution_claim_undone   scheduled
claimed            execution_extended       claimed
scheduled          execution_succeeded      over
claimed            execution_succeeded      over
scheduled          execution_failed         over
claimed            execution_failed         over
scheduled          execution_indeterminate  indeterminate
claimed            execution_indeterminate  indeterminate
indeterminate      outcome_resolved         over
restored           outcome_resolved         over
pending            restored                 pending
approved           restored                 restored
scheduled          restored                 restored
claimed            restored                 restored
indeterminate      restored                 restored
restored           restored                 restored
failed_retryable   restored                 over
"""
NEXT = {tuple(line.split()[:2]): line.split()[2] for line in TRANSITIONS.strip().splitlines()}
EVENTS = {event for _, event in NEXT}
ASIDE = {"binding_refused", "duplicate_blocked", "execution_reported_late", "payload_erased"}


def story_of(entries, bodies):
    stage = "start"
    story = {"bad": False, "unknown": False, "approval": None, "orders": [], "erased": False}
    ballot = new_ballot(set())
    evaluated, outcome = (bodies[0] if bodies else {}), ""
    for entry, body in zip(entries, bodies):
        event, before = entry["event"], stage
        if event in ASIDE:
            story["bad"] |= stage == "start"
        elif event not in EVENTS:
            story["bad"] |= stage == "start"
            story["unknown"] |= stage != "start"
        elif (stage, event) not in NEXT:
            story["bad"] = True
        else:
            stage = NEXT[stage, event]
            if event == "execution_failed" and body.get("retryable") is True:
                stage = "failed_retryable"
            if event == "policy_rechecked" and string(body, "phase") == "approved":
                stage = "approved"
        if event in ("policy_checked", "policy_rechecked"):
            outcome = string(body, "outcome") or ""
        if event == "policy_rechecked":
            # Nobody voted under the rules that apply now; what policy alone approved may stay approved.
            agreed = story["approval"]
            stays = before == "approved" and agreed is not None and agreed[0] == "policy" and outcome == "approve"
            story["bad"] |= stage == "approved" and not stays
            evaluated, ballot = body, new_ballot(ballot["links"])
            is_kept = stage == "approved" and agreed is not None
            story["approval"] = (*agreed[:3], outcome, evaluated) if is_kept else None
        story["erased"] |= event == "payload_erased"
        story["bad"] |= not cast(ballot, event, body, evaluated)
        if event == "approved":
            by = string(body, "by") or ""
            story["approval"] = story["approval"] or (by, standing(ballot), ballot["noes"] > 0, outcome, evaluated)
        elif event == "approval_lapsed":
            # Those who vote again complete another approval.
            agreed = story["approval"]
            story["bad"] |= agreed is not None and agreed[0] in ("policy", "timeout")
            story["approval"] = None
        elif event == "execution_requested":
            order = {"id": string(body, "order") or "", "fence": body.get("fence"), "until": body.get("expires_at")}
            order["digest"] = string(body, "intent_digest")
            order["gates"] = body.get("issued_to") == "gate"
            story["bad"] |= not isinstance(order["fence"], float) or order["fence"] != len(story["orders"]) + 1
            story["orders"].append(order)
        elif event.startswith("execution_") and event in EVENTS:
            latest = story["orders"][-1]["id"] if story["orders"] else None
            story["bad"] |= latest is None or string(body, "order") != latest
            if story["orders"]:
                story["bad"] |= by_another(story["orders"][-1]["gates"], event, body, before)
    return story


def new_ballot(links):
    return {"votes": {}, "cast": 0, "voices": {}, "against": set(), "noes": 0, "links": links}


def by_another(gates, event, body, stage):
    """What Gate sends is claimed and reported by Gate alone, and reported under the claim."""
    why = string(body, "why")
    report = event in ("execution_succeeded", "execution_failed", "execution_indeterminate")
    report = report and (why is None or why == "reported")
    if not report and event != "execution_claimed":
        return False
    if report and gates and stage != "claimed":
        return True
    return (body.get("by") == "gate") != gates


def cast(ballot, event, body, proposed):
    """Takes down who was for and against it; False when that can't be."""
    person = string(body, "person") or ""
    acting = string(body, "acting")
    humans = {person, person if acting is None else acting}
    said_no = bool(humans & ballot["against"])
    if event == "approval_vote_recorded":
        counts = body.get("counts")
        vote = {
            "person": person,
            "humans": humans,
            "principal": string(body, "principal") or "",
            "mandated": string(body, "mandate") is not None,
            "assurance": string(body, "assurance"),
            "counts": counts if isinstance(counts, list) else [],
        }
        ballot["cast"] += 1
        ballot["votes"].setdefault(person, []).append((ballot["cast"], vote))
        for human in humans:
            ballot["voices"][human] = ballot["voices"].get(human, 0) + 1
        return not said_no
    if event == "approval_vote_withdrawn":
        gone = ballot["votes"].pop(person, [])
        for _, vote in gone:
            for human in vote["humans"]:
                ballot["voices"][human] -= 1
        return gone != []
    if event == "rejection_vote_recorded":
        said_yes = any(ballot["voices"].get(human, 0) > 0 for human in humans)
        ballot["noes"] += 1
        ballot["against"] |= humans
        return not said_no and not said_yes
    if event == "rejected":
        needed = proposed.get("approval")
        needed = needed.get("rejections") if isinstance(needed, dict) else None
        needed = needed if isinstance(needed, float) else 1
        return ballot["noes"] + 1 >= needed and not said_no
    if event == "approval_link_used":
        link = string(body, "link") or ""
        is_new = link not in ballot["links"]
        ballot["links"].add(link)
        return is_new
    return True


def standing(ballot):
    """The votes that were not withdrawn, in the order in which they were cast."""
    numbered = [each for votes in ballot["votes"].values() for each in votes]
    return [vote for _, vote in sorted(numbered, key=lambda each: each[0])]


def voices(votes):
    """How many humans these votes are of: whoever acted for another has spoken for both."""
    heard, count = set(), 0
    for vote in votes:
        if not vote["humans"] & heard:
            heard |= vote["humans"]
            count += 1
    return count


def string(body, name):
    value = body.get(name)
    return value if isinstance(value, str) else None


# --- The findings --------------------------------------------------------------------------------------------


def verify(bundle_text, trusted, origin=None):
    """Name of each claim → holds, fails or not_shown."""
    try:
        bundle = BUNDLE(read_json(bundle_text))
    except (ValueError, RecursionError, Wrong):
        return {"form": FAILS}
    entries, disclosed, log = bundle["entries"], bundle["disclosed"], bundle["log"]
    bodies = [body_of(entry["body"]) for entry in entries]
    proposed = bodies[0] if bodies else {}
    story = story_of(entries, bodies)
    found = {"form": HOLDS}
    log_keys, order_keys = keys_of(bundle, trusted, found)
    others, other_orders = unpinned(bundle, trusted, log_keys, order_keys)

    head = None
    if log is None:
        found["checkpoint"] = NOT_SHOWN
    else:
        state, head, signer = open_tree_head(log["checkpoint"], log_keys)
        found["checkpoint"] = HOLDS if state == "signed" else FAILS
        if state == "unsigned" and open_tree_head(log["checkpoint"], others)[0] == "signed":
            found["checkpoint"] = NOT_SHOWN
        if state == "signed":
            found["origin"] = HOLDS if head[0] == (origin or signer) else FAILS
    found["inclusion"] = inclusion(entries, log, head)
    found["entry_hashes"] = HOLDS if all(hash_of(entry) == entry["hash"] for entry in entries) else FAILS
    found["chain"] = chained(bundle)
    found["bodies"] = same_bodies(entries, bodies)
    found["events"] = FAILS if story["bad"] else HOLDS
    if story["unknown"]:
        found["unknown_events"] = NOT_SHOWN
    found["decision"] = decision(bundle, bodies)
    found["approvals"] = approvals(story, proposed)
    found["policy_texts"] = policy_texts(bundle, bodies)
    found["commitments"] = commitments(bundle, bodies)
    found["payload"] = payload(disclosed)
    found["intent_digest"] = intent_digest(bundle, bodies)
    found["orders"] = orders(bundle, story, proposed, order_keys, other_orders)
    found["reports"] = reports(bundle, bodies, (trusted or {}).get("reporters", []))
    if bundle["erased"] != story["erased"]:
        found["erasure"] = FAILS
    else:
        found["erasure"] = FAILS if bundle["erased"] and disclosed is not None else HOLDS
    if bundle.get("names"):
        found["names"] = NOT_SHOWN
    found["later_entries"] = NOT_SHOWN
    return found


def keys_of(bundle, trusted, found):
    carried = bundle["keys"]
    if trusted is None:
        found["trusted_keys"] = NOT_SHOWN
        return [key for key in map(read_vkey, carried["vkeys"]) if key], carried["jwks"]["keys"]
    log_keys = [key for key in map(read_vkey, trusted["vkeys"]) if key]
    publics = {key["public"] for key in log_keys}
    order_keys = list(trusted["jwks"])
    order_keys += [key for key in carried["jwks"]["keys"] if strict_base64url(key["x"]) in publics]
    known = {(key["kid"], key["x"]) for key in order_keys}
    if not log_keys or len(log_keys) < len(trusted["vkeys"]):
        found["trusted_keys"] = FAILS
    elif any(vkey not in trusted["vkeys"] for vkey in carried["vkeys"]):
        found["trusted_keys"] = NOT_SHOWN
    elif any((key["kid"], key["x"]) not in known for key in carried["jwks"]["keys"]):
        found["trusted_keys"] = NOT_SHOWN
    else:
        found["trusted_keys"] = HOLDS
    return log_keys, order_keys


def unpinned(bundle, trusted, log_keys, order_keys):
    """Keys that only the bundle names, of a log of the same name: those of after a rotation, or a forger's."""
    if trusted is None:
        return [], []
    names = {key["name"] for key in log_keys}
    publics = {key["public"] for key in log_keys}
    carried = [key for key in map(read_vkey, bundle["keys"]["vkeys"]) if key]
    known = {(key["kid"], key["x"]) for key in order_keys}
    return (
        [key for key in carried if key["name"] in names and key["public"] not in publics],
        [key for key in bundle["keys"]["jwks"]["keys"] if (key["kid"], key["x"]) not in known],
    )


def body_of(body):
    try:
        value = read_json(body)
        return value if isinstance(value, dict) and canonical(value) == body else {}
    except (ValueError, RecursionError):
        return {}


def hash_of(entry):
    unhashed = {name: entry[name] for name in ("intent", "seq", "event", "actor", "at", "body", "prev")}
    return sha256_hex("gate-entry-v1\n" + canonical(unhashed))


def inclusion(entries, log, head):
    if log is None or head is None:
        return NOT_SHOWN
    last = -1
    for position, proof in enumerate(log["inclusion"]):
        if position >= len(entries) or proof["seq"] != position + 1 or proof["index"] <= last:
            return FAILS
        last = proof["index"]
        path = [strict_base64(item) for item in proof["proof"]]
        if any(item is None or len(item) != 32 for item in path):
            return FAILS
        leaf = hashlib.sha256(b"\x00" + canonical(entries[position]).encode()).digest()
        if root_by_path(leaf, last, head[1], path) != head[2]:
            return FAILS
    return HOLDS if len(log["inclusion"]) == len(entries) else NOT_SHOWN


def chained(bundle):
    prev = "0" * 64
    for position, entry in enumerate(bundle["entries"]):
        if entry["intent"] != bundle["intent"] or entry["seq"] != position + 1 or entry["prev"] != prev:
            return FAILS
        prev = entry["hash"]
    return HOLDS if bundle["entries"] else FAILS


def same_bodies(entries, bodies):
    evaluated = bodies[0] if bodies else {}
    for entry, body in zip(entries, bodies):
        if not body:
            return FAILS
        if entry["event"] == "policy_rechecked":
            if body.get("previous_digest") != evaluated.get("intent_digest"):
                return FAILS
            evaluated = body
        for name in ("intent_digest", "policy_hashes"):
            if name not in body or body[name] != evaluated.get(name):
                return FAILS
        if body.get("v") != evaluated.get("v") or ("v" in body) != ("v" in evaluated):
            return FAILS
    return HOLDS


def evaluations(bundle, bodies):
    """The body of the proposal and of every evaluation under changed rules, and the entry that has its facts."""
    again = [
        (bodies[at], entry["seq"])
        for at, entry in enumerate(bundle["entries"])
        if entry["event"] == "policy_rechecked"
    ]
    return [(bodies[0] if bodies else {}, 2), *again]


def decision(bundle, bodies):
    events = [entry["event"] for entry in bundle["entries"]]
    if "policy_checked" not in events:
        return FAILS
    at = events.index("policy_checked")
    said = bundle["decision"]
    if bodies[at].get("outcome") != said["outcome"] or bodies[at].get("reason_code") != said["reason_code"]:
        return FAILS
    follows = {"approve": "approved", "hold": "approval_requested", "block": "blocked"}[said["outcome"]]
    return HOLDS if events[at + 1 : at + 2] == [follows] else FAILS


# Weakest first: how a voter proved who they are.
ASSURANCES = ["link", "slack", "key", "sso", "passkey"]


def approvals(story, proposed):
    if story["approval"] is None:
        return HOLDS
    by, votes, was_refused, outcome, evaluated = story["approval"]
    if by == "policy":
        return HOLDS if outcome == "approve" else FAILS
    if outcome != "hold":
        return FAILS
    asked = evaluated.get("approval")
    asks = isinstance(asked, dict) and "demanded_assurance" in asked
    if by == "timeout":
        return FAILS if was_refused or asks else NOT_SHOWN
    if by not in {vote["person"] for vote in votes}:
        return FAILS
    barred = {string(proposed, "agent")}
    if proposed.get("editor_may_approve") is not True:
        barred.add(string(proposed, "editor"))
    for vote in votes:
        if barred & (vote["humans"] | {vote["principal"]}) or (len(vote["humans"]) > 1 and not vote["mandated"]):
            return FAILS
    if asks:
        least = asked["demanded_assurance"]
        if least not in ASSURANCES:
            return FAILS
        if any(vote["assurance"] not in ASSURANCES[ASSURANCES.index(least) :] for vote in votes):
            return FAILS
    needed = evaluated.get("approval")
    try:
        require = needed["require"]
        quorums = [(quorum["policy"], quorum["require"]) for quorum in needed["quorums"]]
        is_told = isinstance(require, float) and require >= 1 and isinstance(needed["quorums"], list)
        is_told &= all(isinstance(policy, str) and isinstance(least, float) for policy, least in quorums)
    except (TypeError, KeyError):
        is_told = False
    if not is_told:
        return NOT_SHOWN
    if voices(votes) < require:
        return FAILS
    admitted = {}
    for vote in votes:
        for policy in {policy for policy in vote["counts"] if isinstance(policy, str)}:
            admitted.setdefault(policy, []).append(vote)
    for policy, least in quorums:
        if voices(admitted.get(policy, [])) < least:
            return FAILS
    return HOLDS


def policy_texts(bundle, bodies):
    named = set()
    for evaluated, _ in evaluations(bundle, bodies):
        listed = evaluated.get("policies")
        if not isinstance(listed, list) or not all(isinstance(policy, dict) for policy in listed):
            return FAILS
        named |= {(string(policy, "id") or "", string(policy, "hash")) for policy in listed if string(policy, "hash")}
    shown = {(policy["id"], policy["hash"]) for policy in bundle["policies"]}
    if not shown <= named or any(sha256_hex(policy["text"]) != policy["hash"] for policy in bundle["policies"]):
        return FAILS
    return HOLDS if shown == named else NOT_SHOWN


def opens(salt, words, committed):
    return hmac.new(bytes.fromhex(salt), words.encode(), hashlib.sha256).hexdigest() == committed


def commitments(bundle, bodies):
    disclosed = bundle["disclosed"]
    if disclosed is None:
        return NOT_SHOWN
    kinds = ("note", "result", "facts", "proof")
    closed = {(at + 1, kind) for at, body in enumerate(bodies) for kind in kinds if string(body, kind) is not None}
    proposed = bodies[0] if bodies else {}
    if string(proposed, "payload") is not None:
        closed.add("payload")
    for note in disclosed["notes"]:
        if note["seq"] > len(bodies):
            return FAILS
        if not opens(disclosed["salt"], note["text"], bodies[note["seq"] - 1].get(note["kind"])):
            return FAILS
        closed.discard((note["seq"], note["kind"]))
    if disclosed["payload"] is not None:
        digest = disclosed["payload"]["digest"]
        if digest is None:
            if "payload" not in proposed or proposed["payload"] is not None:
                return FAILS
        elif not opens(disclosed["salt"], digest, proposed.get("payload")):
            return FAILS
        closed.discard("payload")
    return NOT_SHOWN if closed else HOLDS


def payload(disclosed):
    shown = disclosed and disclosed["payload"]
    if not shown:
        return NOT_SHOWN
    if shown["base64"] is None:
        return HOLDS if shown["digest"] is None else NOT_SHOWN
    data = strict_base64(shown["base64"])
    return HOLDS if data is not None and sha256_hex(data) == shown["digest"] else FAILS


def intent_digest(bundle, bodies):
    found = HOLDS
    for evaluated, seq in evaluations(bundle, bodies):
        found = one_digest(bundle, bodies[0] if bodies else {}, evaluated, seq)
        if found != HOLDS:
            return found
    return found


def one_digest(bundle, proposed, evaluated, seq):
    disclosed = bundle["disclosed"]
    version = proposed.get("v", 1.0)
    if version not in (1.0, 2.0) or version is True:
        return NOT_SHOWN
    if disclosed is None or disclosed["payload"] is None:
        return NOT_SHOWN
    notes = [note for note in disclosed["notes"] if (note["seq"], note["kind"]) == (seq, "facts")]
    facts = body_of(notes[0]["text"]) if notes else None
    if not facts and (not notes or notes[0]["text"] != "{}"):
        return NOT_SHOWN
    parts = {
        "v": version,
        "intent_id": bundle["intent"],
        "payload_digest": disclosed["payload"]["digest"],
        "payload_name": disclosed["payload"]["name"],
        "facts": facts,
        "salt": disclosed["salt"],
    }
    for body, names in (
        (proposed, ("agent", "destination", "action")),
        (evaluated, ("executor", "policies", "destination_config", "decide_by")),
    ):
        for name in names:
            if name not in body:
                return FAILS
            parts[name] = body[name]
    if "request" in disclosed:
        request = body_of(disclosed["request"])
        if not request and disclosed["request"] != "{}":
            return FAILS
        parts["http"] = request
    return HOLDS if sha256_hex(canonical(parts)) == evaluated.get("intent_digest") else FAILS


def orders(bundle, story, proposed, keys, others):
    signed = set()
    for order in bundle["orders"]:
        issued = [known for known in story["orders"] if known["id"] == order["order"]]
        if not issued:
            return FAILS
        if not is_order(order["jws"], issued[0], bundle, proposed, keys):
            read = read_jws(order["jws"], "gate-order+jwt")
            kid = read[0].get("kid") if read else None
            strange = all(known["kid"] != kid for known in keys)
            return NOT_SHOWN if strange and is_order(order["jws"], issued[0], bundle, proposed, others) else FAILS
        signed.add(order["order"])
    if not story["orders"]:
        return NOT_SHOWN
    return HOLDS if len(signed) == len(story["orders"]) else NOT_SHOWN


def read_jws(jws, kind):
    """(header, claims, signature, message) of an Ed25519 JWS of this type; None for anything else."""
    parts = jws.split(".")
    if len(parts) != 3:
        return None
    decoded = [strict_base64url(part) for part in parts]
    if None in decoded or len(decoded[2]) != 64:
        return None
    try:
        header, claims = (read_json(part.decode("utf-8")) for part in decoded[:2])
    except (ValueError, RecursionError):
        return None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        return None
    if header.get("alg") not in ("EdDSA", "Ed25519") or header.get("typ") != kind or "crit" in header:
        return None
    return header, claims, decoded[2], f"{parts[0]}.{parts[1]}".encode()


def is_order(jws, issued, bundle, proposed, keys):
    read = read_jws(jws, "gate-order+jwt")
    if read is None:
        return False
    header, claims, signature, message = read
    key = [strict_base64url(known["x"]) for known in keys if known["kid"] == header.get("kid")]
    if not key or key[0] is None or not ed25519_verify(key[0], message, signature):
        return False
    if string(claims, "intent_digest") != issued["digest"]:
        return False
    bound = {
        "destination": "destination",
        "aud": "destination",
        "action": "action",
        "sub": "agent",
    }
    if any(claims.get(claim) != proposed.get(name) for claim, name in bound.items()):
        return False
    if claims.get("jti") != issued["id"] or claims.get("intent_id") != bundle["intent"]:
        return False
    numbers = [claims.get("fence"), claims.get("iat"), claims.get("exp"), issued["fence"], issued["until"]]
    if not all(isinstance(number, float) for number in numbers):
        return False
    fence, since, until, issued_fence, deadline = numbers
    if fence != issued_fence or not 0 < until - since <= 900 or until != math.floor(deadline / 1000):
        return False
    digest = string(claims, "payload_digest")
    if bundle["disclosed"] is not None and digest is not None:
        return opens(bundle["disclosed"]["salt"], digest, proposed.get("payload"))
    return True


def reports(bundle, bodies, reporters):
    signed = sum(string(body, "proof") is not None for body in bodies)
    if signed == 0:
        return NOT_SHOWN
    verified = 0
    for note in bundle["disclosed"]["notes"] if bundle["disclosed"] else []:
        if note["kind"] != "proof":
            continue
        read = read_jws(note["text"], "gate-report+jwt")
        if read is None or note["seq"] > len(bodies):
            return FAILS
        entry, body = bundle["entries"][note["seq"] - 1], bodies[note["seq"] - 1]
        _, claims, signature, message = read
        outcomes = ("succeeded", "failed", "indeterminate")
        said = [outcome for outcome in outcomes if entry["event"] == "execution_" + outcome]
        if claims.get("order") != body.get("order") or claims.get("intent_digest") != body.get("intent_digest"):
            return FAILS
        if claims.get("outcome") not in said:
            return FAILS
        verified += any(ed25519_verify(strict_base64url(key) or b"", message, signature) for key in reporters)
    return HOLDS if verified == signed else NOT_SHOWN


def main():
    if sys.argv[1:] == ["--cases"]:
        for line in sys.stdin.buffer:
            case = json.loads(line)
            print(json.dumps(verify(case["bundle"], case["trusted"], case.get("origin"))), flush=True)
        return 0
    if len(sys.argv) < 2:
        print("usage: verify_bundle.py <bundle.json | -> [vkey ...]", file=sys.stderr)
        return 2
    try:
        with open(0 if sys.argv[1] == "-" else sys.argv[1], encoding="utf-8", newline="") as file:
            bundle_text = file.read()
    except (OSError, ValueError) as error:
        print(f"{sys.argv[1]} can't be read: {error}", file=sys.stderr)
        return 2
    vkeys = sys.argv[2:]
    found = verify(bundle_text, {"vkeys": vkeys, "jwks": []} if vkeys else None)
    for name, status in found.items():
        print(f"{status:10} {name}")
    outcome = outcome_of(found)
    print(f"\n{outcome.upper()}")
    return 0 if outcome == "proven" else 1


FOUNDATIONS = ("form", "trusted_keys", "checkpoint", "inclusion", "entry_hashes", "chain", "bodies", "events")


def outcome_of(found):
    """The table of docs/ledger.md: nothing but a proof is a success."""
    if FAILS in found.values():
        return "broken"
    return "proven" if all(found.get(name) == HOLDS for name in FOUNDATIONS) else "incomplete"


if __name__ == "__main__":
    sys.exit(main())
