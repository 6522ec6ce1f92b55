import { optionsOrExit } from '../options.mjs';
import { demo } from './demo.js';

process.exitCode = await demo(optionsOrExit());
