import type { ErrorRequestHandler } from 'express';

/** An error whose status and message are meant for the client. */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Answers with what the client may know; everything else is logged and stays here. */
export const sendError: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  if (res.headersSent) {
    next(error);
    return;
  }
  const { status, message } = forClient(error);
  res.status(status).json({ error: message });
};

function forClient(error: unknown): { status: number; message: string } {
  if (error instanceof HttpError) return error;
  if (isBodyParserError(error)) return { status: error.status, message: error.message };
  console.error(error);
  return { status: 500, message: 'internal error' };
}

/** express.json() marks what the client may see, such as a syntax error in its JSON. */
function isBodyParserError(error: unknown): error is { status: number; message: string } {
  return error instanceof Error && 'expose' in error && error.expose === true && 'status' in error;
}
