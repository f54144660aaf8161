/** A journal that cannot be read where it could be read once: nobody may go on as if that had never been there. */
import { RecoveryError } from '../recovery-error.ts';

export class JournalDamaged extends RecoveryError {
  constructor(path: string, byte: number) {
    super(
      `${damagedText(path, byte)}, and what stood there was on disk once: requests may be missing from the database. Nothing was changed.`,
      'If there is a copy of the file: restore it.',
      'If there is none: "turnpike recover damaged-journal" says what is lost, and goes on with all that can be read.',
    );
  }
}

export function damagedText(path: string, byte: number): string {
  return `${path} is damaged behind byte ${byte}`;
}
