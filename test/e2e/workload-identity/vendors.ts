/**
 * The token endpoints of five vendors, and an API behind each, as their documentation has them: our token is verified against what the
 * gateway publishes, every field of the exchange is judged, and the API takes nothing but what was given out.
 */
import { createLocalJWKSet, type JWTPayload, jwtVerify } from 'jose';

export const SUBJECT = 'turnpike-of-acme';
export const GOOGLE_PROVIDER =
  '//iam.googleapis.com/projects/123456/locations/global/workloadIdentityPools/pool/providers/turnpike';
const ROLE = 'arn:aws:iam::123456789012:role/turnpike';

export type VendorName = 'openai' | 'anthropic' | 'google' | 'aws' | 'azure';

export interface ApiRequest {
  readonly path: string;
  readonly headers: Record<string, string>;
}

/** Instead of what the documentation says. */
export type Fault = (request: {
  readonly path: string;
  readonly text: string;
}) => Response | null | Promise<Response | null>;

export interface Vendors extends AsyncDisposable {
  readonly url: string;
  readonly tokenUrl: string;
  /** Tokens that were given out, latest last. */
  readonly given: string[];
  /** Our own tokens, verified. */
  readonly shown: JWTPayload[];
  readonly exchanges: {
    readonly path: string;
    readonly headers: Record<string, string>;
    readonly text: string;
  }[];
  readonly api: ApiRequest[];
  lifeSeconds: number;
  fault: Fault | null;
  /** Whether the API takes a token; default: the latest. */
  takes: (token: string) => boolean;
}

const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';

interface Asked {
  readonly fields: Record<string, string>;
  readonly headers: Record<string, string>;
}

interface Rule {
  readonly audience: string;
  /** Our token, when everything else is right. */
  assertion(asked: Asked): string | null;
  answer(token: string, lifeSeconds: number): Response;
}

function fieldsAre(
  fields: Record<string, string>,
  wanted: Record<string, string>,
  token: string,
): string | null {
  const { [token]: assertion, ...others } = fields;
  return Bun.deepEquals(others, wanted) ? (assertion ?? null) : null;
}

const bearer = (token: string, lifeSeconds: number) =>
  Response.json({ access_token: token, token_type: 'Bearer', expires_in: lifeSeconds });

/** What each vendor wants, in the words of its documentation. */
const RULES: Record<VendorName, Rule> = {
  openai: {
    audience: 'https://api.openai.com/v1',
    assertion: ({ fields, headers }) =>
      headers['content-type'] !== 'application/json'
        ? null
        : fieldsAre(
            fields,
            {
              grant_type: TOKEN_EXCHANGE,
              subject_token_type: JWT_TYPE,
              identity_provider_id: 'idp_1',
              service_account_id: 'user-svc-1',
            },
            'subject_token',
          ),
    answer: (token, lifeSeconds) =>
      Response.json({
        ...{ access_token: token, token_type: 'Bearer', expires_in: lifeSeconds },
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      }),
  },
  anthropic: {
    audience: 'https://api.anthropic.com',
    assertion: ({ fields, headers }) =>
      headers['content-type'] !== 'application/json' ||
      headers['anthropic-beta']?.includes('oidc-federation-2026-04-01') !== true
        ? null
        : fieldsAre(
            fields,
            {
              grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
              federation_rule_id: 'fdrl_1',
              organization_id: '00000000-0000-0000-0000-000000000001',
              service_account_id: 'svac_1',
              workspace_id: 'wrkspc_1',
            },
            'assertion',
          ),
    answer: bearer,
  },
  google: {
    audience: `https:${GOOGLE_PROVIDER}`,
    assertion: ({ fields, headers }) =>
      headers['authorization'] !== undefined
        ? null
        : fieldsAre(
            fields,
            {
              grant_type: TOKEN_EXCHANGE,
              audience: GOOGLE_PROVIDER,
              scope: 'https://www.googleapis.com/auth/cloud-platform',
              requested_token_type: 'urn:ietf:params:oauth:token-type:access_token',
              subject_token_type: JWT_TYPE,
            },
            'subject_token',
          ),
    answer: bearer,
  },
  aws: {
    audience: 'sts.amazonaws.com',
    assertion: ({ fields }) =>
      fieldsAre(
        fields,
        {
          Action: 'AssumeRoleWithWebIdentity',
          Version: '2011-06-15',
          RoleArn: ROLE,
          RoleSessionName: 'turnpike',
          DurationSeconds: '3600',
        },
        'WebIdentityToken',
      ),
    answer: (token, lifeSeconds) =>
      new Response(
        `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>${SUBJECT}</SubjectFromWebIdentityToken>
    <Audience>sts.amazonaws.com</Audience>
    <AssumedRoleUser>
      <Arn>arn:aws:sts::123456789012:assumed-role/turnpike/turnpike</Arn>
      <AssumedRoleId>AROACLKWSDQRAOEXAMPLE:turnpike</AssumedRoleId>
    </AssumedRoleUser>
    <Credentials>
      <SessionToken>${token}</SessionToken>
      <SecretAccessKey>wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY</SecretAccessKey>
      <Expiration>${new Date(Date.now() + lifeSeconds * 1000).toISOString()}</Expiration>
      <AccessKeyId>ASgeIAIOSFODNN7EXAMPLE</AccessKeyId>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>`,
        { headers: { 'content-type': 'text/xml' } },
      ),
  },
  azure: {
    audience: 'api://AzureADTokenExchange',
    assertion: ({ fields }) =>
      fieldsAre(
        fields,
        {
          grant_type: 'client_credentials',
          client_id: 'client-1',
          scope: 'https://cognitiveservices.azure.com/.default',
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        },
        'client_assertion',
      ),
    answer: (token, lifeSeconds) =>
      Response.json({
        token_type: 'Bearer',
        expires_in: lifeSeconds,
        ext_expires_in: lifeSeconds,
        access_token: token,
      }),
  },
};

