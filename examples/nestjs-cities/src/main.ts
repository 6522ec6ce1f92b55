import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { Transport } from '@nestjs/microservices';
import { readDataSet } from 'express-cities/dist/data-set.js';
import { openDatabase } from 'express-cities/dist/database.js';
import { load } from 'express-cities/dist/load.js';
import { AppModule } from './app.module.js';

const PORT = Number(process.env['PORT'] ?? 3000);
const MESSAGES_PORT = PORT + 1;

const database = await openDatabase();
await load(database, await readDataSet());

const app = await NestFactory.create(AppModule.over(database));
const options = { host: '127.0.0.1', port: MESSAGES_PORT };
// Messages get the guards and interceptors of the application, and with them the prefix per tenant.
app.connectMicroservice({ transport: Transport.TCP, options }, { inheritAppConfig: true });
app.enableShutdownHooks();
await app.startAllMicroservices();
await app.listen(PORT, '127.0.0.1');

console.log(`
  curl http://localhost:${PORT}/countries -H 'x-tenant: europe' -i     # ask twice: cache-status
  curl 'http://localhost:${PORT}/near?lat=52.52&lon=13.40'
  curl -X PUT http://localhost:${PORT}/cities/2950159 -H 'content-type: application/json' -d '{"population": 1}' -i
`);
