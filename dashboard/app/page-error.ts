/** The error that the gateway answered this very page with, from the document itself. */

export interface PageError {
  readonly code: string;
  readonly message: string;
}

export function readPageError(): PageError | null {
  const content = document.querySelector('meta[name="turnpike-error"]')?.getAttribute('content');
  return content == null ? null : (JSON.parse(content) as PageError);
}
