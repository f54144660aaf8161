"""Every operation that OpenRouter's own Python package has of guardrails, workspaces, the organisation, SCIM, keys for providers and API keys:
its answer, and each error that it declares, as the package's own class with our words. What is never answered stands in NEVER_ANSWERED, with
why; both are held to what the package declares, so that a newer one with more fails until somebody has looked."""

import inspect
import json
import os
import re
import sqlite3
import urllib.request
import uuid
from dataclasses import dataclass
from typing import Any, Callable

from openrouter import errors

NOBODY = "01890000-0000-7000-8000-000000000000"
NOBODYS_HASH = "0" * 64
GROUPS = ["guardrails", "workspaces", "organization", "scim", "byok", "api_keys"]

ERRORS = {
    400: errors.BadRequestResponseError,
    401: errors.UnauthorizedResponseError,
    403: errors.ForbiddenResponseError,
    404: errors.NotFoundResponseError,
    409: errors.ConflictResponseError,
    500: errors.InternalServerResponseError,
}

# By status, or by operation and status.
NEVER_ANSWERED = {
    "429": "the management API has no limit of its own: a rate is a limit of models alone",
    "guardrails.update 409": "writes of one guardrail wait for each other, so none finds it changed under its hands",
    "byok.update 409": "writes of one key wait for each other, so none finds it changed under its hands",
    "api_keys.update 409": "writes of one key wait for each other, so none finds it changed under its hands",
    "api_keys.list 404": "whoever has a management key has an account, if one without other keys",
    "guardrails.list_key_assignments 404": "whoever has a management key has an account, if one without assignments",
    "guardrails.list_member_assignments 404": "whoever has a management key has an account, if one without assignments",
    "scim.create_sync_job 404": "there is a directory from the start, if an empty one",
    "scim.list_groups 404": "there is a directory from the start, if an empty one",
    "scim.list_mappings 404": "there is a directory from the start, if an empty one",
    "scim.delete 400": "the package sends nothing that could be wrong",
    "organization.update_settings 400": "the package sends nothing but a flag, which it checks itself",
}


@dataclass
class Operation:
    name: str
    good: Callable[[Any], dict]
    # Of the answer, or of the rows of all pages.
    holds: Callable[[Any, Any], bool]
    bad: dict | None = None
    nobodys: dict | None = None
    conflicting: dict | None = None
    # Without which table, or unable to read which whole row, it fails though its caller is still known; those that write fail without the audit log.
    needs: str = "audit_event"
    reads: str | None = None
    # Whether there is no such thing in an account of one person.
    is_of_organisations: bool = False


@dataclass
class Facts:
    """What the operations ask about."""

    user: str
    hash: str
    guardrail: str
    workspace: str
    group: str
    mapping: str
    job: str
    own_key: str


of_guardrail = lambda facts: {"id": facts.guardrail}
of_workspace = lambda facts: {"id": facts.workspace}
of_mapping = lambda facts: {"id": facts.mapping}
of_own_key = lambda facts: {"id": facts.own_key}
of_key = lambda facts: {"hash": facts.hash}
nothing = lambda facts: {}
no_id = {"id": NOBODY}


def budget(facts):
    return {"workspace_ref": facts.workspace, "interval": "monthly"}


