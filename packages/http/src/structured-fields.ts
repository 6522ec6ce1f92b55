/**
 * Structured fields: syntax only (RFC 8941). Parsing is strict, as §4.2 demands: whatever is wrong
 * anywhere, the whole field is ignored, and nobody guesses what its author meant.
 */

/** A token is not a string: `max-age=a` and `max-age="a"` differ (RFC 8941 §3.3.4). */
export class Token {
  constructor(readonly text: string) {}
}

/** A number with a fraction: `60.0` is no integer (RFC 8941 §3.3.2). */
export class Decimal {
  constructor(readonly value: number) {}
}

/** An integer, a decimal, a string, a token, a byte sequence or a boolean. */
export type BareItem = number | Decimal | string | Token | Uint8Array | boolean;

export type Parameters = ReadonlyMap<string, BareItem>;

/** An item, or an inner list of items, with its parameters. */
export interface Member {
  readonly value: BareItem | readonly Member[];
  readonly parameters: Parameters;
}

/** The members of a dictionary; undefined when the field is not one (RFC 8941 §4.2.2). */
export function parseDictionary(lines: readonly string[]): Map<string, Member> | undefined {
  return parsed(lines, (reader) => {
    const members = new Map<string, Member>();
    commaSeparated(reader, () => {
      const key = reader.key();
      const value = reader.skip('=') ? undefined : true;
      const member =
        value === undefined ? reader.member() : { value, parameters: reader.parameters() };
      // §4.2.2: the last of several counts, in its own place.
      members.delete(key);
      members.set(key, member);
    });
    return members;
  });
}

/** The members of a list; undefined when the field is not one (RFC 8941 §4.2.1). */
export function parseList(lines: readonly string[]): Member[] | undefined {
  return parsed(lines, (reader) => {
    const members: Member[] = [];
    commaSeparated(reader, () => members.push(reader.member()));
    return members;
  });
}

function parsed<T>(lines: readonly string[], parse: (reader: Reader) => T): T | undefined {
  // §4.2: the lines are one field, joined by commas.
  const reader = new Reader(lines.join(', '));
  try {
    reader.spaces();
    const value = parse(reader);
    reader.spaces();
    return reader.atEnd() ? value : undefined;
  } catch (error) {
    if (error instanceof NotStructured) return undefined;
    throw error;
  }
}

function commaSeparated(reader: Reader, member: () => void): void {
  if (reader.atEnd()) return;
  for (;;) {
    member();
    reader.optionalWhiteSpace();
    if (reader.atEnd()) return;
    reader.expect(',');
    reader.optionalWhiteSpace();
    // §4.2.1: a trailing comma is an error.
    if (reader.atEnd()) throw new NotStructured();
  }
}

class NotStructured extends Error {}

const KEY = /[a-z*][a-z0-9_\-.*]*/y;
const TOKEN = /[A-Za-z*][!#$%&'*+\-.^_`|~:/0-9A-Za-z]*/y;
const NUMBER = /-?(?:(\d{1,12}\.\d{1,3})|\d{1,15})(?![\d.])/y;
const STRING = /"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/y;
const BYTES = /:([A-Za-z0-9+/=]*):/y;
const BOOLEAN = /\?([01])/y;

/** A place in a text, and the productions of RFC 8941 §4.2 that can be read from it. */
class Reader {
  #position = 0;

  constructor(readonly text: string) {}

  atEnd(): boolean {
    return this.#position === this.text.length;
  }

  spaces(): void {
    while (this.text[this.#position] === ' ') this.#position++;
  }

  optionalWhiteSpace(): void {
    while (this.text[this.#position] === ' ' || this.text[this.#position] === '\t') {
      this.#position++;
    }
  }

  skip(character: string): boolean {
    if (this.text[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  expect(character: string): void {
    if (!this.skip(character)) throw new NotStructured();
  }

  key(): string {
    return (this.#match(KEY) ?? fail())[0];
  }

  member(): Member {
    const value = this.text[this.#position] === '(' ? this.#innerList() : this.#bareItem();
    return { value, parameters: this.parameters() };
  }

  parameters(): Parameters {
    const parameters = new Map<string, BareItem>();
    while (this.skip(';')) {
      this.spaces();
      const key = this.key();
      const value = this.skip('=') ? this.#bareItem() : true;
      parameters.delete(key);
      parameters.set(key, value);
    }
    return parameters;
  }

  #innerList(): Member[] {
    this.expect('(');
    const items: Member[] = [];
    for (;;) {
      this.spaces();
      if (this.skip(')')) return items;
      items.push({ value: this.#bareItem(), parameters: this.parameters() });
      const next = this.text[this.#position];
      if (next !== ' ' && next !== ')') throw new NotStructured();
    }
  }

  #bareItem(): BareItem {
    const number = this.#match(NUMBER);
    if (number) return number[1] === undefined ? Number(number[0]) : new Decimal(Number(number[0]));
    const string = this.#match(STRING);
    if (string) return string[1]!.replace(/\\(.)/g, '$1');
    const token = this.#match(TOKEN);
    if (token) return new Token(token[0]);
    const bytes = this.#match(BYTES);
    if (bytes) return Buffer.from(bytes[1]!, 'base64');
    return (this.#match(BOOLEAN) ?? fail())[1] === '1';
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.text);
    if (match) this.#position = pattern.lastIndex;
    return match ?? undefined;
  }
}

function fail(): never {
  throw new NotStructured();
}

/** A string as it is written in a structured field; undefined when it cannot be (RFC 8941 §4.1.6). */
export function printString(text: string): string | undefined {
  return /^[\x20-\x7e]*$/.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : undefined;
}
