/** What a Gemini model's name says of it. Aliases (`gemini-flash-latest`) stand for the newest. */

const NEWEST = 3;

/** `2.5` for `gemini-2.5-pro`; null: it is no Gemini. */
export function generationOf(upstreamModel: string): number | null {
  const name = nameOf(upstreamModel);
  if (!name.startsWith('gemini-')) return null;
  const version = /^gemini-(\d+(?:\.\d+)?)/.exec(name)?.[1];
  return version === undefined ? NEWEST : Number(version);
}

export function isPro(upstreamModel: string): boolean {
  return /^gemini-(?:[\d.]+-)?pro\b/.test(nameOf(upstreamModel));
}

export function isFlashLite(upstreamModel: string): boolean {
  return nameOf(upstreamModel).includes('flash-lite');
}

/** Gemma up to the third generation knows no instructions beside the conversation. */
export function takesInstructions(upstreamModel: string): boolean {
  return !/^gemma-[123]\b/.test(nameOf(upstreamModel));
}

function nameOf(upstreamModel: string): string {
  return upstreamModel.slice(upstreamModel.lastIndexOf('/') + 1).toLowerCase();
}
