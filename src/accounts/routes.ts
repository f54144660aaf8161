/** What our pages ask about people: who is signed in, sessions, members and invitations; and the way in. */

import { isoFromMs } from '../clock.ts';
import { invalidField, invalidRequest } from '../errors.ts';
import { readJson } from '../http/body.ts';
import { browserRoute, type Call, type Route, type SessionCall, sessionRoute } from '../http/route.ts';
import { isJsonObject, isStorable, type JsonObject } from '../json.ts';
import { UUID } from '../keys/key-fields.ts';
import { invitationLetter } from '../mail/mail-texts.ts';
import type { Organisation } from '../organisation/answers.ts';
import type { Role } from '../storage/schema.ts';
import type { WorkspaceRole } from '../storage/workspace-tables.ts';
import type {
  EmailChange,
  Invitation,
  InvitationPreview,
  ListedSession,
  Member,
  NewInvitation,
  SessionState,
} from './answers.ts';
import type { Accounts } from './build.ts';
import { mustBeEmail } from './email.ts';
import { finishEmailChange, mustKnowPassword, readEmailChange, startEmailChange } from './email-change.ts';
import type { InvitationRow } from './members/invitation-store.ts';
import {
  acceptInvitation,
  createInvitation,
  findUsable,
  isSetup,
  openInvitations,
  revokeInvitation,
  unknownLink,
} from './members/invitations.ts';
import { hasOwner, type MemberRow } from './members/member-store.ts';
import { changeRole, membersOf, removeMember } from './members/members.ts';
import { passkeyPlaceOf } from './passkey-place.ts';
import { cookieName, INVITATION_COOKIE, isHttps } from './sessions/session-cookie.ts';
import type { ListedSession as ListedSessionRow } from './sessions/session-store.ts';
import type { SignedIn } from './sessions/sessions.ts';
import { countAttempts } from './sign-in/attempt-rules.ts';
import { providersOf } from './sign-in/providers.ts';
import { hasPassword } from './user-store.ts';

const BODY_BYTES = 64 * 1024;
const INVITATION_COOKIE_SECONDS = 60 * 60;
const ROLES: readonly Role[] = ['owner', 'admin', 'member'];

export interface AccountRouteServices {
  readonly accounts: Accounts;
  readonly csrfTokenOf: (session: SignedIn) => string;
  /** Undefined: there is none. */
  readonly findOrganisation: (accountId: string) => Promise<Organisation | undefined>;
}

export function accountRoutes(services: AccountRouteServices): Route[] {
  const { accounts } = services;
  return [
    ...accounts.endpoints.map(({ method, path, answer }) =>
      browserRoute(method, `/api/auth${path}`, async (call) =>
        answer(call, method === 'POST' ? await readBody(call.request) : {}),
      ),
    ),
    browserRoute('GET', '/api/dashboard/session', (call) => readSession(services, call)),
    browserRoute('GET', '/api/dashboard/invitations/preview', (call) => previewInvitation(services, call)),
    browserRoute('POST', '/api/dashboard/invitations/accept', (call) => accept(services, call)),
    sessionRoute('GET', '/api/dashboard/invitations', 'admin', async ({ session }) =>
      data((await openInvitations(accounts, session.accountId)).map(invitationJson)),
    ),
    sessionRoute('POST', '/api/dashboard/invitations', 'admin', (call) => invite(services, call)),
    sessionRoute('DELETE', '/api/dashboard/invitations/:id', 'admin', async ({ session, params }) => {
      await revokeInvitation(accounts, session, params['id'] ?? '');
      return data({ deleted: true });
    }),
    sessionRoute('GET', '/api/dashboard/members', 'member', async ({ session }) =>
      data((await membersOf(accounts, session.accountId)).map((row) => memberJson(row, session.userId))),
    ),
    sessionRoute('PATCH', '/api/dashboard/members/:userId', 'admin', async ({ session, params, request }) => {
      const role = readRole(await readBody(request));
      const member = { accountId: session.accountId, userId: params['userId'] ?? '' };
      await changeRole(accounts, session, member, role);
      return data({ user_id: member.userId, role });
    }),
    sessionRoute('DELETE', '/api/dashboard/members/:userId', 'admin', async ({ session, params }) => {
      await removeMember(accounts, session, {
        accountId: session.accountId,
        userId: params['userId'] ?? '',
      });
      return data({ deleted: true });
    }),
    sessionRoute('GET', '/api/dashboard/sessions', 'member', async ({ session }) =>
      data((await accounts.sessions.list(session.userId)).map((row) => sessionJson(row, session.id))),
    ),
    sessionRoute('DELETE', '/api/dashboard/sessions/:id', 'member', async ({ session, params }) => {
      await accounts.sessions.end(session.userId, params['id'] ?? '');
      return data({ deleted: true });
    }),
    sessionRoute('DELETE', '/api/dashboard/sessions', 'member', async ({ session }) => {
      await accounts.sessions.endOthers(session);
      return data({ deleted: true });
    }),
    sessionRoute('POST', '/api/dashboard/email-change', 'member', (call) => changeEmail(accounts, call)),
    sessionRoute('GET', '/api/dashboard/email-change', 'member', async (call) => {
      await countAttempts(accounts.attempts, 'link', { address: call.clientAddress });
      const token = call.url.searchParams.get('token') ?? '';
      return data<EmailChange>({ email: await readEmailChange(accounts, call.session, token) });
    }),
    sessionRoute('POST', '/api/dashboard/email-change/confirm', 'member', async (call) => {
      await countAttempts(accounts.attempts, 'link', { address: call.clientAddress });
      const token = readText(await readBody(call.request), 'token');
      return data<EmailChange>({ email: await finishEmailChange(accounts, call.session, token) });
    }),
  ];
}

