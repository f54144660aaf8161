/** What a workspace may be called, in words for a form. */
const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

export const nameRule = (name: string): string | null => {
  if (name.trim() === '') return 'Give it a name';
  return name.trim().length > 100 ? 'Use at most 100 characters' : null;
};

export const slugRule = (slug: string): string | null => {
  if (slug.length > 50) return 'Use at most 50 characters';
  return SLUG.test(slug) ? null : 'Use lower-case letters and digits, with single hyphens between them';
};

export const descriptionRule = (text: string): string | null =>
  text.length > 500 ? 'Use at most 500 characters' : null;
