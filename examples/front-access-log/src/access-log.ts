import type { RequestHandler } from 'express';

/** One answered request. */
export interface Line {
  readonly method: string;
  readonly url: string;
  readonly status: number;
  /** Who answered it. */
  readonly by: 'front' | 'application';
}

export function accessLog(write: (line: Line) => void): RequestHandler {
  return (req, res, next) => {
    res.once('finish', () => {
      const { method, originalUrl: url } = req;
      write({ method, url, status: res.statusCode, by: 'application' });
    });
    next();
  };
}
