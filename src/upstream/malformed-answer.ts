/** A provider's answer that breaks the rules of HTTP/1.1 as `response-parser.ts` holds them, or its bounds. */
export class MalformedAnswer extends Error {
  readonly kind: 'malformed' | 'too-large';

  constructor(message: string, kind: 'malformed' | 'too-large' = 'malformed') {
    super(message);
    this.kind = kind;
  }
}
