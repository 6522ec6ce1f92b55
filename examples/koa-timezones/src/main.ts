import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { createApp } from './app.js';
import { openDatabase } from './database.js';
import { TimeZones } from './time-zones.js';
import { Tour } from './tour.js';

const { values } = parseArgs({
  options: { once: { type: 'boolean', default: false }, port: { type: 'string', default: '0' } },
});

console.log('Starting Postgres inside this process (PGlite)');
const database = await openDatabase();
const app = createApp(new TimeZones(database), console.log);
const server = app.listen(Number(values.port), '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
console.log(`Serving on http://127.0.0.1:${port}/`);

const wrong = await new Tour(port, console.log).run();
console.log(
  wrong.length === 0 ? '\nThe tour found everything as it should be.' : `\n${wrong.length} wrong.`,
);
process.exitCode = wrong.length === 0 ? 0 : 1;

if (!values.once) {
  console.log('Ctrl-C ends.');
  await once(process, 'SIGINT');
}
server.close();
server.closeAllConnections();
await database.close();
