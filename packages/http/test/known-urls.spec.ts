import { describe, expect, it } from '@jest/globals';
import { KnownUrls } from '../src/known-urls.js';

const at = (key: string) => ({ key, version: undefined });

describe('known URLs', () => {
  it('are known on the host, and in the way, that they were asked for', () => {
    const urls = new KnownUrls();
    urls.remember('/a', 'a.example', false, at('a'));
    expect(urls.find('/a', 'a.example', false)).toEqual(at('a'));
    expect(urls.find('/a', 'b.example', false)).toBeUndefined();
    expect(urls.find('/a', 'a.example', true)).toBeUndefined();
    expect(urls.find('/b', 'a.example', false)).toBeUndefined();
  });

  it('are forgotten but for the last few thousand, and those that are asked for', () => {
    const urls = new KnownUrls();
    urls.remember('/hot', 'a', false, at('hot'));
    for (let i = 0; i < 100_000; i++) {
      urls.remember(`/${i}`, 'a', false, at(String(i)));
      if (i % 1_000 === 0) expect(urls.find('/hot', 'a', false)).toEqual(at('hot'));
    }
    const known = Array.from({ length: 100_000 }, (_, i) => urls.find(`/${i}`, 'a', false));
    expect(known.at(-1)).toEqual(at('99999'));
    expect(known.filter((address) => address !== undefined).length).toBeLessThan(20_000);
  });

  it('are not kept where they are long', () => {
    const urls = new KnownUrls();
    urls.remember(`/${'a'.repeat(600)}`, 'a', false, at('a'));
    expect(urls.find(`/${'a'.repeat(600)}`, 'a', false)).toBeUndefined();
  });
});
