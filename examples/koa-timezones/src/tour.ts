/** A walk through the application over a real socket. Says what it expects, and what it found. */
export class Tour {
  readonly #origin: string;
  readonly #print: (line: string) => void;
  readonly #wrong: string[] = [];

  constructor(port: number, print: (line: string) => void) {
    this.#origin = `http://127.0.0.1:${port}`;
    this.#print = print;
  }

  /** @returns what was not as expected; nothing, when all is well */
  async run(): Promise<readonly string[]> {
    this.#title('Computed once, then given from the store: an answer, a stream, a 304');
    const berlin = '/api/changes?zone=Europe/Berlin';
    const first = await this.#get(berlin, 'ada', 'fwd=uri-miss');
    const second = await this.#get(berlin, 'ada', 'hit');
    this.#check('a hit has the bytes of the miss', first.text === second.text);
    const csv = '/api/changes.csv?zones=Europe/London,Africa/Cairo';
    const streamed = await this.#get(csv, 'ada', 'fwd=uri-miss');
    this.#check(
      'a stream is stored whole',
      (await this.#get(csv, 'ada', 'hit')).text === streamed.text,
    );

    this.#title('Two accounts of one plan share an answer; another plan has its own');
    await this.#get(berlin, 'bob', 'hit');
    const free = await this.#get(berlin, 'eve', 'fwd=uri-miss');
    this.#check('the free plan sees fewer years', free.text.length < first.text.length);

    this.#title(
      'A day off in Berlin: what Berlin has gone into is stale, given once more, then new',
    );
    const overlap = '/api/overlap?zones=Europe/Berlin,America/New_York&year=2026';
    const elsewhere = '/api/overlap?zones=Asia/Tokyo,Australia/Sydney&year=2026';
    const before = await this.#get(overlap, 'ada', 'fwd=uri-miss');
    await this.#get(elsewhere, 'ada', 'fwd=uri-miss');
    await this.#send('POST', '/api/closures?zone=Europe/Berlin&date=2026-12-24', 'ada');
    const stale = await this.#get(overlap, 'ada', 'hit');
    this.#check('nobody waits for the new one', stale.text === before.text);
    await this.#get(elsewhere, 'ada', 'hit');
    const after = await this.#until(overlap, (text) => text !== before.text);
    this.#check('the new one has the day off', after);

    this.#title('A new release finds nothing of the old one');
    await this.#send('POST', '/admin/release', 'ada');
    await this.#get(elsewhere, 'ada', 'fwd=uri-miss');
    return this.#wrong;
  }

  /** @param expected what the field Cache-Status must contain */
  async #get(path: string, key: string, expected: string) {
    const answer = await this.#send('GET', path, key);
    this.#check(
      `${path} for ${key}: ${expected}, was ${answer.cache}`,
      answer.cache.includes(expected),
    );
    return answer;
  }

  async #send(method: string, path: string, key: string) {
    const response = await fetch(this.#origin + path, { method, headers: { 'X-Api-Key': key } });
    const text = await response.text();
    this.#check(`${method} ${path} answers 2xx, was ${response.status}`, response.ok);
    return { text, cache: response.headers.get('cache-status') ?? '' };
  }

  /** The new answer is made behind the stale one. @returns whether it came in a hundred looks */
  async #until(path: string, isThere: (text: string) => boolean): Promise<boolean> {
    for (let look = 0; look < 100; look++) {
      if (isThere((await this.#send('GET', path, 'ada')).text)) return true;
    }
    return false;
  }

  #check(claim: string, holds: boolean): void {
    if (holds) return;
    this.#wrong.push(claim);
    this.#print(`  WRONG: expected that ${claim}`);
  }

  #title(text: string): void {
    this.#print(`\n${text}`);
  }
}