# Those that change what others ask about come last.
OPERATIONS = [
    Operation(
        "guardrails.create",
        lambda facts: {"name": "Made", "allowed_models": ["acme/small"], "content_filter_builtins": [{"slug": "email", "action": "redact"}]},
        lambda answer, facts: answer.data.allowed_models == ["acme/small"] and answer.data.content_filter_builtins[0].slug == "email",
        bad={"allowed_models": ["nobody/nothing"]},
    ),
    Operation("guardrails.get", of_guardrail, lambda answer, facts: answer.data.name == "Rules", nobodys=no_id, needs="guardrail"),
    Operation(
        "guardrails.list",
        lambda facts: {"limit": 1},
        lambda rows, facts: facts.guardrail in [one.id for one in rows],
        bad={"workspace_id": "no id"},
        needs="guardrail",
    ),
    Operation(
        "guardrails.update",
        lambda facts: {**of_guardrail(facts), "description": "Changed"},
        lambda answer, facts: answer.data.description == "Changed",
        bad={"ignored_providers": ["nobody"]},
        nobodys=no_id,
    ),
    Operation(
        "guardrails.bulk_assign_keys",
        lambda facts: {**of_guardrail(facts), "key_hashes": [facts.hash]},
        lambda answer, facts: answer.assigned_count == 1,
        bad={"key_hashes": [NOBODYS_HASH]},
        nobodys=no_id,
    ),
    Operation(
        "guardrails.bulk_assign_members",
        lambda facts: {**of_guardrail(facts), "member_user_ids": [facts.user]},
        lambda answer, facts: answer.assigned_count == 1,
        bad={"member_user_ids": ["nobody"]},
        nobodys=no_id,
    ),
    Operation(
        "guardrails.list_guardrail_key_assignments",
        of_guardrail,
        lambda rows, facts: [one.key_hash for one in rows] == [facts.hash],
        nobodys=no_id,
        needs="guardrail_key",
    ),
    Operation(
        "guardrails.list_guardrail_member_assignments",
        of_guardrail,
        lambda rows, facts: [one.user_id for one in rows] == [facts.user],
        nobodys=no_id,
        needs="guardrail_member",
    ),
    Operation(
        "guardrails.list_key_assignments",
        nothing,
        lambda rows, facts: facts.hash in [one.key_hash for one in rows],
        bad={"limit": 1000},
        needs="guardrail_key",
    ),
    Operation(
        "guardrails.list_member_assignments",
        nothing,
        lambda rows, facts: facts.user in [one.user_id for one in rows],
        bad={"limit": 1000},
        needs="guardrail_member",
    ),
    Operation(
        "guardrails.bulk_unassign_keys",
        lambda facts: {**of_guardrail(facts), "key_hashes": [facts.hash]},
        lambda answer, facts: answer.unassigned_count == 1,
        bad={"key_hashes": ["no hash"]},
        nobodys=no_id,
    ),
    Operation(
        "guardrails.bulk_unassign_members",
        lambda facts: {**of_guardrail(facts), "member_user_ids": [facts.user]},
        lambda answer, facts: answer.unassigned_count == 1,
        bad={"member_user_ids": [""]},
        nobodys=no_id,
    ),
    Operation("guardrails.delete", of_guardrail, lambda answer, facts: answer.DELETED, nobodys=no_id),
    Operation(
        "workspaces.create",
        lambda facts: {"name": "Another", "slug": f"w-{uuid.uuid4().hex[:8]}"},
        lambda answer, facts: answer.data.name == "Another",
        bad={"slug": "default"},
    ),
    Operation("workspaces.get", of_workspace, lambda answer, facts: answer.data.id == facts.workspace, nobodys=no_id, needs="content_logging"),
    Operation("workspaces.list", lambda facts: {"limit": 1}, lambda rows, facts: facts.workspace in [one.id for one in rows], needs="content_logging"),
    Operation(
        "workspaces.update",
        lambda facts: {**of_workspace(facts), "description": "Changed"},
        lambda answer, facts: answer.data.description == "Changed",
        bad={"slug": "default"},
        nobodys=no_id,
    ),
    Operation(
        "workspaces.bulk_add_members",
        lambda facts: {**of_workspace(facts), "user_ids": [facts.user]},
        lambda answer, facts: answer.added_count == 1,
        bad={"user_ids": ["nobody"]},
        nobodys=no_id,
    ),
    Operation("workspaces.list_members", of_workspace, lambda rows, facts: facts.user in [one.user_id for one in rows], nobodys=no_id, needs="user"),
    Operation(
        "workspaces.bulk_remove_members",
        lambda facts: {**of_workspace(facts), "user_ids": [facts.user]},
        lambda answer, facts: answer.removed_count == 1,
        bad={"id": "default"},
        nobodys=no_id,
    ),
    Operation(
        "workspaces.set_budget",
        lambda facts: {**budget(facts), "limit_usd": 5},
        lambda answer, facts: answer.data.limit_usd == 5,
        bad={"limit_usd": -1},
        nobodys={"workspace_ref": NOBODY},
    ),
    Operation(
        "workspaces.list_budgets",
        lambda facts: {"workspace_ref": facts.workspace},
        lambda answer, facts: [one.limit_usd for one in answer.data] == [5],
        nobodys={"workspace_ref": NOBODY},
        needs="workspace_budget",
    ),
    Operation(
        "workspaces.get_budget",
        budget,
        lambda answer, facts: answer.data.limit_usd == 5,
        bad={"interval": "hourly"},
        nobodys={"workspace_ref": NOBODY},
        needs="workspace_budget",
    ),
    Operation("workspaces.delete_budget", budget, lambda answer, facts: answer.DELETED, bad={"interval": "hourly"}, nobodys={"workspace_ref": NOBODY}),
    Operation("organization.list_members", lambda facts: {"limit": 1}, lambda rows, facts: facts.user in [one.id for one in rows], needs="user", is_of_organisations=True),
    Operation(
        "organization.get_settings",
        nothing,
        lambda answer, facts: answer.data.is_filtered_model_catalog_enabled is False,
        reads="account",
        is_of_organisations=True,
    ),
    Operation(
        "organization.update_settings",
        lambda facts: {"is_filtered_model_catalog_enabled": True},
        lambda answer, facts: answer.data.is_filtered_model_catalog_enabled is True,
        is_of_organisations=True,
    ),
    Operation("scim.list_groups", lambda facts: {"limit": 1}, lambda rows, facts: facts.group in [one.id for one in rows], needs="scim_group"),
    Operation(
        "scim.list_mappings",
        lambda facts: {"limit": 1},
        lambda rows, facts: facts.mapping in [one.id for one in rows],
        needs="scim_group_mapping",
    ),
    Operation(
        "scim.create",
        lambda facts: {"scim_group_id": facts.group, "workspace_id": facts.workspace, "role": "member"},
        lambda answer, facts: answer.data.id == facts.mapping,
        bad={"scim_group_id": ""},
        nobodys={"scim_group_id": NOBODY},
        conflicting={"role": "admin"},
        needs="scim_group_mapping",
    ),
    Operation("scim.read", of_mapping, lambda answer, facts: answer.data.id == facts.mapping, nobodys=no_id, needs="scim_group_mapping"),
    Operation(
        "scim.update",
        lambda facts: {**of_mapping(facts), "role": "admin"},
        lambda answer, facts: answer.data.role == "admin",
        bad={"role": "nobody"},
        nobodys=no_id,
    ),
    Operation("scim.create_sync_job", nothing, lambda answer, facts: answer.data.id != ""),
    Operation("scim.get_sync_job", lambda facts: {"id": facts.job}, lambda answer, facts: answer.data.id == facts.job, nobodys=no_id, needs="scim_sync_job"),
    Operation("scim.delete", lambda facts: {**of_mapping(facts), "keep_members": False}, lambda answer, facts: answer is not None, nobodys=no_id),
    Operation(
        "byok.create",
        lambda facts: {"provider": "openai", "key": "sk-conformance-0123456789-EfGh", "allowed_models": ["acme/small"]},
        lambda answer, facts: answer.data.label.endswith("EfGh") and answer.data.allowed_models == ["acme/small"],
        bad={"is_fallback": True, "is_byok_only": True},
    ),
    Operation("byok.list", lambda facts: {"limit": 1}, lambda rows, facts: facts.own_key in [one.id for one in rows], bad={"workspace_id": NOBODY}, needs="byok_key"),
    Operation("byok.get", of_own_key, lambda answer, facts: answer.data.label.endswith("AbCd"), nobodys=no_id, needs="byok_key"),
    Operation(
        "byok.update",
        lambda facts: {
            **of_own_key(facts),
            **{"allowed_models": None, "is_required": True, "declared_region": "us"},
            "key": '{"api_key": "sk-new-conformance-0123456789-XyZw", "region": "us"}',
        },
        lambda answer, facts: (answer.data.allowed_models, answer.data.is_required, answer.data.label[-4:]) == (None, True, "XyZw"),
        bad={"key": ""},
        nobodys=no_id,
    ),
    Operation("byok.delete", of_own_key, lambda answer, facts: answer.DELETED, nobodys=no_id),
    Operation("workspaces.delete", of_workspace, lambda answer, facts: answer is not None, bad={"id": "default"}, nobodys=no_id),
    Operation("api_keys.create", lambda facts: {"name": "Made", "limit": 1}, lambda answer, facts: answer.key.startswith("sk-or-v1-"), bad={"limit": -1}),
    Operation("api_keys.list", nothing, lambda answer, facts: facts.hash in [one.hash for one in answer.data], bad={"workspace_id": "no id"}, needs="usage_window"),
    Operation("api_keys.get", of_key, lambda answer, facts: answer.data.name == "managed", nobodys={"hash": NOBODYS_HASH}, needs="usage_window"),
    Operation(
        "api_keys.update",
        lambda facts: {**of_key(facts), "limit": 6},
        lambda answer, facts: answer.data.limit == 6,
        bad={"limit": -1},
        nobodys={"hash": NOBODYS_HASH},
    ),
    Operation("api_keys.get_current_key_metadata", nothing, lambda answer, facts: answer.data.is_management_key, needs="usage_window"),
    Operation("api_keys.delete", of_key, lambda answer, facts: answer.DELETED, nobodys={"hash": NOBODYS_HASH}),
]


