/**
 * Prompt injection by its documented categories (OpenRouter: guides/features/guardrails/prompt-injection, after OWASP's LLM Prompt
 * Injection Prevention Cheat Sheet). The names are what callers read in `metadata.patterns`. Every pattern is written so that it takes
 * linear time: one unbounded run of spaces at a time, and nothing that may begin at each place and go on without end.
 */
import { type Detector, type Found, findAll } from './detector.ts';

export interface InjectionPattern {
  readonly name: string;
  readonly source: string;
  readonly flags: string;
  readonly find: Detector['find'];
}

function pattern(name: string, source: string, flags = 'i'): InjectionPattern {
  const compiled = new RegExp(source, `${flags}g`);
  return {
    name,
    source,
    flags,
    find: (text, from, to, found) => findAll(compiled, text, from, to, found, name),
  };
}

const RULES = '(?:instruction|rule|guideline|constraint|directive)s?';
const EARLIER = '(?:previous|prior)';
const EARLIER_OR_ABOVE = '(?:previous|prior|above)';
const SCOPED =
  '(?:(?:safety|security|system|operational|internal|core|original|initial|existing|given|stated|provided|defined|specified|established)\\s+)?';
const WHOSE = '(?:you|your|yoru|yuor|the|my|its|his|her|our|their)';
const SYSTEM = '(?:(?:system|systme|sysetm|systemp)\\s+)?';
const HIDDEN = '(?:(?:full|hidden|complete|internal|secret|original|entire|exact|actual|real)\\s+){0,2}';

const MODIFIERS =
  /(?:without\s+(?:any\s+)?restrict|ignor\w*\s+(?:all|any|every|prev)|bypass|unrestrict|unlimit|obey\s+only|no\s+(?:rules|limits|restrict|boundari))\w*/i;
const NOW_ARE = /you\s+are\s+now\s+(?:an?\s+)?\w/gi;

/** `you are now …`, and within a word and forty characters what makes it malicious. */
function identityHijack(text: string, from: number, to: number, found: Found): number {
  return findAll(NOW_ARE, text, from, to, (start, end) => {
    const line = /^\w{0,64}[^\n]{0,80}/.exec(text.slice(end, end + 144))?.[0] ?? '';
    const word = /^\w*/.exec(line)?.[0].length ?? 0;
    const modifier = MODIFIERS.exec(line);
    if (modifier === null || modifier.index > word + 40) return;
    found(start, end + modifier.index + modifier[0].length, 'identity_hijack');
  });
}

const DAN = /\bDAN\b/g;
const ANYTHING = /\bdo\s+anything\s+now\b/g;

/** From a `DAN` to the last `do anything now` of its line. Each line is looked at once. */
function danJailbreak(text: string, from: number, to: number, found: Found): number {
  let lineEnd = -1;
  DAN.lastIndex = from;
  for (let match = DAN.exec(text); match !== null && match.index < to; match = DAN.exec(text)) {
    const { index } = match;
    if (index < lineEnd) continue;
    const next = text.indexOf('\n', index);
    lineEnd = next === -1 ? text.length : next;
    let end = -1;
    findAll(ANYTHING, text, index + 3, lineEnd, (_, anythingEnd) => {
      end = anythingEnd;
    });
    if (end !== -1) found(index, end, 'dan_jailbreak');
  }
  return lineEnd;
}

