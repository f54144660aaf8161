/** What the pages hear of apps: those that are registered, and what one asks for. */
import { z } from 'zod';
import { pageKey } from '../keys/answers.ts';

const moment = z.iso.datetime();

export const app = z.strictObject({
  id: z.string(),
  client_id: z.string(),
  name: z.string(),
  redirect_uris: z.array(z.string()).readonly(),
  /** It cannot keep a secret, and has none. */
  is_public: z.boolean(),
  /** It registered itself. */
  is_dynamic: z.boolean(),
  created_at: moment,
  last_used_at: moment.nullable(),
});

/** Just made, or with a new secret: in this answer and in no other; null for a public app. */
export const appWithSecret = app.extend({ client_secret: z.string().nullable() });

/** An app that somebody said yes to. */
export const grant = z.strictObject({
  id: z.string(),
  /** Null: nobody vouches for who it is. */
  name: z.string().nullable(),
  client_id: z.string().nullable(),
  registered_itself: z.boolean(),
  /** Whether its registration is managed here. */
  is_ours: z.boolean(),
  granted_at: moment,
  /** Those that are not revoked. */
  keys: z.array(pageKey).readonly(),
  /** All that it ever had. */
  key_hashes: z.array(z.string()).readonly(),
});

/** What an app asks for, and what its user may make of it. */
export const proposal = z.strictObject({
  app: z.strictObject({
    name: z.string(),
    /** In ASCII, with its port, and with its scheme where that is an editor's; null where no callback tells who asks. */
    host: z.string().nullable(),
    origin: z.string().nullable(),
    is_local: z.boolean(),
    /** As it was registered here; null: nobody registered it. */
    client_name: z.string().nullable(),
    /** It registered itself under that name, which may be anybody's. */
    is_dynamic: z.boolean(),
    callback_url: z.string().nullable(),
  }),
  /** Of a device alone. */
  client_name: z.string().optional(),
  challenge_method: z.string().nullable(),
  headless: z.boolean(),
  key: z.strictObject({
    label: z.string(),
    limit: z.number().nullable(),
    usage_limit_type: z.enum(['daily', 'weekly', 'monthly']).nullable(),
    expires_at: moment.nullable(),
    workspace_id: z.string(),
  }),
  workspaces: z.array(z.strictObject({ id: z.string(), name: z.string() })).readonly(),
  account: z.strictObject({ id: z.string(), name: z.string() }),
  /** Names this one showing of the page; a device has none. */
  consent_id: z.string().optional(),
  /** Seconds. */
  expires_in: z.number(),
});

export const shownCode = z.strictObject({ code: z.string(), expires_at: moment, key_label: z.string() });

/** Of what the gateway tells OAuth libraries of itself (RFC 8414), the addresses that pages show. */
export const serverMetadata = z.object({
  issuer: z.string(),
  authorization_endpoint: z.string(),
  token_endpoint: z.string(),
  device_authorization_endpoint: z.string(),
  /** Only where apps may register themselves. */
  registration_endpoint: z.string().optional(),
});

export type App = z.infer<typeof app>;
export type AppWithSecret = z.infer<typeof appWithSecret>;
export type Grant = z.infer<typeof grant>;
export type Proposal = z.infer<typeof proposal>;
export type ShownCode = z.infer<typeof shownCode>;
export type ServerMetadata = z.infer<typeof serverMetadata>;
