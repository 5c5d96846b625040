#!/usr/bin/env python3
"""Reads new logins from Confluence's audit log and tells Seatkeeper. Standard library only.

For sites without ScriptRunner. Run it every five minutes or more, from cron or a systemd timer: each search is itself
recorded in the audit log, so a shorter period fills it. Logins must be audited: set the coverage of the area Security
to a level that records them. The account of the token must be allowed to read the audit log.

Settings, each also as NAME_FILE: CONFLUENCE_URL (with the context path), CONFLUENCE_TOKEN, SEATKEEPER_URL,
SEATKEEPER_HOOK_SECRET; POLL_STATE (a file, default audit-poll.json); LOGIN_ACTION (the text of the action when
Confluence's language is not English and its log holds texts instead of keys).

Exit codes: 0 everything told, 1 stopped half-way (the next run goes on from there), 2 wrong usage.
"""

import datetime as dt
import json
import os
import sys
import urllib.parse
import urllib.request

import seatkeeper_event

OVERLAP = dt.timedelta(minutes=2)  # Events may be written late. Telling one twice changes nothing.
FIRST = dt.timedelta(minutes=15)  # How far the first run looks back.
LIMIT = 200
MAX_PAGES = 500  # A listing that goes on beyond that never ends.
LOGIN = {"audit.logging.summary.login.success", "User logged in"}
NOBODY = {"-1", "-2", "", None}  # The system and the anonymous visitor.


def iso(at: dt.datetime) -> str:
    return at.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))


def page(base: str, token: str, query: dict) -> dict:
    url = base.rstrip("/") + "/rest/auditing/1.0/events?" + urllib.parse.urlencode(query)
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}", "Accept": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def events(base: str, token: str, start: dt.datetime, end: dt.datetime):
    """All events of the window, newest first. The window stands still, so new events do not shift the pages."""
    query = {"from": iso(start), "to": iso(end), "limit": LIMIT}
    for _ in range(MAX_PAGES):
        answer = page(base, token, query)
        yield from answer["entities"]
        paging = answer["pagingInfo"]
        if paging.get("lastPage", True):
            return
        query["pageCursor"] = paging["nextPageCursor"]
    raise ValueError("the audit log never ends; does a proxy drop the parameter pageCursor?")


def logins(entities, actions):
    """Who logged in and when, oldest first. The author may be anonymous, because the login was still under way."""
    found = []
    for entity in entities:
        kind = entity.get("type", {})
        if not actions & {kind.get("actionI18nKey"), kind.get("action")}:
            continue
        people = [thing for thing in entity.get("affectedObjects", []) if thing.get("type") == "User"]
        people.append(entity.get("author", {}))
        for person in people:
            if person.get("id") not in NOBODY:
                found.append((entity["timestamp"], person["id"]))
                break
    return sorted(set(found), key=lambda login: instant(login[0]))


def run(base, token, url, secret, state_file, now, actions=frozenset(LOGIN)) -> int:
    state = {"to": iso(now - FIRST), "told": []}
    if os.path.exists(state_file):
        with open(state_file, encoding="utf-8") as file:
            state = json.load(file)
    start = min(instant(state["to"]), now) - OVERLAP
    told = {tuple(login) for login in state["told"]}
    done, failed = now, None
    for login in logins(events(base, token, start, now), set(actions)):
        if login in told:
            continue
        try:
            seatkeeper_event.send(url, secret, seatkeeper_event.login_event(user_key=login[1], timestamp=login[0]))
        except seatkeeper_event.Refused as error:
            print(f"skipped the login of {login[1]}: {error}", file=sys.stderr)
        except seatkeeper_event.NotDelivered as error:
            failed = f"stopped at the login of {login[1]}: {error}"
            done = instant(login[0])
            break
        told.add(login)
    kept = sorted(login for login in told if instant(login[0]) >= done - OVERLAP * 2)
    with open(state_file + ".new", "w", encoding="utf-8") as file:
        json.dump({"to": iso(done), "told": kept}, file)
    os.replace(state_file + ".new", state_file)
    if failed:
        print(failed, file=sys.stderr)
    return 1 if failed else 0


def main() -> int:
    setting = seatkeeper_event.setting
    actions = LOGIN | ({os.environ["LOGIN_ACTION"]} if os.environ.get("LOGIN_ACTION") else set())
    try:
        return run(
            setting("CONFLUENCE_URL"), setting("CONFLUENCE_TOKEN"), setting("SEATKEEPER_URL"),
            setting("SEATKEEPER_HOOK_SECRET"), os.environ.get("POLL_STATE", "audit-poll.json"),
            dt.datetime.now(dt.timezone.utc), actions,
        )
    except (OSError, ValueError, KeyError) as error:
        print(f"the audit log cannot be read: {error!r}; nothing was marked as told", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
