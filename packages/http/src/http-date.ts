/**
 * HTTP dates: syntax only (RFC 9110 §5.6.7).
 *
 * Three formats and nothing looser. `Date.parse` reads local times, ISO dates and much else that
 * is not a date in HTTP, and would make an answer fresh that its author never declared fresh.
 */

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const MONTH = `(${MONTHS.join('|')})`;
const DAY_SHORT = '(?:mon|tue|wed|thu|fri|sat|sun)';
const DAY_LONG = '(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)';
const TIME = '(\\d{2}):(\\d{2}):(\\d{2})';

/** `Sun, 06 Nov 1994 08:49:37 GMT`, the only format that may be sent. */
const IMF_FIXDATE = new RegExp(`^${DAY_SHORT}, (\\d{2}) ${MONTH} (\\d{4}) ${TIME} gmt$`, 'i');
/** `Sunday, 06-Nov-94 08:49:37 GMT`, obsolete. */
const RFC850_DATE = new RegExp(`^${DAY_LONG}, (\\d{2})-${MONTH}-(\\d{2}) ${TIME} gmt$`, 'i');
/** `Sun Nov  6 08:49:37 1994`, obsolete; a one-digit day is padded with a space. */
const ASCTIME_DATE = new RegExp(`^${DAY_SHORT} ${MONTH} (\\d{2}| \\d) ${TIME} (\\d{4})$`, 'i');

/**
 * Milliseconds since the epoch of an HTTP date, or `undefined` when the text is none.
 *
 * @param nowMs only needed for the two-digit years of RFC 850.
 */
export function parseHttpDate(text: string, nowMs: number): number | undefined {
  const imf = IMF_FIXDATE.exec(text);
  if (imf) return utc(Number(imf[3]), imf[2]!, imf[1]!, imf[4]!, imf[5]!, imf[6]!);

  const rfc850 = RFC850_DATE.exec(text);
  if (rfc850) {
    const year = centuryFor(Number(rfc850[3]), nowMs);
    return utc(year, rfc850[2]!, rfc850[1]!, rfc850[4]!, rfc850[5]!, rfc850[6]!);
  }

  const asctime = ASCTIME_DATE.exec(text);
  if (asctime) {
    return utc(Number(asctime[6]), asctime[1]!, asctime[2]!, asctime[3]!, asctime[4]!, asctime[5]!);
  }
  return undefined;
}

/** An IMF-fixdate of whole seconds, as `Date`, `Expires` and `Last-Modified` carry it. */
export function formatHttpDate(ms: number): string {
  const second = Math.floor(ms / 1_000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = new Date(ms).toUTCString();
  }
  return lastText;
}

/** Nearly always it is the same second as the last time. */
let lastSecond = NaN;
let lastText = '';

/** RFC 9110 §5.6.7: more than 50 years ahead means the most recent past year with those digits. */
function centuryFor(twoDigits: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + twoDigits;
  return year > thisYear + 50 ? year - 100 : year;
}

function utc(
  year: number,
  monthName: string,
  dayText: string,
  hourText: string,
  minuteText: string,
  secondText: string,
): number | undefined {
  const month = MONTHS.indexOf(monthName.toLowerCase());
  const day = Number(dayText);
  const hour = Number(hourText);
  const minute = Number(minuteText);
  const second = Number(secondText);
  // 60 is a leap second, which the grammar allows.
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  const date = new Date(0);
  // Not Date.UTC: it reads the years 0 to 99 as 1900 to 1999.
  date.setUTCFullYear(year, month, day);
  // A 31 February rolls over into March; it is not a date.
  if (date.getUTCMonth() !== month || date.getUTCDate() !== day) return undefined;
  return date.setUTCHours(hour, minute, second);
}
