/** How often a key's limit resets, as a select offers it; the values are the API's. */
export const LIMIT_RESET_OPTIONS = [
  { value: '', label: 'Never' },
  { value: 'daily', label: 'Daily' },
  { value: 'weekly', label: 'Weekly' },
  { value: 'monthly', label: 'Monthly' },
];
