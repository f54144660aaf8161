/** The one list of wire formats: what an endpoint speaks. Each has an adapter in the registry. */
export const WIRE_FORMATS = ['openai', 'anthropic', 'google', 'ai-sdk', 'echo'] as const;

export type WireFormat = (typeof WIRE_FORMATS)[number];

/** Those that a provider of the operator's can speak; the others never leave the process. */
export type OutboundFormat = Exclude<WireFormat, 'echo'>;

export const OUTBOUND_FORMATS: readonly OutboundFormat[] = WIRE_FORMATS.filter(isOutbound);

export function isOutbound(format: string): format is OutboundFormat {
  return format !== 'echo' && (WIRE_FORMATS as readonly string[]).includes(format);
}
