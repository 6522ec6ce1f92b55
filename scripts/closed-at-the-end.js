// Jest's environment for Node, with one more promise: a test file leaves no server listening and no
// connection open. What it leaves fails the file by name, where `--detectOpenHandles` would only be
// asked by hand. (Unhandled rejections fail the test that runs, in Jest's own runner.)
import { TestEnvironment } from 'jest-environment-node';
import { setImmediate as turn } from 'node:timers/promises';

const NETWORK = /^(?:TCP|TLS|HTTP2|Pipe(?:Server|Connect))/;

/** A connection that was closed on this side takes some turns of the event loop to be gone. */
const PATIENCE = 5_000;

export default class extends TestEnvironment {
  #before = 0;

  async setup() {
    await super.setup();
    this.#before = openHandles().length;
  }

  async handleTestEvent(event, state) {
    if (event.name !== 'run_finish') return;
    for (let i = 0; i < PATIENCE && openHandles().length > this.#before; i++) await turn();
    const left = openHandles();
    if (left.length <= this.#before) return;
    state.unhandledErrors.push(new Error(`left open at the end of the file: ${left.join(', ')}`));
  }
}

function openHandles() {
  return process.getActiveResourcesInfo().filter((name) => NETWORK.test(name));
}
