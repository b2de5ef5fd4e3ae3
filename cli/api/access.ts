import { readFile, stat } from 'node:fs/promises';
import { UsageError } from '../../shared/command/failures.ts';

/** Where `npm start` answers unless told otherwise. */
const DEFAULT_URL = 'http://127.0.0.1:8080';
const KEY = /^ampjar_[0-9A-Za-z]{36}$/;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Where the API answers. The key goes there with each request, so that plain HTTP is taken on this machine alone.
 * @throws UsageError
 */
export function readUrl(given: string | undefined, env: Record<string, string | undefined>): string {
  const [name, value] =
    given !== undefined ? ['--url', given] : ['AMPJAR_URL', env.AMPJAR_URL || DEFAULT_URL];
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash)
    throw new UsageError(`${name}: not an http or https address without user name, query and fragment`);
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname))
    throw new UsageError(
      `${name}: ${url.hostname} is another machine, which takes https: the key is a secret`,
    );
  return url.href.replace(/\/+$/, '');
}

/**
 * The API key: from a file, or from the environment.
 * @param warn hears when others can read the file
 * @throws UsageError which never tells what was read
 */
export async function readKey(
  file: string | undefined,
  env: Record<string, string | undefined>,
  warn: (line: string) => void,
): Promise<string> {
  const named = file === undefined ? 'AMPJAR_KEY' : `--key-file ${file}`;
  const text = file === undefined ? env.AMPJAR_KEY : await readFirst(file, warn);
  if (!text)
    throw new UsageError(
      file === undefined
        ? 'key: missing, expected an API key in AMPJAR_KEY, or --key-file with a file that holds it'
        : `${named}: the file is empty, expected an API key`,
    );
  const key = text.trim();
  if (KEY.test(key)) return key;
  throw new UsageError(`${named}: not an API key, which is ampjar_ and 36 letters or digits`);
}

async function readFirst(file: string, warn: (line: string) => void): Promise<string> {
  try {
    const found = await stat(file);
    if (found.isFile() && (found.mode & 0o077) !== 0)
      warn(`--key-file ${file}: others on this machine may read it; chmod 600 keeps it to you`);
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--key-file ${file}: can’t be read (${(error as NodeJS.ErrnoException).code})`);
  }
}
