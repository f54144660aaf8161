/** Tells somebody who followed a link from a program that asks for data: the one is shown an error, the other is sent it. */

export function wantsPage(request: Request): boolean {
  const { method, headers } = request;
  return (method === 'GET' || method === 'HEAD') && /\btext\/html\b/i.test(headers.get('accept') ?? '');
}
