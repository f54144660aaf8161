/** What is wrong with a provider's `format` in turnpike.yaml, and with the settings of the package that it names. */
import { isJsonObject } from '../json.ts';
import { SDK_FORMAT, SDK_PACKAGES, sdkPackageOf } from '../providers/ai-sdk/packages.ts';
import { isOutbound, OUTBOUND_FORMATS } from '../providers/wire-format.ts';
import { suggestion } from './nearest.ts';

/** Null: nothing. */
export function formatFault(name: string): string | null {
  if (name.startsWith(SDK_FORMAT)) {
    if (sdkPackageOf(name) !== null) return null;
    return `names no package that is known; use one of ${Object.keys(SDK_PACKAGES).join(', ')}`;
  }
  if (name !== 'ai-sdk' && isOutbound(name)) return null;
  const formats = OUTBOUND_FORMATS.map((each) => (each === 'ai-sdk' ? `${SDK_FORMAT}<package>` : each));
  return `is not a wire format; available: ${formats.join(', ')}`;
}

/** Keys of `settings` that the package of a format does not take, and why. The words never repeat a value: it may be a secret. */
export function settingFaults(name: string, settings: Readonly<Record<string, unknown>>): [string, string][] {
  const packageName = sdkPackageOf(name);
  const known = packageName === null ? {} : (SDK_PACKAGES[packageName]?.settings ?? {});
  return Object.entries(settings).flatMap(([key, value]): [string, string][] => {
    const setting = Object.hasOwn(known, key) && key !== 'api_key' ? known[key] : undefined;
    const keys = Object.keys(known).filter((each) => each !== 'api_key');
    if (setting === undefined) return [[key, settingRemedy(key, keys)]];
    if (setting.type === 'json')
      return isObjectText(value) ? [] : [[key, 'must be the text of a JSON object']];
    if (setting.type === 'boolean') return typeof value === 'boolean' ? [] : [[key, 'must be true or false']];
    return typeof value === 'string' && value !== '' ? [] : [[key, 'must be a text; put it in quotes']];
  });
}

function isObjectText(value: unknown): boolean {
  try {
    return typeof value === 'string' && isJsonObject(JSON.parse(value));
  } catch {
    return false;
  }
}

function settingRemedy(key: string, keys: readonly string[]): string {
  if (keys.length === 0) return 'this format takes no settings; remove it';
  return `unknown setting${suggestion(key, keys) || `; this format takes ${keys.join(', ')}`}`;
}
