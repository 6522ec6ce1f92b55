import { front, responseCache } from '@locmem/express';
import express, { type Express } from 'express';
import { accessLog, type Line } from './access-log.js';
import { primesBelow } from './primes.js';

const LARGEST = 2_000_000;

/**
 * The cache is the first middleware, and a front stands before the application: a hit is answered
 * before Express has so much as looked at the request.
 */
export function createApp(write: (line: Line) => void): Express {
  const cache = responseCache({ timeout: '1h' });

  const app = express().disable('x-powered-by');
  app.use(cache);

  // Everything below runs for misses only. What it puts on an answer is stored with it, and so is on
  // hits, too: right for a field that is the same for everybody, wrong for a request id.
  app.use(accessLog(write));
  app.use((_req, res, next) => {
    res.set('X-Content-Type-Options', 'nosniff');
    next();
  });

  app.get('/primes/:below', (req, res) => {
    const below = Number(req.params.below);
    if (!Number.isInteger(below) || below < 2 || below > LARGEST) {
      res.status(400).json({ error: `must be a whole number from 2 to ${LARGEST}` });
      return;
    }
    const primes = primesBelow(below);
    res.json({ below, count: primes.length, largest: primes.at(-1) });
  });

  // A private page: the cache stores none, so the front has none to give.
  app.get('/me', (_req, res) => {
    res.set('Cache-Control', 'private').send('yours');
  });

  app.post('/purge/:below', (req, res) => {
    cache.invalidate({ url: `/primes/${req.params.below}` }); // the front has the same store
    res.sendStatus(204);
  });

  return front(app, cache, {
    // The log never sees a hit, so the front tells it.
    onHit: (req, res) => {
      write({ method: req.method ?? '', url: req.url ?? '', status: res.statusCode, by: 'front' });
    },
  });
}