def declared_by(manager):
    """Of each operation, the errors that the package's own code tells apart, by status."""
    declared = {}
    for group in GROUPS:
        for name, method in inspect.getmembers(type(getattr(manager, group)), inspect.isfunction):
            if name.startswith("_") or name.endswith("_async") or name == "do_request":
                continue
            statuses = re.findall(r'match_response\(http_res, "([45]\d\d)", "application/json"\)', inspect.getsource(method))
            declared[f"{group}.{name}"] = {int(status) for status in statuses}
    return declared


def management(manager, stranger, client, passes):
    """`manager`, `stranger` and `client` ask with a management key, an unknown and an API key."""
    facts = facts_of(manager)
    declared = declared_by(manager)
    named = [operation.name for operation in OPERATIONS]
    passes("no operation is left out", sorted(named) == sorted(declared), set(named) ^ set(declared))
    rows = {str(status) for statuses in declared.values() for status in statuses} | {f"{name} {status}" for name, statuses in declared.items() for status in statuses}
    passes("nothing is said of what none declares", set(NEVER_ANSWERED) <= rows, set(NEVER_ANSWERED) - rows)

    for operation in OPERATIONS:
        name, wanted = operation.name, declared[operation.name]
        reached = set()

        def refused(status, by, changes):
            raised = None
            try:
                asked(by, name, {**operation.good(facts), **changes})
            except errors.OpenRouterError as error:
                raised = error
            kind = ERRORS[status] if status in wanted else errors.OpenRouterDefaultError
            told = raised is not None and json.loads(raised.body)["error"]
            is_told = type(raised) is kind and raised.status_code == status and told["code"] == status and told["message"] != ""
            if is_told and status in wanted:
                is_told = (raised.data.error.code, raised.data.error.message, raised.message) == (status, told["message"], told["message"])
            passes(f"{name} {status}", is_told, repr(raised))
            reached.add(status)

        refused(401, stranger, {})
        if name != "api_keys.get_current_key_metadata":
            refused(403, client, {})
        for status, changes in {400: operation.bad, 404: operation.nobodys, 409: operation.conflicting}.items():
            if changes is not None:
                refused(status, manager, changes)
        if operation.is_of_organisations:
            meanwhile("UPDATE account SET kind = 'personal'", "UPDATE account SET kind = 'organisation'", lambda: refused(404, manager, {}))
        broken(operation, lambda: refused(500, manager, {}))
        never = {status for status in wanted | reached if str(status) in NEVER_ANSWERED or f"{name} {status}" in NEVER_ANSWERED}
        passes(f"{name} shows each error that it declares", wanted - reached == never, (wanted, reached, never))
        answer = asked(manager, name, operation.good(facts))
        passes(name, operation.holds(answer, facts), answer)


