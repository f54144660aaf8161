/** The models that the free-request limits count: those listed as `…:free`. */
export function isFreeVariant(modelId: string): boolean {
  return modelId.endsWith(':free');
}
