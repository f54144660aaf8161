/** What other folders may ask of an installation. */
import * as store from './store.ts';

export const { listJournals, readInstanceId } = store;
