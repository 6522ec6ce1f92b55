// The command line of the demo. Plain JavaScript beside the TypeScript sources, so that
// `npm run demo` can answer --help and refuse a typing error before it installs and builds.
import { parseArgs } from 'node:util';

export const HELP = `Usage: npm run demo -- [options]

Loads 130,000 cities into an embedded Postgres, serves a JSON API and an HTML page with cached
answers, fires a short tour of requests at itself and stays up.

Options:
  --once         end after the tour: exit code 0 when every check held, 1 when one did not
  --port NUMBER  port on 127.0.0.1 (default: the PORT environment variable, else 3000);
                 when it is taken, a free one is used and named
  --redis URL    keep answers on this Redis or Valkey (redis://127.0.0.1:6379), not in the process
  --help, -h     show this text
`;

/** The options of this process; ends it after --help, and with exit code 2 on a typing error. */
export function optionsOrExit() {
  try {
    const options = readOptions(process.argv.slice(2), process.env);
    if (!options.help) return options;
    console.log(HELP);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

/** What is wrong with the command line, in words for the person who typed it. */
export class UsageError extends Error {
  name = 'UsageError';
}

/**
 * @param {string[]} args the arguments after the program's name
 * @param {Record<string, string | undefined>} env where PORT may stand
 * @throws {UsageError} when an argument is unknown or a port is not one
 */
export function readOptions(args, env) {
  const { values } = parse(args);
  return {
    help: values.help ?? false,
    once: values.once ?? false,
    redis: redisUrl(values.redis),
    port: values.port === undefined ? port(env.PORT, 'PORT') : port(values.port, '--port'),
  };
}

function parse(args) {
  try {
    return parseArgs({
      args,
      allowPositionals: false,
      options: {
        help: { type: 'boolean', short: 'h' },
        once: { type: 'boolean' },
        port: { type: 'string' },
        redis: { type: 'string' },
      },
    });
  } catch (error) {
    // Node's sentences name the argument; some add advice about `--` that would mislead here.
    const [sentence] = error.message.split('. To specify');
    throw new UsageError(`${sentence.replace(/\.$/, '')}. Try --help.`);
  }
}

function redisUrl(text) {
  if (text === undefined) return undefined;
  if (/^rediss?:\/\/[^/]+/.test(text)) return text;
  throw new UsageError(
    `--redis must be an address such as redis://127.0.0.1:6379: received ${JSON.stringify(text)}. Try --help.`,
  );
}

function port(text, source) {
  if (text === undefined || text === '') return 3000;
  const number = Number(text);
  if (/^\d+$/.test(text) && number <= 65535) return number;
  throw new UsageError(
    `${source} must be a whole number from 0 to 65535: received ${JSON.stringify(text)}. Try --help.`,
  );
}
