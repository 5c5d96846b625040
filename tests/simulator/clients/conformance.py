"""Checks the simulator with the public Python client for Confluence and Crowd.

Usage: python conformance.py http://127.0.0.1:8090

The client was written against the real product, so what it can read here it can read there. Every check prints a
line; the first one that fails ends the run.
"""

import sys

from atlassian import Confluence, Crowd
from atlassian.errors import ApiError
from requests import HTTPError

CHECKS = 0


def check(what, condition):
    """Prints the check and stops when it does not hold."""
    global CHECKS
    CHECKS += 1
    print(("ok   " if condition else "FAIL ") + what)
    if not condition:
        sys.exit(1)


def read_accounts(wiki):
    """Groups, members in pages, single accounts."""
    groups = list(wiki.get_all_groups(start=0, limit=500))
    check("groups are listed", "confluence-users" in [group["name"] for group in groups])
    members = wiki.get_all_members("confluence-users", expand="status")
    names = {member["username"] for member in members}
    check("all members are read page by page", len(names) == len(members) > 200)
    check("members carry their state", all("status" in member for member in members))
    first = wiki.get_group_members("confluence-users", start=0, limit=10)
    check("a page is as long as asked", len(first) == 10)
    person = wiki.get_user_details_by_username("anna maria.schmidt", expand="status")
    check("a name with a space is found", person["displayName"] == "Anna Maria Schmidt")
    same = wiki.get_user_details_by_userkey(person["userKey"])
    check("the key leads to the same account", same["username"] == person["username"])
    current = wiki.get("rest/api/user/current")
    check("the token belongs to sk-bot", current["username"] == "sk-bot")
    try:
        wiki.get_user_details_by_username("nobody.here")
        check("an unknown account is refused", False)
    except (ApiError, HTTPError):
        check("an unknown account is refused", True)


def change_memberships(wiki):
    """Joining, leaving, disabling, and the licence counts that follow."""
    used = wiki.get_license_user_count()["count"]
    maximum = wiki.get_license_max_users()["count"]
    check("the counts agree", wiki.get_license_remaining()["count"] == maximum - used)
    check("the licence has details", wiki.get_license_details()["dataCenter"] is True)
    wiki.delete("rest/api/user/script.kid/group/confluence-users")
    check("leaving frees a seat", wiki.get_license_user_count()["count"] == used - 1)
    wiki.add_user_to_group("script.kid", "confluence-users")
    check("joining takes it again", wiki.get_license_user_count()["count"] == used)
    wiki.put("rest/api/admin/user/script.kid/disable")
    person = wiki.get_user_details_by_username("script.kid", expand="status")
    check("a disabled account is deactivated", person["status"] == "deactivated")
    wiki.put("rest/api/admin/user/script.kid/enable")
    wiki.create_group("from-python")
    check("a group is made", "from-python" in [group["name"] for group in wiki.get_all_groups(limit=500)])
    wiki.remove_group("from-python")
    wiki.add_user("py.person@example.com", "Py Person", "py.person", "secret")
    check("the old remote API adds an account", wiki.get_user_details_by_username("py.person")["displayName"] == "Py Person")


def read_the_rest(wiki):
    """Audit, search, seat holders."""
    check("the old audit log answers", len(wiki.audit(limit=5)["results"]) == 5)
    found = wiki.cql('contributor = "admin" order by lastmodified desc', limit=1)
    check("search finds a contribution", found["totalSize"] >= 1)
    page = wiki.get("rest/api/admin/users/list/active", params={"expand": "lastLogin", "limit": 1000})
    logins = [person.get("lastLogin", "") for person in page["results"]]
    check("seat holders come oldest login first", logins == sorted(logins))
    events = wiki.get("rest/auditing/1.0/events", params={"limit": 3})
    check("audit events come in pages", events["pagingInfo"]["size"] == 3)


def manage_in_crowd(crowd):
    """Accounts as Crowd tells and changes them."""
    search = "rest/usermanagement/latest/search"
    params = {"entity-type": "user", "expand": "user", "start-index": 0, "max-results": 1000}
    users = crowd.get(search, params=params)["users"]
    check("Crowd lists everybody", len(users) > 400 and all("active" in user for user in users))
    found = crowd.get(search, params={**params, "restriction": 'email = "script.kid@example.com"'})["users"]
    check("Crowd finds by mail", [user["name"] for user in found] == ["script.kid"])
    before = crowd.user("script.kid")
    crowd.user_deactivate("script.kid")
    after = crowd.user("script.kid")
    check("Crowd deactivates and blanks nothing", after == {**before, "active": False})
    crowd.user_activate("script.kid")
    check("Crowd activates", crowd.user("script.kid") == before)


def main():
    """Runs every check against the address on the command line."""
    url = sys.argv[1]
    wiki = Confluence(url=url, token="demo-token", cloud=False)
    read_accounts(wiki)
    change_memberships(wiki)
    read_the_rest(wiki)
    basic = Confluence(url=url, username="sk-bot", password="sk-bot", cloud=False)
    check("Basic works as well", basic.get("rest/api/user/current")["username"] == "sk-bot")
    manage_in_crowd(Crowd(url=f"{url}/crowd", username="seatkeeper", password="crowd-secret"))
    print(f"all checks passed: {CHECKS}")


if __name__ == "__main__":
    main()
