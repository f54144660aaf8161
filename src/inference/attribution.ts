/** Who the app says it is: three optional headers from strangers, decoded and bounded; nothing of them is ever sent on. */
import type { Attribution, DoorName } from '../metering/settle.ts';

const MAX_CHARACTERS = 256;

/** The categories that OpenRouter recognises; others are dropped in silence. */
const CATEGORIES = new Set([
  'cli-agent',
  'ide-extension',
  'cloud-agent',
  'programming-app',
  'native-app-builder',
  'creative-writing',
  'video-gen',
  'image-gen',
  'audio-gen',
  'writing-assistant',
  'general-chat',
  'personal-agent',
  'legal',
  'roleplay',
  'game',
]);
const MAX_CATEGORIES = 2;

/** In which clients say their session: OpenRouter's own, Claude Code's, Codex's, opencode's. */
const SESSION_HEADERS = ['x-session-id', 'x-claude-code-session-id', 'session-id', 'x-session-affinity'];

export function attributionOf(
  headers: Headers,
  sessionId: string | null,
  endUser: string | null,
  door: DoorName,
  tags: string | null,
): Attribution {
  const referer = refererOf(headers.get('http-referer') ?? headers.get('referer'));
  const title = textOf(headers.get('x-openrouter-title') ?? headers.get('x-title'));
  const isTracked = referer !== null && (title !== null || !isLocal(referer));
  return {
    referer: isTracked ? referer.href.slice(0, MAX_CHARACTERS) : null,
    title: isTracked ? title : null,
    categories: isTracked ? categoriesOf(headers.get('x-openrouter-categories')) : null,
    userAgent: textOf(headers.get('user-agent')),
    sessionId: sessionId ?? firstTextOf(headers, SESSION_HEADERS),
    agentId: textOf(headers.get('x-claude-code-agent-id')),
    parentAgentId: textOf(headers.get('x-claude-code-parent-agent-id')),
    agentClass: textOf(headers.get('x-claude-code-request-class')),
    endUser,
    door,
    tags,
  };
}

function firstTextOf(headers: Headers, names: readonly string[]): string | null {
  for (const name of names) {
    const text = textOf(headers.get(name));
    if (text !== null) return text;
  }
  return null;
}

/** Query and fragment stay behind: they may hold what is none of our business. */
function refererOf(value: string | null): URL | null {
  if (value === null || value.length > 4096 || !URL.canParse(value)) return null;
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null;
  url.search = '';
  url.hash = '';
  url.username = '';
  url.password = '';
  return url;
}

function isLocal(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '127.0.0.1' || url.hostname === '[::1]';
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes.
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g;

/** Header bytes reach us as Latin-1; what is UTF-8 underneath is read as that. */
function textOf(value: string | null): string | null {
  if (value === null || value === '') return null;
  const text = isAscii(value) ? value : decoded(value);
  const clean = text.replace(CONTROL, ' ').trim().slice(0, MAX_CHARACTERS);
  return clean === '' ? null : clean.toWellFormed();
}

function isAscii(value: string): boolean {
  for (let at = 0; at < value.length; at++) if (value.charCodeAt(at) > 126) return false;
  return true;
}

function decoded(value: string): string {
  try {
    return strictUtf8.decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}

function categoriesOf(value: string | null): string | null {
  if (value === null) return null;
  const known = value
    .slice(0, 4096)
    .split(',')
    .map((name) => name.trim())
    .filter((name) => CATEGORIES.has(name));
  const first = [...new Set(known)].slice(0, MAX_CATEGORIES);
  return first.length === 0 ? null : first.join(',');
}
