/**
 * Where LocMem differs from Django: each line is one deviation, with the reason on it. The table in
 * docs/django-parity.md follows it line by line.
 */
export interface Behaviour {
  /** Django's `delete` answers true for an entry that has expired but was not met yet. */
  readonly deleteSeesDead: boolean;
  /** Django culls a full store even when the key is already in it, and evicts others for nothing. */
  readonly cullsOnOverwrite: boolean;
  /** Django stores what is dead on arrival, and lets the dead push out the living. */
  readonly keepsDead: boolean;
  /** Django evicts floor(n / frequency), which is none when the frequency exceeds n: no bound. */
  readonly mayCullNone: boolean;
  /** Django's `incr_version` sets the store's default timeout instead of keeping what is left. */
  readonly moveResetsExpiry: boolean;
  /** Django's `incr_version` by 0 overwrites the entry, then deletes it. */
  readonly moveByZeroDeletes: boolean;
  /** The older Django could not tell a cached null from a missing key in `incr`. */
  readonly incrMissesNull: boolean;
  /** Django joins prefix, version and key with colons, so that different ones can meet. */
  readonly joinsKeys: boolean;
  /** Django does not mind an empty key; in JavaScript it is nearly always a bug. */
  readonly allowsEmptyKey: boolean;
}

/** The quirks mended. */
export const MENDED: Behaviour = Object.freeze({
  deleteSeesDead: false,
  cullsOnOverwrite: false,
  keepsDead: false,
  mayCullNone: false,
  moveResetsExpiry: false,
  moveByZeroDeletes: false,
  incrMissesNull: false,
  joinsKeys: false,
  allowsEmptyKey: false,
});

/** Django 2.1 and later, as recorded. */
export const DJANGO: Behaviour = Object.freeze({
  deleteSeesDead: true,
  cullsOnOverwrite: true,
  keepsDead: true,
  mayCullNone: true,
  moveResetsExpiry: true,
  moveByZeroDeletes: true,
  incrMissesNull: false,
  joinsKeys: true,
  allowsEmptyKey: true,
});

/** Django before 2.1, with the modulo cull. */
export const DJANGO_BEFORE_2_1: Behaviour = Object.freeze({ ...DJANGO, incrMissesNull: true });
