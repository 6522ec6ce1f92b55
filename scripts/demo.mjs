// `npm run demo`: the main job on real data, from a fresh clone, with Node and npm only.
import { prepare, run } from './prepare.mjs';

prepare();
run(process.execPath, ['examples/express-cities/dist/main.js', ...process.argv.slice(2)]);
