// `npm test`: installs what the tests need and passes every one of them, from a fresh clone.
// Arguments go to Jest: `npm test -- packages/core`.
import { prepare, run } from './prepare.mjs';
import { ensureRedisServer } from './redis-server.mjs';

prepare();
ensureRedisServer();
run(process.execPath, [
  '--experimental-vm-modules',
  '--no-warnings=ExperimentalWarning',
  'node_modules/jest/bin/jest.js',
  // All of the cores: a share of the tests waits for sockets and servers.
  '--maxWorkers=100%',
  ...process.argv.slice(2),
]);
