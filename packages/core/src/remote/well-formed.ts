/**
 * UTF-8 has no lone surrogates: whatever writes text takes each for U+FFFD, and two keys become one. What
 * names something in a store is spelt so that it does not depend on that: a lone surrogate as U+FFFD and its
 * number, U+FFFD itself doubled. Spelt piece by piece, a start stays a start.
 */
const MARK = '\ufffd';
/** With the flag, halves of pairs do not count. */
const TO_SPELL = /[\ud800-\udfff\ufffd]/gu;
const SPELT = /\ufffd(\ufffd|[\da-f]{4})/g;

/** Node 20 has it, the library of the language level does not. */
export function isWellFormed(text: string): boolean {
  return (text as unknown as { isWellFormed(): boolean }).isWellFormed();
}

/** Text that goes through UTF-8 and comes back, another for each. */
export function spelt(text: string): string {
  if (isWellFormed(text) && !text.includes(MARK)) return text;
  return text.replace(
    TO_SPELL,
    (unit) => MARK + (unit === MARK ? MARK : unit.charCodeAt(0).toString(16)),
  );
}

export function read(written: string): string {
  if (!written.includes(MARK)) return written;
  return written.replace(SPELT, (_all, unit: string) =>
    unit === MARK ? MARK : String.fromCharCode(parseInt(unit, 16)),
  );
}
