import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pathTag, resourceKey, uriTag } from '../src/key.js';
import type { KeyedBy } from '../src/key.js';

const url = {
  scheme: 'http',
  authority: 'a.example',
  rawHost: '',
  target: '/x?y=1',
  rewritten: '',
};
const of = (over: Partial<typeof url> = {}, prefix = '') =>
  resourceKey(prefix, { kind: 'url', url: { ...url, ...over } });

describe('the key of a resource', () => {
  it('is readable while it is short', () => {
    expect(of()).toBe('["url","","http","a.example","","/x?y=1",""]');
  });

  it('differs in every part', () => {
    const keys = [
      of(),
      of({}, 'p'),
      of({ scheme: 'https' }),
      of({ authority: 'b.example' }),
      of({ rawHost: 'internal' }),
      of({ target: '/x?y=2' }),
      of({ rewritten: ' /z' }),
      resourceKey('', { kind: 'custom', scope: '', key: of() }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('does not normalise the target', () => {
    const targets = ['/a', '/a/', '/A', '/%61', '/a?', '/a?b&c', '/a?c&b', '//a', '/./a'];
    expect(new Set(targets.map((target) => of({ target }))).size).toBe(targets.length);
  });

  it('is a digest when it is long or not printable, and never longer than memcached takes', () => {
    expect(of({ target: `/${'x'.repeat(300)}` })).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(of({}, 'tenant with spaces')).toMatch(/^sha256:/);
    expect(of({}, 'Zürich')).toMatch(/^sha256:/);
  });

  it('is one to one, whatever is in the parts', () => {
    const text = fc.string({ unit: 'binary', maxLength: 6 });
    const by: fc.Arbitrary<[string, KeyedBy]> = fc.tuple(
      text,
      fc.oneof(
        fc.record({
          kind: fc.constant('url' as const),
          url: fc.record({
            scheme: text,
            authority: text,
            rawHost: text,
            target: text,
            rewritten: text,
          }),
        }),
        fc.record({ kind: fc.constant('custom' as const), scope: text, key: text }),
      ),
    );
    fc.assert(
      fc.property(by, by, ([prefixA, a], [prefixB, b]) => {
        const equal = JSON.stringify([prefixA, a]) === JSON.stringify([prefixB, b]);
        expect(resourceKey(prefixA, a) === resourceKey(prefixB, b)).toBe(equal);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the tags of a resource', () => {
  it('find a path on every host, or on one', () => {
    expect(pathTag('/x')).toBe('path:/x');
    expect(uriTag('A.example', '/x')).toBe('uri:a.example/x');
  });

  it('take the default port and no port for the same host', () => {
    expect(uriTag('a.example:80', '/x')).toBe(uriTag('a.example', '/x'));
    expect(uriTag('a.example:443', '/x')).toBe(uriTag('a.example', '/x'));
    expect(uriTag('a.example:8080', '/x')).not.toBe(uriTag('a.example', '/x'));
  });
});
