// `npm run demo`: the main job on real data, from a fresh clone, with Node and npm only.
// The command line is read first, so that a typing error costs no installation.
import { optionsOrExit } from '../examples/express-cities/options.mjs';
import { prepare } from './prepare.mjs';

const options = optionsOrExit();
prepare();
// In this very process: Ctrl-C reaches the server itself, which then closes in order.
const { demo } = await import('../examples/express-cities/dist/demo.js');
process.exitCode = await demo(options);
