/**
 * `POST /oauth/token`: which grant a request asks for. With a `grant_type` it is a standard client, which reads errors as RFC 6749
 * (5.2) has them; without one it is the older way of OpenRouter's samples, and the envelope is as everywhere else.
 */
import { invalidRequest } from '../errors.ts';
import { isJsonObject, isStorable, type JsonObject } from '../json.ts';
import { AUTHORIZATION_PARAMETERS } from './authorization/authorization-request.ts';
import { inStandardShape, oauthError } from './oauth-error.ts';

/** What a grant sees of the call beside its fields. */
export interface GrantCall {
  readonly request: Request;
  readonly requestId: string;
  readonly clientAddress: string;
}

/** Parameters sent without a value are left out (RFC 6749, 3.2). */
export type Fields = ReadonlyMap<string, string>;

/** Answers, or throws an `oauthError`; whatever else it throws is put into the shape that the caller understands. */
export type Grant = (fields: Fields, call: GrantCall) => Promise<Response>;

export interface TokenEndpoint {
  /** By `grant_type`. */
  readonly grants: Readonly<Record<string, Grant>>;
  /** For requests that name no `grant_type`. */
  readonly withoutType: Grant;
}

export async function answerToken(
  endpoint: TokenEndpoint,
  fields: Fields,
  call: GrantCall,
): Promise<Response> {
  const type = fields.get('grant_type');
  if (type === undefined) return await endpoint.withoutType(fields, call);
  try {
    const grant = Object.hasOwn(endpoint.grants, type) ? endpoint.grants[type] : undefined;
    if (grant === undefined)
      throw oauthError('unsupported_grant_type', `grant_type: ${knownTypes(endpoint)}`);
    return await grant(fields, call);
  } catch (thrown) {
    throw inStandardShape(thrown);
  }
}

/** From a form, whose names are unique already. */
export function fieldsOfForm(form: URLSearchParams): Fields {
  const fields = [...form].filter(([, value]) => value !== '');
  for (const [name, value] of fields) mustBeStorable(name, value);
  return new Map(fields);
}

/** What any of the endpoints reads; all else that comes along is ignored, whatever it is (RFC 6749, 3.2). */
const PARAMETERS = [
  ...AUTHORIZATION_PARAMETERS,
  ...['grant_type', 'client_secret', 'code', 'code_verifier', 'device_code', 'token'],
  ...['subject_token', 'subject_token_type', 'requested_token_type', 'federation_policy_id'],
];

/** From a JSON object of texts, which OpenRouter's samples send; null is as good as left out. */
export function fieldsOfJson(body: unknown): Fields {
  if (!isJsonObject(body)) {
    throw invalidRequest('Invalid request parameters: The request body must be an object');
  }
  try {
    return textsOf(body);
  } catch (thrown) {
    throw isGiven(body['grant_type']) ? inStandardShape(thrown) : thrown;
  }
}

function textsOf(body: JsonObject): Fields {
  const fields = new Map<string, string>();
  for (const name of PARAMETERS) {
    const value = Object.hasOwn(body, name) ? body[name] : null;
    if (!isGiven(value)) continue;
    if (typeof value !== 'string')
      throw invalidRequest(`Invalid request parameters: ${name}: must be a string`);
    mustBeStorable(name, value);
    fields.set(name, value);
  }
  return fields;
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/** Nothing that we ever gave to anybody is otherwise. */
function mustBeStorable(name: string, value: string): void {
  if (isStorable(value)) return;
  throw invalidRequest(`Invalid request parameters: ${name}: must be well-formed Unicode without NUL`);
}

function knownTypes({ grants }: TokenEndpoint): string {
  return `must be one of ${Object.keys(grants).join(', ')}`;
}
