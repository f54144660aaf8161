/** The byte in which the provider remembers one request. */

/** How often it came; more than three times counts as three. */
export const SEEN_TIMES = 0b11;
export const SEEN_ONCE = 1;
/** Its answer was written to its end, be it an error. */
export const COMPLETE = 0b100;
