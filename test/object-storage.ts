/**
 * S3-compatible storage in this process: objects in memory, put whole or in parts (PutObject, CreateMultipartUpload, UploadPart,
 * CompleteMultipartUpload of the S3 API). It checks each signature against the secret (AWS Signature Version 4), payload included.
 */
import { createHash, createHmac } from 'node:crypto';

export interface ObjectStorage extends AsyncDisposable {
  readonly url: string;
  readonly objects: ReadonlyMap<string, Uint8Array>;
  /** How requests were refused, if any were. */
  readonly refusals: readonly string[];
}

export const STORAGE_KEY = { id: 'storage-key-id', secret: 'storage-secret-canary-2b7f' };

export function startObjectStorage(): ObjectStorage {
  const objects = new Map<string, Uint8Array>();
  const uploads = new Map<string, Map<number, Uint8Array>>();
  const refusals: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    maxRequestBodySize: 64 * 1024 * 1024,
    async fetch(request) {
      const url = new URL(request.url);
      const body = await request.bytes();
      const refusal = signatureFault(request, url, body);
      if (refusal !== null) {
        refusals.push(refusal);
        return new Response('<Error><Code>SignatureDoesNotMatch</Code></Error>', { status: 403 });
      }
      const name = decodeURIComponent(url.pathname.slice(1));
      const uploadId = url.searchParams.get('uploadId');
      if (request.method === 'POST' && url.searchParams.has('uploads')) {
        const id = crypto.randomUUID();
        uploads.set(id, new Map());
        return new Response(
          `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
        );
      }
      if (request.method === 'PUT' && uploadId !== null) {
        uploads.get(uploadId)?.set(Number(url.searchParams.get('partNumber')), body);
        return new Response(null, { headers: { etag: `"${createHash('md5').update(body).digest('hex')}"` } });
      }
      if (request.method === 'POST' && uploadId !== null) {
        const parts = [...(uploads.get(uploadId) ?? [])].sort(([one], [other]) => one - other);
        objects.set(name, Buffer.concat(parts.map(([, part]) => part)));
        return new Response('<CompleteMultipartUploadResult></CompleteMultipartUploadResult>');
      }
      if (request.method !== 'PUT') return new Response(null, { status: 405 });
      objects.set(name, body);
      return new Response(null, { headers: { etag: `"${createHash('md5').update(body).digest('hex')}"` } });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    objects,
    refusals,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();

/** Null: it is right. */
function signatureFault(request: Request, url: URL, body: Uint8Array): string | null {
  const given =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      request.headers.get('authorization') ?? '',
    );
  if (given === null) return 'no signature';
  const [, credential = '', signedHeaders = '', signature] = given;
  const [id, day = '', region = '', service = '', end = ''] = credential.split('/');
  if (id !== STORAGE_KEY.id) return 'unknown key';
  const hash = request.headers.get('x-amz-content-sha256') ?? '';
  if (hash !== 'UNSIGNED-PAYLOAD' && hash !== sha256(body)) return 'another payload';
  const query = [...url.searchParams]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join('&');
  const headers = signedHeaders
    .split(';')
    .map((name) => `${name}:${(request.headers.get(name) ?? '').trim()}\n`);
  const canonical = [request.method, url.pathname, query, headers.join(''), signedHeaders, hash].join('\n');
  const scope = [day, region, service, end].join('/');
  const date = request.headers.get('x-amz-date') ?? '';
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const key = [region, service, end].reduce<Buffer>(
    (made, part) => hmac(made, part),
    hmac(`AWS4${STORAGE_KEY.secret}`, day),
  );
  return hmac(key, text).toString('hex') === signature
    ? null
    : `another signature of ${request.method} ${url.pathname}`;
}
