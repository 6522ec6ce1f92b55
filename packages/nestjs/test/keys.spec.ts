import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { encodeArguments, encodeParts, shortened } from '../src/keys/encode.js';

describe('default keys', () => {
  class Point {
    constructor(
      readonly x: number,
      readonly y: number,
    ) {}
  }

  it.each([
    [[], '()'],
    [['berlin'], '("berlin")'],
    [[7, true, null, undefined], '(7,true,null,undefined)'],
    [[-0, 0, NaN, -Infinity, 10n], '(-0,0,NaN,-Infinity,10n)'],
    [['a b"\\\n\u00e9'], '("a\\u0020b\\"\\\\\\n\\u00e9")'],
    [[{ b: 1, a: { c: [] } }], '({a:{c:[]},b:1})'],
    [[{ 'a b': 1 }], '({"a\\u0020b":1})'],
    [[new Date(5)], '(Date(5))'],
    [[new Map<unknown, unknown>([[1, 'a']])], '(Map(1,"a"))'],
    [[new Set([1, '1'])], '(Set(1,"1"))'],
    [[/a b/gi], '(RegExp("a\\u0020b",gi))'],
    [[Buffer.from('hi')], '(Buffer(aGk=))'],
    [[new Uint8Array([104])], '(Uint8Array(aA==))'],
    [[new URL('http://a/b')], '(URL("http://a/b"))'],
    [[new Point(1, 2)], '(Point{x:1,y:2})'],
    [[Object.create(null)], '({})'],
  ])('of %p is %s', (args, key) => {
    expect(encodeArguments(args)).toBe(key);
  });

  it.each<[string, unknown[], unknown[]]>([
    ['undefined and null', [undefined], [null]],
    ['undefined and nothing', [undefined], []],
    ['0 and -0', [0], [-0]],
    ['1 and "1"', [1], ['1']],
    ['1 and 1n', [1], [1n]],
    ['a missing and an undefined property', [{}], [{ a: undefined }]],
    ['a hole and undefined', [new Array(1)], [[undefined]]],
    ['one list and two arguments', [['a', 'b']], ['a', 'b']],
    ['a date and its number', [new Date(1)], [1]],
    ['an object and its text', [{ a: 1 }], ['{a:1}']],
    ['a list and a set', [[1]], [new Set([1])]],
    ['a map and its pairs', [new Map([[1, 2]])], [[[1, 2]]]],
    ['bytes of two types', [new Uint8Array([1])], [new Int8Array([1])]],
    ['text with a quote in it', ['a","b'], ['a', 'b']],
    ['half a surrogate and its replacement', ['\ud800'], ['\ufffd']],
    ['a point and a plain object', [new Point(1, 2)], [{ x: 1, y: 2 }]],
  ])('tell %s apart', (_what, one, other) => {
    expect(encodeArguments(one)).not.toBe(encodeArguments(other));
  });

  it('do not depend on the order in which an object was filled', () => {
    expect(encodeArguments([{ a: 1, b: 2 }])).toBe(encodeArguments([{ b: 2, a: 1 }]));
  });

  it('are never the same for arguments that differ', () => {
    const anything = fc.anything({
      ...{ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true },
      ...{ withNullPrototype: true, withSparseArray: true },
    });
    // Pairs that are likely to be alike: one, and it with something changed.
    const pairs = fc.oneof(
      fc.tuple(fc.array(anything), fc.array(anything)),
      fc.array(anything).map((args) => [args, args.map((arg) => fc.stringify(arg))] as const),
      fc.array(anything).map((args) => [args, [args]] as const),
    );
    fc.assert(
      fc.property(pairs, ([one, other]) => {
        if (encodeArguments(one) !== encodeArguments(other)) return;
        // Prototypes aside: `{}` and an object without a prototype are the same to a key.
        expect(isDeepStrictEqual(structuredClone(one), structuredClone(other))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('have no character that a cache objects to', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (args) => {
        expect(encodeArguments(args)).toMatch(/^[!-~]*$/);
      }),
    );
  });

  class Secret {
    readonly #inside: number;
    readonly outside = 1;
    constructor(inside: number) {
      this.#inside = inside;
    }
    get inside() {
      return this.#inside;
    }
  }
  class Below extends Secret {}
  class Empty {}
  class Money {
    readonly #cents: number;
    constructor(cents: number) {
      this.#cents = cents;
    }
    toJSON() {
      return this.#cents;
    }
  }
  class Named extends Map<string, number> {
    readonly label = 'a';
  }
  const loop: { self?: object } = {};
  loop.self = loop;

  it.each<[string, unknown, string, RegExp]>([
    ['a function', [() => 1], 'args[0][0]', /a function/],
    ['a symbol', { a: Symbol('x') }, 'args[0].a', /a symbol/],
    ['a symbol for a name', { [Symbol('x')]: 1 }, 'args[0]', /symbols for names/],
    ['a class with private fields', new Secret(1), 'args[0]', /Secret, whose state/],
    ['a class below one with private fields', new Below(1), 'args[0]', /Below, whose state/],
    ['an object without properties of its own', new Empty(), 'args[0]', /Empty without/],
    ['an instance of a class without a name', new (class {})(), 'args[0]', /without a name/],
    ['a promise', Promise.resolve(1), 'args[0]', /Promise/],
    ['a weak map', new WeakMap(), 'args[0]', /WeakMap/],
    ['an error', new Error('x'), 'args[0]', /Error/],
    ['an array with more', Object.assign([1], { total: 7 }), 'args[0]', /an array with properties/],
    ['a Date with more', Object.assign(new Date(0), { zone: 'a' }), 'args[0]', /a Date with/],
    ['a kind of Map', new Named(), 'args[0]', /a Named with properties/],
    ['a part of itself', loop, 'args[0].self', /part of itself/],
  ])('refuse %s, and say where it is', (_what, arg, path, message) => {
    const refusal = expect(() => encodeArguments([arg]));
    refusal.toThrow(message);
    refusal.toThrow(expect.objectContaining({ code: 'ERR_LOCMEM_UNSTABLE_ARGUMENT', path }));
  });

  it('take what an object says of itself in toJSON', () => {
    expect(encodeArguments([new Money(5)])).toBe('(Money(5))');
  });

  it('allow the same object twice', () => {
    const shared = { a: 1 };
    expect(encodeArguments([shared, [shared]])).toBe('({a:1},[{a:1}])');
  });

  it('are shortened to a digest that keeps what they begin with', () => {
    const key = shortened('[Cities.find', `${encodeArguments(['x'.repeat(300)])}]`);
    expect(key).toMatch(/^\[Cities\.find#sha256:[\da-f]{64}$/);
    expect(encodeParts(['city', 7])).toBe('["city",7]');
  });
});
