// Writes docs/rfc9111.md and docs/django-http.md anew, from the rows and tables beside the tests
// that check them.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--no-warnings=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    'packages/http/test/rfc9111/docs.spec.ts',
    'packages/http/test/django/docs.spec.ts',
  ],
  {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, LOCMEM_WRITE_DOCS: 'yes' },
    stdio: 'inherit',
  },
);
process.exit(status ?? 1);
