/** What the pages hear of their organisation. */
import { z } from 'zod';

export const organisation = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** An IANA zone: the days of its figures are of it. */
  time_zone: z.string(),
  /** Where the picture is; null: there is none. */
  logo: z.string().nullable(),
});

export type Organisation = z.infer<typeof organisation>;
