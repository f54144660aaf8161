/**
 * Objects in S3-compatible storage that the operator names on the command line. Address and keys come from the usual variables
 * (`S3_ENDPOINT` or `AWS_ENDPOINT`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`), which the
 * runtime's own client reads.
 */
import { S3Client } from 'bun';

export interface ObjectWriter {
  /** Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>;
  /** The object is there, whole, once this has resolved, in the place of an earlier one. */
  end(): Promise<void>;
}

/** Of a part of an upload; the least that S3 takes is 5 MiB. */
const PART_BYTES = 8 * 1024 * 1024;

/** `s3://bucket/prefix`; null: it is no such address. */
export function parseObjectUrl(url: string): { readonly bucket: string; readonly prefix: string } | null {
  const [, bucket, prefix = ''] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(url) ?? [];
  return bucket === undefined ? null : { bucket, prefix: prefix.replace(/\/+$/, '') };
}

export function writeObject(bucket: string, key: string, type: string): ObjectWriter {
  const writer = new S3Client({ bucket })
    .file(key)
    .writer({ type, partSize: PART_BYTES, queueSize: 2, retry: 3 });
  return {
    write: async (bytes) => {
      await writer.write(bytes);
      await writer.flush();
    },
    end: async () => {
      await writer.end();
    },
  };
}
