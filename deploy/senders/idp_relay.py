#!/usr/bin/env python3
"""Turns the sign-in webhook of an identity provider into Seatkeeper's login event. Standard library only.

Identity providers post JSON of their own and cannot compute our signature. This relay listens beside Seatkeeper, takes
the user name out of such a message and passes it on, signed. It answers only after Seatkeeper answered, so the provider
repeats what was not delivered.

Settings, each also as NAME_FILE: SEATKEEPER_URL, SEATKEEPER_HOOK_SECRET, RELAY_TOKEN (the provider sends it as
`Authorization: Bearer …`), RELAY_LISTEN (default 127.0.0.1:8095), RELAY_FIELD (where the user name is, such as
`data.user.login`; numbers are places in a list; default `username`), RELAY_STRIP (such as `@example.com`, removed from
the end of the name). Put TLS in front of it.
"""

import hmac
import http.server
import json
import os
import sys

import seatkeeper_event

LARGEST = 1024 * 1024


def username(message, field: str, strip: str = ""):
    """The text at a dotted path, or nothing."""
    for part in field.split("."):
        if isinstance(message, list) and part.isdigit() and int(part) < len(message):
            message = message[int(part)]
        elif isinstance(message, dict) and part in message:
            message = message[part]
        else:
            return None
    return message.removesuffix(strip) or None if isinstance(message, str) else None


def handler(url, secret, token, field, strip):
    class Relay(http.server.BaseHTTPRequestHandler):
        timeout = 30

        def do_POST(self):
            given = self.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
                return self.answer(401, "the token is not valid")
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > LARGEST:
                return self.answer(413, "the body has no length or is too large")
            try:
                name = username(json.loads(self.rfile.read(int(length))), field, strip)
            except ValueError:
                return self.answer(400, "the body is not JSON")
            if name is None:
                return self.answer(400, f"there is no user name at {field}")
            try:
                seatkeeper_event.send(url, secret, seatkeeper_event.login_event(name))
            except seatkeeper_event.Refused as error:
                return self.answer(400, str(error))
            except seatkeeper_event.NotDelivered as error:
                print(error, file=sys.stderr)
                return self.answer(503, "Seatkeeper did not take the event; send it again")
            return self.answer(200, "passed on")

        def answer(self, status, text):
            body = (text + "\n").encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Relay


def main():
    setting = seatkeeper_event.setting
    host, _, port = os.environ.get("RELAY_LISTEN", "127.0.0.1:8095").rpartition(":")
    field, strip = os.environ.get("RELAY_FIELD", "username"), os.environ.get("RELAY_STRIP", "")
    relay = handler(setting("SEATKEEPER_URL"), setting("SEATKEEPER_HOOK_SECRET"), setting("RELAY_TOKEN"), field, strip)
    http.server.ThreadingHTTPServer((host, int(port)), relay).serve_forever()


if __name__ == "__main__":
    main()
