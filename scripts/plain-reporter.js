// Prints `N passed, N failed` as the very last line of a test run, so that a person or a program
// can read the outcome without parsing Jest's own summary.
import { writeSync } from 'node:fs';

export default class PlainReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const line = `${results.numPassedTests} passed, ${failed} failed\n`;
    // Jest prints its summary after this hook; only the process's end is later.
    process.once('exit', () => writeSync(1, line));
  }
}
