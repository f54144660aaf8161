"""What OpenRouter's own Python package has of guardrails, workspaces, the organisation, SCIM and keys: each operation, and each error that it
declares and that a caller can bring about. Out of reach: 429, as the management API has no limit of its own; 404 and 400 of lists, which
every account has; 400 where the package itself sends nothing that could be wrong; 409 of guardrails and keys, whose writes wait for each other."""

import json
import os
import urllib.request
import uuid

from openrouter import errors

NOBODY = "01890000-0000-7000-8000-000000000000"
NOBODYS_HASH = "0" * 64


def posted(path, body):
    request = urllib.request.Request(
        os.environ["TURNPIKE_HOST"] + path,
        data=json.dumps(body).encode(),
        headers={"authorization": f"Bearer {os.environ['TURNPIKE_MANAGEMENT_KEY']}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def rows_of(page):
    """Each page is read, and so validated."""
    rows = []
    while page is not None:
        rows += page.result.data
        page = page.next()
    return rows


def management(manager, stranger, client, passes, refused, broken):
    group = posted("/scim/v2/Groups", {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": f"Team {uuid.uuid4()}"})["id"]
    key = manager.api_keys.create(name="managed", limit=5)
    hash = key.data.hash

    def wrong(name, call, bad=None, nobodys=None, conflicting=None, good=None):
        """`call` asks with what it is given; 403 is what an API key gets, wherever management keys alone may ask."""
        refused(f"{name} 401", errors.UnauthorizedResponseError, lambda: call(stranger, **(good or {})))
        refused(f"{name} 403", (errors.ForbiddenResponseError, errors.OpenRouterDefaultError), lambda: call(client, **(good or {})))
        if bad is not None:
            refused(f"{name} 400", errors.BadRequestResponseError, lambda: call(manager, **{**(good or {}), **bad}))
        if nobodys is not None:
            refused(f"{name} 404", errors.NotFoundResponseError, lambda: call(manager, **{**(good or {}), **nobodys}))
        if conflicting is not None:
            refused(f"{name} 409", errors.ConflictResponseError, lambda: call(manager, **{**(good or {}), **conflicting}))

    # Guardrails.
    made = manager.guardrails.create(name="Rules", allowed_models=["acme/small"], content_filter_builtins=[{"slug": "email", "action": "redact"}]).data
    passes("guardrails create", made.allowed_models == ["acme/small"])
    id = made.id
    passes("guardrails get", manager.guardrails.get(id=id).data.name == "Rules")
    passes("guardrails list", id in [one.id for one in rows_of(manager.guardrails.list(limit=1))])
    passes("guardrails update", manager.guardrails.update(id=id, description="Changed").data.description == "Changed")
    passes("guardrails assign keys", manager.guardrails.bulk_assign_keys(id=id, key_hashes=[hash]).assigned_count == 1)
    passes("guardrails keys", [one.key_hash for one in rows_of(manager.guardrails.list_guardrail_key_assignments(id=id))] == [hash])
    passes("guardrails all keys", hash in [one.key_hash for one in rows_of(manager.guardrails.list_key_assignments())])
    passes("guardrails members", rows_of(manager.guardrails.list_guardrail_member_assignments(id=id)) == [])
    passes("guardrails all members", rows_of(manager.guardrails.list_member_assignments()) is not None)
    of = lambda name: lambda by, **given: getattr(by.guardrails, name)(**given)
    wrong("guardrails create", of("create"), {"allowed_models": ["nobody/nothing"]}, good={"name": "No"})
    wrong("guardrails list", of("list"), {"workspace_id": "no id"})
    wrong("guardrails get", of("get"), None, {"id": NOBODY}, good={"id": id})
    wrong("guardrails update", of("update"), {"ignored_providers": ["nobody"]}, {"id": NOBODY}, good={"id": id, "description": "x"})
    wrong("guardrails assign keys", of("bulk_assign_keys"), {"key_hashes": [NOBODYS_HASH]}, {"id": NOBODY}, good={"id": id, "key_hashes": [hash]})
    wrong("guardrails assign members", of("bulk_assign_members"), {"member_user_ids": ["nobody"]}, {"id": NOBODY}, good={"id": id, "member_user_ids": ["u"]})
    wrong("guardrails take off keys", of("bulk_unassign_keys"), {"key_hashes": ["no hash"]}, {"id": NOBODY}, good={"id": id, "key_hashes": [hash]})
    wrong("guardrails take off members", of("bulk_unassign_members"), {"member_user_ids": [""]}, {"id": NOBODY}, good={"id": id, "member_user_ids": ["u"]})
    for name in ["list_guardrail_key_assignments", "list_guardrail_member_assignments", "delete"]:
        wrong(f"guardrails {name}", of(name), None, {"id": NOBODY}, good={"id": id})
    wrong("guardrails list_key_assignments", of("list_key_assignments"), {"limit": 1000})
    wrong("guardrails list_member_assignments", of("list_member_assignments"), {"limit": 1000})
    broken("guardrail", lambda quick: [
        refused(f"guardrails {name} 500", errors.InternalServerResponseError, lambda name=name, given=given: getattr(quick.guardrails, name)(**given))
        for name, given in {
            "list": {}, "create": {"name": "No"}, "get": {"id": id}, "update": {"id": id, "description": "x"}, "delete": {"id": id},
            "bulk_assign_keys": {"id": id, "key_hashes": [hash]}, "bulk_unassign_keys": {"id": id, "key_hashes": [hash]},
            "list_guardrail_key_assignments": {"id": id},
        }.items()
    ])
    passes("guardrails take off keys", manager.guardrails.bulk_unassign_keys(id=id, key_hashes=[hash]).unassigned_count == 1)
    passes("guardrails take off members", manager.guardrails.bulk_unassign_members(id=id, member_user_ids=["u"]).unassigned_count == 0)
    passes("guardrails delete", manager.guardrails.delete(id=id).DELETED)

    # Workspaces.
    slug = f"w-{uuid.uuid4().hex[:8]}"
    workspace = manager.workspaces.create(name="Made", slug=slug).data.id
    passes("workspaces create", workspace != "")
    passes("workspaces get", manager.workspaces.get(id=slug).data.id == workspace)
    passes("workspaces list", workspace in [one.id for one in rows_of(manager.workspaces.list(limit=1))])
    passes("workspaces update", manager.workspaces.update(id=workspace, description="Changed").data.description == "Changed")
    passes("workspaces members", rows_of(manager.workspaces.list_members(id=workspace)) is not None)
    of = lambda name: lambda by, **given: getattr(by.workspaces, name)(**given)
    wrong("workspaces list", of("list"))
    wrong("workspaces create", of("create"), {"slug": "default"}, good={"name": "No", "slug": f"w-{uuid.uuid4().hex[:8]}"})
    wrong("workspaces get", of("get"), None, {"id": NOBODY}, good={"id": workspace})
    wrong("workspaces update", of("update"), {"slug": "default"}, {"id": NOBODY}, good={"id": workspace, "description": "x"})
    wrong("workspaces members", of("list_members"), None, {"id": NOBODY}, good={"id": workspace})
    wrong("workspaces add members", of("bulk_add_members"), {"user_ids": ["nobody"]}, {"id": NOBODY}, good={"id": workspace, "user_ids": ["u"]})
    wrong("workspaces remove members", of("bulk_remove_members"), {"id": "default"}, {"id": NOBODY}, good={"id": workspace, "user_ids": ["u"]})
    wrong("workspaces delete", of("delete"), {"id": "default"}, {"id": NOBODY}, good={"id": workspace})

    # The organisation.
    passes("organization members", rows_of(manager.organization.list_members(limit=1)) is not None)
    settings = manager.organization.get_settings().data
    passes("organization settings", settings.is_filtered_model_catalog_enabled is False)
    changed = manager.organization.update_settings(is_filtered_model_catalog_enabled=False).data
    passes("organization change", changed.id == settings.id)
    of = lambda name: lambda by, **given: getattr(by.organization, name)(**given)
    wrong("organization members", of("list_members"))
    wrong("organization settings", of("get_settings"))
    wrong("organization change", of("update_settings"), good={"is_filtered_model_catalog_enabled": False})

    # SCIM.
    wish = {"scim_group_id": group, "workspace_id": workspace, "role": "member"}
    mapping = manager.scim.create(**wish).data.id
    passes("scim create", mapping != "")
    passes("scim read", manager.scim.read(id=mapping).data.id == mapping)
    passes("scim groups", group in [one.id for one in rows_of(manager.scim.list_groups(limit=1))])
    passes("scim mappings", mapping in [one.id for one in rows_of(manager.scim.list_mappings(limit=1))])
    started = manager.scim.create_sync_job()
    job = getattr(started, "result", started).data.id
    passes("scim start", job != "")
    passes("scim job", manager.scim.get_sync_job(id=job).data.id == job)
    of = lambda name: lambda by, **given: getattr(by.scim, name)(**given)
    wrong("scim create", of("create"), {"scim_group_id": ""}, {"scim_group_id": NOBODY}, {"role": "admin"}, good=wish)
    wrong("scim read", of("read"), None, {"id": NOBODY}, good={"id": mapping})
    wrong("scim update", of("update"), None, {"id": NOBODY}, good={"id": mapping, "role": "admin"})
    wrong("scim groups", of("list_groups"))
    wrong("scim mappings", of("list_mappings"))
    wrong("scim start", of("create_sync_job"))
    wrong("scim job", of("get_sync_job"), None, {"id": NOBODY}, good={"id": job})
    wrong("scim delete", of("delete"), None, {"id": NOBODY}, good={"id": mapping, "keep_members": False})
    passes("scim update", manager.scim.update(id=mapping, role="admin").data.role == "admin")
    passes("scim delete", manager.scim.delete(id=mapping, keep_members=False) is not None)
    passes("workspaces delete", manager.workspaces.delete(id=workspace) is not None)

    # Keys.
    of = lambda name: lambda by, **given: getattr(by.api_keys, name)(**given)
    wrong("keys create", of("create"), {"limit": -1}, good={"name": "No"})
    wrong("keys list", of("list"), {"workspace_id": "no id"})
    wrong("keys get", of("get"), None, {"hash": NOBODYS_HASH}, good={"hash": hash})
    wrong("keys update", of("update"), {"limit": -1}, {"hash": NOBODYS_HASH}, good={"hash": hash, "name": "x"})
    wrong("keys delete", of("delete"), None, {"hash": NOBODYS_HASH}, good={"hash": hash})
    refused("key 401", errors.UnauthorizedResponseError, lambda: stranger.api_keys.get_current_key_metadata())
    passes("keys delete", manager.api_keys.delete(hash=hash).DELETED)
