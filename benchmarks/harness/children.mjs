/** Child processes that are asked one thing at a time, so that only one of them ever works. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { pinned } from './cores.mjs';

export class Child {
  #process;

  /**
   * @param {string} file module to run
   * @param {object} settings what it is to be, as its one argument
   * @param {number} [core] where it is to run, with whatever it starts
   */
  constructor(file, settings, core) {
    this.#process = fork(file, [JSON.stringify(settings)], pinned(core, ['--expose-gc']));
  }

  /** Sends a message and waits for its answer. @throws {Error} what the child reports, or that it died */
  async ask(message) {
    const controller = new globalThis.AbortController();
    const { signal } = controller;
    const died = (code) => new Error(`the child process ended (${code}) without an answer`);
    if (!this.#process.connected) throw died(this.#process.exitCode);
    this.#process.send(message, () => undefined); // whether it arrived shows in the answer
    try {
      const [{ answer, error }] = await Promise.race([
        once(this.#process, 'message', { signal }),
        once(this.#process, 'exit', { signal }).then(([code]) => Promise.reject(died(code))),
      ]);
      if (error) throw new Error(error);
      return answer;
    } finally {
      controller.abort();
    }
  }

  end() {
    this.#process.kill('SIGKILL');
  }
}

/** The child's side: answers each message with what the handler returns. */
export function answerMessages(handle) {
  process.on('message', async (message) => {
    try {
      process.send({ answer: await handle(message) });
    } catch (error) {
      process.send({ error: error instanceof Error ? error.stack : String(error) });
    }
  });
}