/** For turnpike.yaml. */
export function identityOf(name: VendorName, { tokenUrl, url }: Pick<Vendors, 'tokenUrl' | 'url'>): object {
  const shared = { exchange: name, subject: SUBJECT, token_url: tokenUrl };
  switch (name) {
    case 'openai':
      return { ...shared, identity_provider_id: 'idp_1', service_account_id: 'user-svc-1' };
    case 'anthropic':
      return {
        ...shared,
        federation_rule_id: 'fdrl_1',
        organization_id: '00000000-0000-0000-0000-000000000001',
        service_account_id: 'svac_1',
        workspace_id: 'wrkspc_1',
      };
    case 'google':
      return { ...shared, provider: GOOGLE_PROVIDER, impersonation_url: `${url}/impersonate` };
    case 'aws':
      return { ...shared, role_arn: ROLE };
    case 'azure':
      return { ...shared, tenant_id: 'tenant-1', client_id: 'client-1' };
  }
}

/** `issuer`: where the gateway publishes its keys, asked as vendors do, by discovery. `nowMs`: the time of both. */
export function startVendor(name: VendorName, issuer: () => string, nowMs: () => number = Date.now): Vendors {
  const rule = RULES[name];
  let poolToken: string | null = null;
  const state: Omit<Vendors, 'url' | 'tokenUrl' | typeof Symbol.asyncDispose> = {
    ...{ given: [], shown: [], exchanges: [], api: [], lifeSeconds: 3600, fault: null },
    takes: (token) => token === state.given.at(-1),
  };
  const give = () => {
    const token = `${name}-token-${crypto.randomUUID()}`;
    state.given.push(token);
    return token;
  };
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const path = new URL(request.url).pathname;
      const headers = Object.fromEntries(request.headers);
      const text = await request.text();
      if (path !== '/token' && path !== '/impersonate') {
        state.api.push({ path, headers });
        const token =
          headers['x-amz-security-token'] ?? headers['authorization']?.replace('Bearer ', '') ?? '';
        if (state.takes(token)) return apiAnswer(path.endsWith('/chat/completions') ? 'openai' : name);
        return Response.json({ error: { message: `not ${token}`, code: 'invalid_token' } }, { status: 401 });
      }
      state.exchanges.push({ path, headers, text });
      const faulty = (await state.fault?.({ path, text })) ?? null;
      if (faulty !== null) return faulty;
      if (path === '/impersonate') {
        if (headers['authorization'] !== `Bearer ${poolToken}`) return new Response(null, { status: 403 });
        const expireTime = new Date(nowMs() + state.lifeSeconds * 1000).toISOString();
        return Response.json({ accessToken: give(), expireTime });
      }
      const isJson = headers['content-type'] === 'application/json';
      const fields = isJson ? JSON.parse(text) : Object.fromEntries(new URLSearchParams(text));
      const assertion = rule.assertion({ fields, headers });
      if (assertion === null) return Response.json({ error: 'invalid_request' }, { status: 400 });
      const verified = await verifiedOf(assertion, rule.audience, issuer(), nowMs());
      if (verified === null) return Response.json({ error: 'invalid_grant' }, { status: 401 });
      if (state.shown.some(({ jti }) => jti === verified.jti))
        return Response.json({ error: 'invalid_grant', error_description: 'jti replayed' }, { status: 401 });
      state.shown.push(verified);
      if (name !== 'google') return rule.answer(give(), state.lifeSeconds);
      poolToken = `pool-token-${crypto.randomUUID()}`;
      return rule.answer(poolToken, state.lifeSeconds);
    },
  });
  const url = `http://127.0.0.1:${server.port}`;
  return Object.assign(state, {
    url,
    tokenUrl: `${url}/token`,
    [Symbol.asyncDispose]: () => server.stop(true),
  });
}

async function verifiedOf(
  token: string,
  audience: string,
  issuer: string,
  nowMs: number,
): Promise<JWTPayload | null> {
  const document = (await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()) as {
    issuer: string;
    jwks_uri: string;
  };
  if (document.issuer !== issuer) return null;
  const keys = createLocalJWKSet((await (await fetch(document.jwks_uri)).json()) as { keys: [] });
  try {
    const { payload } = await jwtVerify(token, keys, {
      ...{ issuer, audience, subject: SUBJECT, algorithms: ['RS256'] },
      requiredClaims: ['iat', 'exp', 'jti'],
      maxTokenAge: '10m',
      currentDate: new Date(nowMs),
    });
    return payload;
  } catch {
    return null;
  }
}

function apiAnswer(name: VendorName): Response {
  if (name === 'anthropic')
    return Response.json({
      ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'm', stop_reason: 'end_turn' },
      ...{ stop_sequence: null, content: [{ type: 'text', text: 'hello' }] },
      usage: { input_tokens: 5, output_tokens: 2 },
    });
  if (name === 'google')
    return Response.json({
      candidates: [
        { content: { role: 'model', parts: [{ text: 'hello' }] }, finishReason: 'STOP', index: 0 },
      ],
      usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 2, totalTokenCount: 7 },
    });
  if (name === 'aws')
    return Response.json({
      output: { message: { role: 'assistant', content: [{ text: 'hello' }] } },
      ...{ stopReason: 'end_turn', usage: { inputTokens: 5, outputTokens: 2, totalTokens: 7 } },
      metrics: { latencyMs: 1 },
    });
  return Response.json({
    ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'm' },
    choices: [{ index: 0, message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  });
}
