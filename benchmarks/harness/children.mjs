/** Child processes that are asked one thing at a time, so that only one of them ever works. */
import { fork } from 'node:child_process';

export class Child {
  #process;

  /** @param {string} file module to run @param {object} settings what it is to be, as its one argument */
  constructor(file, settings) {
    this.#process = fork(file, [JSON.stringify(settings)], { execArgv: ['--expose-gc'] });
  }

  /** Sends a message and waits for its answer. @throws {Error} what the child reports, or that it died */
  ask(message) {
    return new Promise((resolve, reject) => {
      const settle = (act, value) => {
        this.#process.off('message', onMessage);
        this.#process.off('exit', onExit);
        act(value);
      };
      const onMessage = ({ answer, error }) =>
        error ? settle(reject, new Error(error)) : settle(resolve, answer);
      const onExit = (code, signal) =>
        settle(reject, new Error(`the child process ended (${signal ?? code}) before it answered`));
      this.#process.on('message', onMessage);
      this.#process.on('exit', onExit);
      this.#process.send(message);
    });
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
