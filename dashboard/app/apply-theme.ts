/** Applies the remembered theme before the first paint, so that no page flashes in the other one. */
import { applyTheme, readTheme } from '../shared/theme/theme.ts';

applyTheme(readTheme());
