/** Files of a form, `multipart/form-data` (RFC 7578), one after the other as their bytes come: none is held in memory. */
import { invalidRequest } from '../errors.ts';

export interface FormPart {
  /** Null: a field, and no file. */
  readonly filename: string | null;
  /** To be read to its end, or not at all, before the next one is asked for. */
  readonly body: AsyncGenerator<Uint8Array>;
}

/** The boundary that a content type names; null: it is no form of files. */
export function boundaryOf(contentType: string | null): string | null {
  const match = /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(
    contentType ?? '',
  );
  return match?.[1] ?? match?.[2] ?? null;
}

const MAX_HEAD_BYTES = 16 * 1024;
const CUT_OFF = 'The form ends within a part; is its boundary right?';

/** Throws a 400 for what is no form of that boundary. */
export async function* formParts(
  pieces: AsyncIterable<Uint8Array>,
  boundary: string,
): AsyncGenerator<FormPart> {
  const source = pieces[Symbol.asyncIterator]();
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // What is in front of the first one needs no line break.
  let held: Buffer = Buffer.from('\r\n');
  const more = async (): Promise<boolean> => {
    const { value, done } = await source.next();
    if (done === true) return false;
    held = Buffer.concat([held, value]);
    return true;
  };
  const until = async (mark: Buffer | string, most: number): Promise<Buffer> => {
    for (;;) {
      const at = held.indexOf(mark);
      if (at !== -1) {
        const before = held.subarray(0, at);
        held = held.subarray(at + mark.length);
        return before;
      }
      if (held.length > most || !(await more())) throw invalidRequest(CUT_OFF);
    }
  };
  async function* bodyOf(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const at = held.indexOf(delimiter);
      if (at !== -1) {
        const last = held.subarray(0, at);
        held = held.subarray(at + delimiter.length);
        if (last.length > 0) yield last;
        return;
      }
      const sure = held.length - delimiter.length + 1;
      if (sure > 0) {
        const piece = held.subarray(0, sure);
        held = held.subarray(sure);
        yield piece;
      }
      if (!(await more())) throw invalidRequest(CUT_OFF);
    }
  }
  try {
    await until(delimiter, MAX_HEAD_BYTES);
    for (;;) {
      while (held.length < 2) if (!(await more())) throw invalidRequest(CUT_OFF);
      if (held.subarray(0, 2).toString('latin1') === '--') return;
      const head = await until('\r\n\r\n', MAX_HEAD_BYTES);
      const body = bodyOf();
      yield { filename: filenameOf(head.toString()), body };
      for await (const _ of body);
    }
  } finally {
    await source.return?.();
  }
}

function filenameOf(head: string): string | null {
  const match = /^content-disposition:[^\r\n]*;\s*filename=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))/im.exec(head);
  return match === null
    ? null
    : (match[1] ?? match[2] ?? '').replaceAll(/\\(.)/g, '$1').replaceAll('%22', '"');
}
