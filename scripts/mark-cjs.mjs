// The packages are `"type": "module"`; a package.json beside the CommonJS build tells Node that
// those files are not.
import { existsSync, readdirSync, writeFileSync } from 'node:fs';

const packages = new URL('../packages/', import.meta.url);
for (const name of readdirSync(packages)) {
  const cjs = new URL(`${name}/dist/cjs/`, packages);
  if (existsSync(cjs)) writeFileSync(new URL('package.json', cjs), '{"type":"commonjs"}\n');
}
