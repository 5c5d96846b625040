#!/usr/bin/env python3
"""Tells Seatkeeper that somebody logged in. Standard library only.

As a command, for identity providers and SAML apps that can run one after a login:

    SEATKEEPER_URL=https://seatkeeper.example.com SEATKEEPER_HOOK_SECRET_FILE=/etc/seatkeeper/hook-secret \
        python3 seatkeeper_event.py jdoe

The name is the user name in Confluence. Exit codes: 0 delivered, 1 not delivered (try again later), 2 wrong usage.
"""

import hashlib
import hmac
import json
import os
import sys
import urllib.error
import urllib.request

TIME_OUT = 25  # Seconds. A restore waits its turn for a seat, so it may take a while.


class Refused(Exception):
    """The event itself is not acceptable; sending it again changes nothing."""


class NotDelivered(Exception):
    """Nothing is known to have happened; send the event again later."""


def sign(secret: str, body: bytes) -> str:
    """The value of the header X-Hub-Signature for exactly these bytes."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def login_event(username=None, user_key=None, timestamp=None) -> dict:
    """A login. The key wins over the name; without a time it means now."""
    event = {"event": "login"}
    if user_key:
        event["userKey"] = user_key
    if username:
        event["username"] = username
    if timestamp:
        event["timestamp"] = timestamp
    return event


def send(url: str, secret: str, event: dict) -> dict:
    """Delivers one event and returns Seatkeeper's answer."""
    # The bytes that are signed are the bytes that are sent.
    body = json.dumps(event, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "X-Hub-Signature": sign(secret, body)}
    request = urllib.request.Request(url.rstrip("/") + "/hooks/login", data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=TIME_OUT) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        detail = error.read(2000).decode(errors="replace")
        if error.code in (400, 413):
            raise Refused(f"status {error.code}: {detail}") from error
        raise NotDelivered(f"status {error.code}: {detail}") from error
    except (OSError, ValueError) as error:
        raise NotDelivered(str(error)) from error


def setting(name: str) -> str:
    """A setting from the environment, or from the file that NAME_FILE points to."""
    if path := os.environ.get(name + "_FILE"):
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    if value := os.environ.get(name):
        return value
    print(f"set {name} or {name}_FILE", file=sys.stderr)
    raise SystemExit(2)


def main() -> int:
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        print("usage: seatkeeper_event.py USERNAME", file=sys.stderr)
        return 2
    try:
        answer = send(setting("SEATKEEPER_URL"), setting("SEATKEEPER_HOOK_SECRET"), login_event(sys.argv[1]))
    except (Refused, NotDelivered) as error:
        print(f"not delivered: {error}", file=sys.stderr)
        return 1
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main())
