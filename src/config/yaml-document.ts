/** A YAML text as plain values, with the line of each, `${NAME}` replaced from the environment, and what is wrong with it. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { ReadingError, type ReadVariable } from './environment.ts';

export type Path = readonly PropertyKey[];

export interface Problem {
  readonly line: number;
  readonly text: string;
}

export interface YamlDocument {
  /** Objects have no prototype; a key without a value (`limits:`) is left out, as if it were not written. */
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** The line of a path, or of its nearest parent that is written. */
  lineOf(path: Path): number;
  /** A scalar as the file has it, before the environment came in, so that a message can show it. */
  sourceOf(path: Path): string | undefined;
}

/** Aliases may repeat a part; these bounds stop one that contains itself or grows without end. */
const MAX_DEPTH = 32;
const MAX_NODES = 200_000;

export function readYaml(text: string, readVariable: ReadVariable): YamlDocument {
  const lineCounter = new LineCounter();
  // Our own walk finds repeated keys, because it can name them.
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false });
  const problems: Problem[] = [];
  const lines = new Map<string, number>();
  const sources = new Map<string, string>();
  let nodes = 0;

  const lineAt = (offset: number): number => Math.max(1, lineCounter.linePos(offset).line);
  const report = (line: number, path: Path, what: string): void => {
    problems.push({ line, text: path.length === 0 ? what : `${pathText(path)}: ${what}` });
  };

  const visit = (node: unknown, path: Path, keyLine: number): unknown => {
    nodes++;
    if (path.length > MAX_DEPTH || nodes > MAX_NODES) {
      if (nodes <= MAX_NODES + 1)
        report(keyLine, path.slice(0, 3), 'is nested too deeply or repeats itself too often');
      return undefined;
    }
    if (isAlias(node)) return visit(node.resolve(document), path, keyLine);
    lines.set(pathText(path), keyLine);
    if (isMap(node)) return visitMap(node.items, path, keyLine);
    if (isSeq(node))
      return node.items.map((item, index) => visit(item, [...path, index], startLine(item, keyLine)));
    if (!isScalar(node)) return undefined;
    sources.set(pathText(path), node.source ?? String(node.value));
    if (typeof node.value !== 'string') return node.value;
    const tell = (what: string) => report(startLine(node, keyLine), path, what);
    const text = expand(node.value, readVariable, tell);
    return isSecret(path) ? readSecret(text, readVariable, tell) : text;
  };

  const visitMap = (
    items: readonly { key: unknown; value: unknown }[],
    path: Path,
    line: number,
  ): unknown => {
    const entries: Record<string, unknown> = Object.create(null);
    for (const { key, value } of items) {
      if (!isScalar(key)) {
        report(startLine(key, line), path, 'a key must be plain text');
        continue;
      }
      const name = String(key.value);
      const keyLine = startLine(key, line);
      if (name in entries) report(keyLine, [...path, name], 'is written twice; remove one of them');
      const content = visit(value, [...path, name], keyLine);
      if (content !== null) entries[name] = content;
    }
    return entries;
  };

  const startLine = (node: unknown, otherwise: number): number => {
    const range = (node as Node | null)?.range;
    return range ? lineAt(range[0]) : otherwise;
  };

  for (const error of [...document.errors, ...document.warnings]) {
    problems.push({
      line: lineAt(error.pos[0]),
      text: `not valid YAML (${error.code}); check indentation, quotes and brackets here`,
    });
  }
  const value = problems.length === 0 ? visit(document.contents, [], 1) : undefined;

  return {
    value,
    problems,
    lineOf(path) {
      for (let length = path.length; length > 0; length--) {
        const line = lines.get(pathText(path.slice(0, length)));
        if (line !== undefined) return line;
      }
      return 1;
    },
    sourceOf: (path) => sources.get(pathText(path)),
  };
}

/** `models[0].endpoints[1].tag` */
export function pathText(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += `${text === '' ? '' : '.'}${plainName(String(part))}`;
  }
  return text;
}

function plainName(name: string): string {
  return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
}

/** `${NAME}` becomes the variable's value and `$${` becomes `${`. What a variable held never stands in a message. */
function expand(text: string, readVariable: ReadVariable, report: (what: string) => void): string {
  return text.replace(
    /\$\$\{|\$\{([^}]*)(\}?)/g,
    (whole, name: string | undefined, end: string | undefined) => {
      if (whole === '$${') return '${';
      if (end === '' || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name ?? '')) {
        report(
          'a variable is written as a dollar sign and {NAME}; double the dollar sign to mean the characters themselves',
        );
        return '';
      }
      return readForFile(name ?? '', readVariable, report);
    },
  );
}

function readForFile(name: string, readVariable: ReadVariable, report: (what: string) => void): string {
  try {
    const reading = readVariable(name);
    if (reading !== null) return reading.value;
    report(`the environment variable ${name} is not set; set it, or remove this line`);
  } catch (error) {
    if (!(error instanceof ReadingError)) throw error;
    report(error.message);
  }
  return '';
}

/** Where a secret may stand, or what holds one: its value may stand elsewhere. */
const SECRETS = new Set(['api_key', 'client_secret', 'smtp_url']);

function isSecret(path: Path): boolean {
  return SECRETS.has(String(path.at(-1))) || path.at(-2) === 'settings';
}

function readSecret(text: string, readVariable: ReadVariable, report: (what: string) => void): string {
  try {
    return readVariable.elsewhere(text)?.value ?? text;
  } catch (error) {
    if (!(error instanceof ReadingError)) throw error;
    report(error.message);
    return '';
  }
}
