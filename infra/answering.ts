import { sleep } from '../shared/sleep.ts';

/** What an edge that works answers, of what no template shows: that CloudFront may call, and how it signs a path and a query. */
const EXPECTED: { path: string; status: number; type: string }[] = [
  { path: '/openapi.json', status: 200, type: 'application/json' },
  { path: '/@nobody--here', status: 404, type: 'text/html' },
  {
    path: '/.well-known/lnurlp/nobody--here?comment=%C3%A9%20%2B%40%2F',
    status: 200,
    type: 'application/json',
  },
  { path: '/widget.js', status: 200, type: 'text/javascript' },
];

const TRIES = 12;
/** A name that is new to the world's resolvers takes a while. */
const PAUSE_MS = 10_000;
const PATIENCE_MS = 10_000;

/**
 * Whether a deployment answers to the world, tried for two minutes.
 * @param origin without a slash at its end
 * @returns what is wrong, one line for each path that did not answer as it should
 */
export async function notAnswering(
  origin: string,
  { pauseMs = PAUSE_MS, tries = TRIES }: { pauseMs?: number; tries?: number } = {},
): Promise<string[]> {
  for (let left = tries; ; left--) {
    const wrong = (await Promise.all(EXPECTED.map((expected) => problemAt(origin, expected)))).filter(
      (problem) => problem !== undefined,
    );
    if (wrong.length === 0 || left <= 1) return wrong;
    await sleep(pauseMs);
  }
}

async function problemAt(origin: string, { path, status, type }: (typeof EXPECTED)[number]) {
  const expected = `expected ${status} ${type}`;
  try {
    const answer = await fetch(`${origin}${path}`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    await answer.arrayBuffer();
    const given = answer.headers.get('content-type') ?? 'no type';
    if (answer.status === status && given.startsWith(type)) return undefined;
    return `${path}: ${answer.status} ${given}, ${expected}`;
  } catch (error) {
    const { message, cause } = error as Error;
    return `${path}: ${cause instanceof Error ? cause.message : message}, ${expected}`;
  }
}