async function readSession(services: AccountRouteServices, { request }: Call): Promise<Response> {
  const { accounts } = services;
  const { db } = accounts.database;
  const session = await accounts.sessions.read(request);
  const [account, password, owned] = await Promise.all([
    session === null ? undefined : services.findOrganisation(session.accountId),
    session !== null && hasPassword(db, session.userId),
    hasOwner(db, accounts.accountId),
  ]);
  return data<SessionState>({
    session:
      session === null
        ? null
        : {
            id: session.id,
            user: {
              id: session.userId,
              name: session.name,
              email: session.email,
              email_verified: session.emailVerified,
              two_factor_enabled: session.twoFactorEnabled,
              has_password: password,
            },
            account: {
              ...{ id: session.accountId, name: account?.name ?? '', role: session.role },
              ...{ time_zone: account?.time_zone ?? 'UTC', logo: account?.logo ?? null },
            },
            csrf_token: services.csrfTokenOf(session),
          },
    sign_in: {
      sign_up: accounts.config.accounts.signUp,
      providers: providersOf(accounts.config.accounts),
      mail: accounts.config.mail !== null,
      setup_needed: !owned,
      passkey_host: passkeyPlaceOf(accounts.config.publicUrl).host,
    },
  });
}

async function previewInvitation(services: AccountRouteServices, call: Call): Promise<Response> {
  const { accounts } = services;
  await countAttempts(accounts.attempts, 'link', { address: call.clientAddress });
  const invitation = await findUsable(accounts, call.url.searchParams.get('token') ?? '');
  if (invitation === null) throw unknownLink();
  const account = await services.findOrganisation(invitation.account_id);
  return data<InvitationPreview>({
    email: invitation.email,
    role: invitation.role,
    account_name: account?.name ?? '',
    is_setup: isSetup(invitation),
  });
}

/** Whoever is signed in joins; anybody else gets a cookie that brings the invitation along on the way through a provider. */
async function accept({ accounts }: AccountRouteServices, call: Call): Promise<Response> {
  await countAttempts(accounts.attempts, 'link', { address: call.clientAddress });
  const token = readText(await readBody(call.request), 'token');
  const session = await accounts.sessions.read(call.request);
  if (session !== null) {
    const { account_id, role } = await acceptInvitation(accounts, session, token);
    return data({ joined: true, account_id, role });
  }
  if ((await findUsable(accounts, token)) === null) throw unknownLink();
  const { publicUrl } = accounts.config;
  const cookie = [
    `${cookieName(INVITATION_COOKIE, publicUrl)}=${token}`,
    `Max-Age=${INVITATION_COOKIE_SECONDS}`,
    'Path=/; HttpOnly; SameSite=Lax',
    ...(isHttps(publicUrl) ? ['Secure'] : []),
  ].join('; ');
  return Response.json({ data: { joined: false } }, { headers: { 'set-cookie': cookie } });
}