def broken(operation, act):
    """As when a database has lost a table, or has a row that can't be read: what the gateway did not foresee."""
    if operation.reads is not None:
        unreadable = f"ALTER TABLE {operation.reads} ADD COLUMN unreadable TEXT AS (json('{{'))"
        meanwhile(unreadable, f"ALTER TABLE {operation.reads} DROP COLUMN unreadable", act)
    else:
        away = f"{operation.needs}_away"
        meanwhile(f"ALTER TABLE {operation.needs} RENAME TO {away}", f"ALTER TABLE {away} RENAME TO {operation.needs}", act)


def meanwhile(before, after, act):
    """Changes the gateway's own database behind its back, and back."""
    path = os.path.join(os.environ["TURNPIKE_DATA_DIR"], "turnpike.sqlite")
    with sqlite3.connect(path, timeout=10, isolation_level=None) as database:
        database.execute(before)
        try:
            act()
        finally:
            database.execute(after)


def asked(by, name, given):
    """Each page is read, and so validated."""
    group, method = name.split(".")
    answer = getattr(getattr(by, group), method)(**given)
    if not hasattr(answer, "next"):
        return getattr(answer, "result", answer)
    if not isinstance(getattr(answer.result, "data", None), list):
        return answer.result
    rows = []
    while answer is not None:
        rows += answer.result.data
        answer = answer.next()
    return rows


def facts_of(manager):
    group = posted("/scim/v2/Groups", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": f"Team {uuid.uuid4()}"})["id"]
    workspace = manager.workspaces.create(name="Made", slug=f"w-{uuid.uuid4().hex[:8]}").data.id
    started = manager.scim.create_sync_job()
    return Facts(
        user=os.environ["TURNPIKE_MEMBER_ID"],
        hash=manager.api_keys.create(name="managed", limit=5).data.hash,
        guardrail=manager.guardrails.create(name="Rules").data.id,
        workspace=workspace,
        group=group,
        mapping=manager.scim.create(scim_group_id=group, workspace_id=workspace, role="member").data.id,
        job=getattr(started, "result", started).data.id,
        own_key=manager.byok.create(provider="openai", key="sk-conformance-0123456789-AbCd", name="Ours").data.id,
    )


def posted(path, body):
    request = urllib.request.Request(
        os.environ["TURNPIKE_HOST"] + path,
        data=json.dumps(body).encode(),
        headers={"authorization": f"Bearer {os.environ['TURNPIKE_MANAGEMENT_KEY']}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())
