"""Tests of the senders against a small server that plays Confluence and Seatkeeper."""

import datetime as dt
import hmac
import http.server
import json
import os
import tempfile
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request
from unittest import mock

import idp_relay
import poll_audit_log
import seatkeeper_event

SECRET = "a-secret-for-this-test-only"
NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.timezone.utc)


def entity(minute, person, action="audit.logging.summary.login.success", author="-2"):
    return {
        "timestamp": f"2026-11-22T11:{minute:02d}:00.000Z",
        "author": {"id": author, "name": "x"},
        "type": {"actionI18nKey": action, "action": "?"},
        "affectedObjects": [{"name": "n", "type": "User", "id": person}] if person else [],
    }


class World(http.server.BaseHTTPRequestHandler):
    """Two entries a page, a real cursor, and a Seatkeeper that can be told what to answer."""

    def log_message(self, *_):
        pass

    def reply(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        assert self.path.startswith("/wiki/rest/auditing/1.0/events?"), self.path
        assert self.headers["Authorization"] == "Bearer pat", self.headers["Authorization"]
        log = [e for e in self.server.log if query["from"] <= e["timestamp"] <= query["to"]]
        log.sort(key=lambda e: e["timestamp"], reverse=True)
        start = int(query.get("pageCursor", "0"))
        paging = {"lastPage": start + 2 >= len(log)}
        if not paging["lastPage"]:
            paging["nextPageCursor"] = str(start + 2)
        self.reply(200, {"entities": log[start : start + 2], "pagingInfo": paging})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        right = seatkeeper_event.sign(SECRET, body)
        if self.path != "/hooks/login" or not hmac.compare_digest(self.headers["X-Hub-Signature"], right):
            return self.reply(401, {})
        event = json.loads(body)
        status = self.server.answers.get(event.get("userKey") or event.get("username"), 200)
        if status == 200:
            self.server.got.append(event)
        self.reply(status, {"outcome": {"is": "nothing"}})


class Senders(unittest.TestCase):
    def setUp(self):
        self.server = self.serve(World)
        self.server.log, self.server.got, self.server.answers = [], [], {}
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.state = os.path.join(folder.name, "state.json")

    def serve(self, handler):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        self.addCleanup(lambda: (server.shutdown(), server.server_close(), thread.join()))
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        return server

    def poll(self, now=NOW):
        with mock.patch("sys.stderr"):
            return poll_audit_log.run(self.server.url + "/wiki", "pat", self.server.url, SECRET, self.state, now)

    def keys(self):
        return [event["userKey"] for event in self.server.got]

    def test_logins_of_all_pages_are_told_oldest_first_with_their_time(self):
        self.server.log = [entity(50 + n, f"k{n}") for n in range(5)]
        self.server.log.append(entity(55, "k9", action="audit.logging.summary.login.failed"))
        self.server.log.append(entity(56, None, author="k7"))
        self.server.log.append(entity(57, None, author="-1"))
        self.assertEqual(self.poll(), 0)
        self.assertEqual(self.keys(), ["k0", "k1", "k2", "k3", "k4", "k7"])
        self.assertEqual(self.server.got[0]["timestamp"], "2026-11-22T11:50:00.000Z")

    def test_a_second_run_tells_nothing_twice_and_a_late_event_still(self):
        self.server.log = [entity(59, "k1")]
        self.poll()
        self.poll()
        self.server.log.append(entity(59, "k2"))
        self.poll(NOW + dt.timedelta(minutes=1))
        self.assertEqual(self.keys(), ["k1", "k2"])

    def test_what_was_not_delivered_is_told_by_the_next_run(self):
        self.server.log = [entity(50, "k1"), entity(51, "k2"), entity(52, "k3")]
        self.server.answers = {"k2": 503}
        self.assertEqual(self.poll(), 1)
        self.assertEqual(self.keys(), ["k1"])
        self.server.answers = {}
        self.assertEqual(self.poll(NOW + dt.timedelta(hours=3)), 0)
        self.assertEqual(self.keys(), ["k1", "k2", "k3"])

    def test_an_event_that_is_refused_does_not_hold_up_the_others(self):
        self.server.log = [entity(50, "k1"), entity(51, "k2")]
        self.server.answers = {"k1": 400}
        self.assertEqual(self.poll(), 0)
        self.assertEqual(self.keys(), ["k2"])

    def test_a_wrong_secret_and_an_unreachable_seatkeeper_are_not_delivered(self):
        event = seatkeeper_event.login_event("jdoe")
        for url, secret in [(self.server.url, "another-secret-entirely"), ("http://127.0.0.1:1", SECRET)]:
            with self.assertRaises(seatkeeper_event.NotDelivered):
                seatkeeper_event.send(url, secret, event)
        seatkeeper_event.send(self.server.url + "/", SECRET, event)
        self.assertEqual(self.server.got, [{"event": "login", "username": "jdoe"}])

    def test_the_relay_finds_the_name_and_passes_it_on(self):
        field = "data.0.user.login"
        relay = self.serve(idp_relay.handler(self.server.url, SECRET, "relay-token", field, "@example.com"))
        quiet = mock.patch.object(http.server.BaseHTTPRequestHandler, "log_message")
        quiet.start()
        self.addCleanup(quiet.stop)

        def post(body, token="relay-token"):
            headers = {"Authorization": f"Bearer {token}"}
            request = urllib.request.Request(relay.url, data=body.encode(), headers=headers, method="POST")
            try:
                with urllib.request.urlopen(request, timeout=5) as answer:
                    return answer.status
            except urllib.error.HTTPError as error:
                with error:
                    return error.code

        message = json.dumps({"data": [{"user": {"login": "jdoe@example.com"}}]})
        self.assertEqual(post(message, token="guess"), 401)
        for wrong in ["{", "[]", '{"data": []}', '{"data": [{"user": {"login": 7}}]}']:
            self.assertEqual(post(wrong), 400, wrong)
        self.assertEqual(self.server.got, [])
        self.assertEqual(post(message), 200)
        self.assertEqual(self.server.got, [{"event": "login", "username": "jdoe"}])
        self.server.answers = {"jdoe": 503}
        with mock.patch("sys.stderr"):
            self.assertEqual(post(message), 503)


if __name__ == "__main__":
    unittest.main()