async function invite(services: AccountRouteServices, call: SessionCall): Promise<Response> {
  const { accounts } = services;
  const { session } = call;
  const body = await readBody(call.request);
  const email = readEmail(body);
  const role = body['role'] === undefined ? 'member' : readRole(body);
  // A link that was mailed shows that its receiver has the mailbox, so nobody else may see it.
  const isMailed = email !== null && accounts.config.mail !== null;
  await countAttempts(accounts.attempts, 'invitation', { account: session.userId });
  if (isMailed) {
    const sender = { address: `user ${session.userId}`, account: email };
    await countAttempts(accounts.attempts, 'invitationMail', sender);
  }
  const workspace = readWorkspace(body);
  const wish = {
    ...{ accountId: session.accountId, email, role, invitedByUserId: session.userId, isMailed },
    ...(workspace === null ? {} : { workspace }),
  };
  const { row, link } = await createInvitation(accounts, wish);
  if (isMailed) {
    const account = await services.findOrganisation(session.accountId);
    const letter = invitationLetter({ accountName: account?.name ?? '', invitedBy: session.name, link });
    accounts.mailer.send(email, letter);
  }
  const answer: NewInvitation = { ...invitationJson(row), link: isMailed ? null : link };
  return Response.json({ data: answer }, { status: 201 });
}

/** Whoever is told to look into a mailbox hears the same, whoever's the mailbox is. */
async function changeEmail(accounts: Accounts, call: SessionCall): Promise<Response> {
  const { session, clientAddress } = call;
  const body = await readBody(call.request);
  const email = readEmail(body);
  if (email === null) throw invalidField('email', 'is required');
  const password = readText(body, 'password');
  await countAttempts(accounts.attempts, 'password', { account: session.userId });
  await mustKnowPassword(accounts, session, password);
  await countAttempts(accounts.attempts, 'changeMail', { address: clientAddress, account: email });
  await startEmailChange(accounts, session, email);
  return data({ sent: true });
}

function invitationJson(row: InvitationRow): Invitation {
  return {
    id: row.id,
    email: row.email,
    role: row.role,
    workspace_id: row.workspace_id,
    workspace_role: row.workspace_role,
    invited_by_user_id: row.invited_by_user_id,
    created_at: isoFromMs(row.created_at_ms),
    expires_at: isoFromMs(row.expires_at_ms),
  };
}

function memberJson(row: MemberRow, ownUserId: string): Member {
  return {
    user_id: row.userId,
    name: row.name,
    email: row.email,
    role: row.role,
    two_factor_enabled: row.twoFactorEnabled,
    joined_at: isoFromMs(row.joinedAtMs),
    is_you: row.userId === ownUserId,
  };
}

function sessionJson(row: ListedSessionRow, currentId: string): ListedSession {
  return {
    id: row.id,
    created_at: isoFromMs(row.createdAtMs),
    last_used_at: isoFromMs(row.lastUsedAtMs),
    expires_at: isoFromMs(row.expiresAtMs),
    ip_address: row.ipAddress,
    user_agent: row.userAgent,
    is_current: row.id === currentId,
  };
}

function readRole(body: JsonObject): Role {
  const role = ROLES.find((known) => known === body['role']);
  if (role === undefined) throw invalidField('role', `must be one of ${ROLES.join(', ')}`);
  return role;
}

/** The workspace that somebody joins beside the organisation; null: none. */
function readWorkspace(body: JsonObject): { id: string; role: WorkspaceRole } | null {
  const { workspace_id: id = null, workspace_role: role = 'member' } = body;
  if (id === null) return null;
  if (typeof id !== 'string' || !UUID.test(id)) throw invalidField('workspace_id', 'must be a UUID, or null');
  if (role !== 'admin' && role !== 'member')
    throw invalidField('workspace_role', 'must be "admin" or "member"');
  return { id: id.toLowerCase(), role };
}

function readEmail(body: JsonObject): string | null {
  const email = body['email'] ?? null;
  if (email === null) return null;
  mustBeEmail(email);
  return email.toLowerCase();
}

function readText(body: JsonObject, field: string): string {
  const value = body[field];
  if (typeof value !== 'string' || value === '') throw invalidField(field, 'is required');
  return value;
}

async function readBody(request: Request): Promise<JsonObject> {
  const value = await readJson(request, BODY_BYTES);
  if (!isJsonObject(value)) throw invalidRequest('The request body must be a JSON object');
  if (!isStorable(value)) throw invalidRequest('The request body must be well-formed Unicode without NUL');
  return value;
}

function data<T>(value: T): Response {
  return Response.json({ data: value });
}