export const INJECTION_PATTERNS: readonly InjectionPattern[] = [
  // Direct instruction override.
  pattern('ignore_previous_instructions', `ignore\\s+(?:all\\s+)?${EARLIER}\\s+${SCOPED}${RULES}`),
  pattern('disregard_instructions', `disregard\\s+(?:all\\s+)?${EARLIER_OR_ABOVE}\\s+${RULES}`),
  pattern('forget_instructions', `forget\\s+(?:all\\s+)?${EARLIER_OR_ABOVE}\\s+${RULES}`),
  pattern('new_instructions', 'new\\s+instructions?:'),
  pattern('do_not_follow', 'do\\s+not\\s+follow\\s+(?:the\\s+)?(?:system|developer|previous|original)'),
  pattern('supersede_instructions', `supersedes?\\s+(?:all\\s+)?${EARLIER}\\s+${RULES}`),
  pattern(
    'void_instructions',
    `(?:all\\s+)?${EARLIER}\\s+instructions?\\s+(?:are|is)\\s+(?:void|invalid|null|obsolete|cancelled|revoked)`,
  ),
  // Developer or admin mode.
  pattern('developer_mode', 'you\\s+are\\s+now\\s+(?:in\\s+)?developer\\s+mode'),
  pattern('enter_special_mode', 'enter\\s+(?:developer|admin|debug|maintenance)\\s+mode'),
  pattern('activate_special_mode', 'activate\\s+(?:developer|admin|debug|jailbreak)\\s+mode'),
  // System override.
  pattern('system_override', '\\bsystem\\s+override\\b'),
  pattern('override_instructions', `override\\s+(?:your\\s+)?${RULES}`),
  // Prompt extraction.
  pattern('reveal_prompt', `reveal\\s+(?:${WHOSE}\\s+)?${HIDDEN}${SYSTEM}prompt\\b`),
  pattern('show_prompt', `show\\s+(?:me\\s+)?${WHOSE}\\s+${SYSTEM}prompt\\b`),
  pattern('what_instructions', 'what\\s+(?:are|were)\\s+(?:your\\s+)?(?:exact\\s+)?instructions'),
  pattern('repeat_instructions', 'repeat\\s+(?:the\\s+)?(?:text|instructions?)\\s+(?:above|before)'),
  pattern('output_prompt', 'output\\s+(?:your\\s+)?(?:initial|original|system)\\s+(?:prompt|instructions?)'),
  // Role manipulation.
  pattern('remove_restrictions', 'you\\s+are\\s+no\\s+longer\\s+(?:bound|restricted|limited)'),
  pattern('act_unbound', "act\\s+as\\s+if\\s+(?:you(?:'re|\\s+are)\\s+)?not\\s+bound"),
  pattern(
    'pretend_different',
    "pretend\\s+(?:you(?:'re|\\s+are)\\s+)?(?:a\\s+)?different\\s+(?:ai|assistant|model)",
  ),
  { ...pattern('identity_hijack', 'you\\s+are\\s+now\\s'), find: identityHijack },
  // DAN.
  { ...pattern('dan_jailbreak', 'do\\s+anything\\s+now', ''), find: danJailbreak },
  pattern('jailbreak_mode', 'jailbreak(?:ed)?\\s+(?:mode|prompt)'),
  // Safety bypass.
  pattern(
    'bypass_safety',
    'bypass\\s+(?:your\\s+)?(?:safety|security|content|ethical)\\s+(?:filter|measure|guideline|restriction)s?',
  ),
  pattern('disable_safety', 'disable\\s+(?:your\\s+)?(?:safety|security|content)\\s+(?:filter|measure)s?'),
  pattern(
    'ignore_safety',
    '(?:ignore|disregard)\\s+(?:all\\s+)?(?:your\\s+)?(?:safety|security|ethical|content)\\s+' +
      '(?:(?:guideline|rule|restriction|measure|filter|protocol)s?|policy|policies)',
  ),
  // Tags and spoofed roles.
  pattern('system_tag_injection', '<\\s*(?:/\\s*)?system\\s*/?>'),
  pattern('role_tag_injection', '<\\s*(?:/\\s*)?(?:assistant|developer|tool|function)\\s*/?>'),
  pattern('role_delimiter_injection', '\\][^\\S\\n]*\\n\\s*\\[?(?:system|assistant|user)\\]?:'),
  pattern('bracketed_role_spoofing', '\\[\\s*(?:system\\s*message|system|assistant|internal)\\s*\\]'),
  pattern('system_prefix_spoofing', '^[^\\S\\n]*system:\\s+', 'im'),
  // Control tokens. Full-width pipes have become plain ones by then.
  pattern(
    'control_token_injection',
    '<\\|(?:im_start|im_end|eot_id|start_header_id|end_header_id|endoftext)\\|>',
    '',
  ),
  pattern('deepseek_control_token_injection', '<\\|(?:end|begin)\\u2581of\\u2581sentence\\|>', ''),
];
