/** The one list of wire formats: what an endpoint speaks. Each has an adapter in the registry. */
export const WIRE_FORMATS = ['openai', 'echo'] as const;

export type WireFormat = (typeof WIRE_FORMATS)[number];
