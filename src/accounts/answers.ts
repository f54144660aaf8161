/** What the pages hear of people: who is signed in and how one may, members, invitations, sessions, ways of signing in. */
import { z } from 'zod';
import { organisation } from '../organisation/answers.ts';

const moment = z.iso.datetime();

export const role = z.enum(['owner', 'admin', 'member']);

export const signInProvider = z.strictObject({
  id: z.string(),
  name: z.string(),
  kind: z.enum(['social', 'oidc']),
});

export const session = z.strictObject({
  id: z.string(),
  user: z.strictObject({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    email_verified: z.boolean(),
    two_factor_enabled: z.boolean(),
    has_password: z.boolean(),
  }),
  account: organisation.extend({ role }),
  /** To be sent with each change. */
  csrf_token: z.string(),
});

export const sessionState = z.strictObject({
  session: session.nullable(),
  sign_in: z.strictObject({
    sign_up: z.enum(['open', 'invitation', 'closed']),
    providers: z.array(signInProvider).readonly(),
    /** False: the gateway sends no mail, and whoever runs it finds links in its log. */
    mail: z.boolean(),
    setup_needed: z.boolean(),
    /** The name that passkeys are made for; null: they work nowhere here. */
    passkey_host: z.string().nullable(),
  }),
});

export const member = z.strictObject({
  user_id: z.string(),
  name: z.string(),
  email: z.string(),
  role,
  two_factor_enabled: z.boolean(),
  joined_at: moment,
  is_you: z.boolean(),
});

export const invitation = z.strictObject({
  id: z.string(),
  /** Null: whoever has the link. */
  email: z.string().nullable(),
  role,
  /** The workspace that they join beside the organisation, and their role there; null: none. */
  workspace_id: z.string().nullable(),
  workspace_role: z.enum(['admin', 'member']).nullable(),
  /** Null: the command line. */
  invited_by_user_id: z.string().nullable(),
  created_at: moment,
  expires_at: moment,
});

/** `link` is null where it was mailed. */
export const newInvitation = invitation.extend({ link: z.string().nullable() });

/** As whoever was invited sees it. */
export const invitationPreview = z.strictObject({
  email: z.string().nullable(),
  role,
  account_name: z.string(),
  is_setup: z.boolean(),
});

export const listedSession = z.strictObject({
  id: z.string(),
  created_at: moment,
  last_used_at: moment,
  expires_at: moment,
  ip_address: z.string().nullable(),
  user_agent: z.string().nullable(),
  is_current: z.boolean(),
});

export const emailChange = z.strictObject({ email: z.string() });

/** An account at a provider. */
export const signInMethod = z.strictObject({
  id: z.string(),
  providerId: z.string(),
  createdAt: moment.nullable(),
  /** Nothing else would let its owner in. */
  isLast: z.boolean(),
});

/** As the sign-in library tells of it, which tells more. */
export const passkey = z.object({
  id: z.string(),
  name: z.string().nullable(),
  createdAt: moment.nullable(),
});

/** For an authenticator app, as `otpauth:`; takes effect with the first code that is verified. */
export const twoFactorSetup = z.object({ totpURI: z.string(), backupCodes: z.array(z.string()).readonly() });

export const recoveryCodes = z.object({ backupCodes: z.array(z.string()).readonly() });

/** Where to go on at a provider. */
export const providerRedirect = z.object({ url: z.string().optional() });

/** The password was right, and perhaps a code must follow. */
export const passwordAccepted = z.object({ twoFactorRedirect: z.boolean().optional() });

export const joined = z.strictObject({
  joined: z.boolean(),
  account_id: z.string().optional(),
  role: role.optional(),
});

export type Role = z.infer<typeof role>;
export type Session = z.infer<typeof session>;
export type SignInProvider = z.infer<typeof signInProvider>;
export type SessionState = z.infer<typeof sessionState>;
export type Member = z.infer<typeof member>;
export type Invitation = z.infer<typeof invitation>;
export type NewInvitation = z.infer<typeof newInvitation>;
export type InvitationPreview = z.infer<typeof invitationPreview>;
export type ListedSession = z.infer<typeof listedSession>;
export type EmailChange = z.infer<typeof emailChange>;
export type SignInMethod = z.infer<typeof signInMethod>;
export type TwoFactorSetup = z.infer<typeof twoFactorSetup>;
export type RecoveryCodes = z.infer<typeof recoveryCodes>;
export type ProviderRedirect = z.infer<typeof providerRedirect>;
export type PasswordAccepted = z.infer<typeof passwordAccepted>;
export type Joined = z.infer<typeof joined>;
export type Passkey = z.infer<typeof passkey>;
