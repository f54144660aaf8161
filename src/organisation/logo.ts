/**
 * A picture that somebody uploaded, drawn anew: its pixels are decoded and written into a PNG of ours, so that nothing else of the file
 * comes along (a script, a place that a photo was taken at, a second file behind the first).
 */
import { createHash } from 'node:crypto';
import { invalidField } from '../errors.ts';

/** Shown at 32 pixels, on the densest screens at four times that; on the page of the settings larger. */
const LONGEST_SIDE = 256;
export const MAX_LOGO_BYTES = 1024 * 1024;
/** What a phone takes; a small file may claim to be larger than memory. */
const MAX_PIXELS = 24_000_000;

/** By its first bytes, whatever its name was. An SVG is a document that can run scripts: it is none of these. */
function formatOf(bytes: Uint8Array): 'png' | 'jpeg' | 'webp' | null {
  const text = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  return text.startsWith('RIFF') && text.endsWith('WEBP') ? 'webp' : null;
}

/** 400 for what is not a PNG, JPEG or WebP, is too large, or cannot be decoded. `png` in base64, `hash` of its bytes in hex. */
export async function drawLogo(bytes: Uint8Array): Promise<{ readonly hash: string; readonly png: string }> {
  if (bytes.length > MAX_LOGO_BYTES)
    throw invalidField('image', `must have at most ${MAX_LOGO_BYTES / 1024} KB`);
  if (formatOf(bytes) === null) throw invalidField('image', 'must be a PNG, a JPEG or a WebP');
  const drawn = await new Bun.Image(bytes, { maxPixels: MAX_PIXELS })
    .resize(LONGEST_SIDE, LONGEST_SIDE, { fit: 'inside', withoutEnlargement: true })
    .png()
    .bytes()
    .catch((error: unknown) => {
      const isLarge = (error as { code?: string }).code === 'ERR_IMAGE_TOO_MANY_PIXELS';
      throw invalidField(
        'image',
        isLarge ? `must have at most ${MAX_PIXELS / 1e6} million pixels` : 'is damaged: it cannot be decoded',
      );
    });
  const png = withoutExtras(drawn);
  return {
    hash: createHash('sha256').update(png).digest('hex'),
    png: Buffer.from(png).toString('base64'),
  };
}

/** What a PNG is drawn from; the rest describes it (ISO/IEC 15948, 5.6), and the encoder brings a colour profile along as it was. */
const DRAWN_FROM: ReadonlySet<string> = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND']);
const SIGNATURE_BYTES = 8;
/** Of a chunk, around its data: length, name and checksum. */
const FRAME_BYTES = 12;

function withoutExtras(png: Uint8Array): Uint8Array {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const kept = [png.subarray(0, SIGNATURE_BYTES)];
  for (let at = SIGNATURE_BYTES; at + FRAME_BYTES <= png.length; ) {
    const end = at + FRAME_BYTES + view.getUint32(at);
    if (DRAWN_FROM.has(Buffer.from(png.subarray(at + 4, at + 8)).toString('latin1')))
      kept.push(png.subarray(at, end));
    at = end;
  }
  return Buffer.concat(kept);
}
