/** The one list of wire formats: what an endpoint speaks. Each has an adapter in the registry. */
export const WIRE_FORMATS = ['openai', 'echo'] as const;

export type WireFormat = (typeof WIRE_FORMATS)[number];

/** Those that a provider of the operator's can speak: the built-in one never leaves the process. */
export type ProviderFormat = Exclude<WireFormat, 'echo'>;

export const PROVIDER_FORMATS: readonly ProviderFormat[] = WIRE_FORMATS.filter(
  (format): format is ProviderFormat => format !== 'echo',
);

export const DEFAULT_FORMAT: ProviderFormat = 'openai';
