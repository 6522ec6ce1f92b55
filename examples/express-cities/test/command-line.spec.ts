import { describe, expect, it } from '@jest/globals';
import { readOptions } from '../options.mjs';
import { progress } from '../src/progress.js';
import { formatBytes, formatMs, median, table } from '../src/table.js';

describe('the options', () => {
  it('without any: port 3000, and it stays up', () => {
    expect(readOptions([], {})).toEqual({ help: false, once: false, port: 3000 });
    expect(readOptions(['--redis', 'redis://127.0.0.1:6379'], {}).redis).toBe(
      'redis://127.0.0.1:6379',
    );
    expect(() => readOptions(['--redis', 'localhost'], {})).toThrow(/--redis must be an address/);
  });

  it('--port wins over PORT', () => {
    expect(readOptions([], { PORT: '4000' }).port).toBe(4000);
    expect(readOptions(['--port', '5000'], { PORT: '4000' }).port).toBe(5000);
    expect(readOptions(['--port=0'], {}).port).toBe(0);
  });

  it.each([
    [['--onec'], "Unknown option '--onec'. Try --help."],
    [['once'], /^Unexpected argument 'once'.*Try --help\.$/],
    [
      ['--port', 'http'],
      '--port must be a whole number from 0 to 65535: received "http". Try --help.',
    ],
    [['--port', '70000'], /received "70000"/],
    [['--once=yes'], /--once.*Try --help\.$/],
    [['--port'], /--port.*Try --help\.$/],
  ])('%j is refused', (args, message) => {
    expect(() => readOptions(args, {})).toThrow(message);
  });

  it('a PORT that is none is refused by its name', () => {
    expect(() => readOptions([], { PORT: 'x' })).toThrow(/^PORT must be/);
  });
});

describe('progress', () => {
  function written(isTTY: boolean) {
    const texts: string[] = [];
    const report = progress('Loading:', { isTTY, write: (text) => texts.push(text) });
    for (const done of [1, 30, 60, 100]) report(done, 100);
    return texts;
  }

  it('redraws one line on a terminal, and ends it', () => {
    const texts = written(true);
    expect(texts).toHaveLength(4);
    expect(texts[1]).toBe(`\r[${'#'.repeat(9)}${'.'.repeat(21)}] Loading: 30 of 100`);
    expect(texts[3]).toMatch(/^\r.*100 of 100\n$/);
  });

  it('writes a plain line at each quarter elsewhere', () => {
    expect(written(false)).toEqual([
      'Loading: 30 of 100 (25 %)\n',
      'Loading: 60 of 100 (50 %)\n',
      'Loading: 100 of 100 (100 %)\n',
    ]);
  });
});

describe('the table', () => {
  it('aligns its columns', () => {
    const lines = table(
      [{ title: 'Request' }, { title: 'ms', align: 'right' }],
      [
        ['/', '1.50'],
        ['/api/countries', '271.4'],
      ],
    );
    expect(lines.split('\n')).toEqual([
      'Request             ms',
      '--------------   -----',
      '/                 1.50',
      '/api/countries   271.4',
    ]);
  });

  it('knows medians, sizes and times', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
    expect([formatBytes(193), formatBytes(41_486)]).toEqual(['193 B', '40.5 kB']);
    expect([formatMs(0.314), formatMs(271.44)]).toEqual(['0.31', '271.4']);
  });
});
