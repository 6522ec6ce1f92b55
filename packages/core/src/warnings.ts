/** What the operator should know, though nothing failed. */
import { showThrown } from './show.js';

/** The kinds of warning, which are also the `code` of the process warning. */
export type LocMemWarningCode =
  | 'LOCMEM_KEY_NOT_PORTABLE'
  | 'LOCMEM_KEY_EMPTY'
  | 'LOCMEM_TIMEOUT_LOOKS_LIKE_MS'
  | 'LOCMEM_ENTRY_TOO_LARGE'
  | 'LOCMEM_OPTIONS_DIFFER'
  | 'LOCMEM_SNAPSHOT_INCOMPLETE'
  | 'LOCMEM_SNAPSHOT_UNREADABLE';

/** One warning, as `onWarning` hears it. */
export interface LocMemWarning {
  readonly code: LocMemWarningCode;
  /** The name of the store it is about. */
  readonly store: string;
  readonly message: string;
}

/** Tells the handler each time, or the process once per kind and store. */
export function warn(
  warning: LocMemWarning,
  alreadyTold: Set<string>,
  onWarning: ((warning: LocMemWarning) => void) | undefined,
): void {
  if (onWarning) {
    tell(warning, onWarning);
  } else if (!alreadyTold.has(warning.code)) {
    alreadyTold.add(warning.code);
    process.emitWarning(warning.message, { type: 'LocMemWarning', code: warning.code });
  }
}

/** A handler that throws must not become the error of a read or a half-done write. */
function tell(warning: LocMemWarning, onWarning: (warning: LocMemWarning) => void): void {
  try {
    onWarning(warning);
  } catch (error) {
    const message = `onWarning of store '${warning.store}' threw at ${warning.code}: ${showThrown(error)}`;
    process.emitWarning(message, 'LocMemWarning');
  }
}
