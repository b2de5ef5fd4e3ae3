import { existsSync } from 'node:fs';

/** The suites that need a real counterpart which `npm ci` doesn't bring, and how to get it. */
const SUITES = {
  regtest: { needs: '.cache/bin/lnd', how: 'npm run test:regtest builds lnd and btcd (needs Go)' },
  ministack: {
    needs: '.cache/venv/bin/ministack',
    how: 'python3 -m venv .cache/venv && .cache/venv/bin/pip install -r test/requirements.txt',
  },
  fuzz: {
    needs: '.cache/venv/bin/schemathesis',
    how: 'python3 -m venv .cache/venv && .cache/venv/bin/pip install -r test/requirements.txt',
  },
  browser: { needs: process.env.CHROMIUM ?? '/usr/bin/chromium', how: "install Debian's package chromium" },
} as const;

export type Suite = keyof typeof SUITES;

/**
 * Which suites this machine can run. Those that it can't are named, with the way to turn them on; under `CI=true` they
 * are a failure.
 * @throws Error under CI when a counterpart is missing
 */
export function suitesHere(): ReadonlySet<Suite> {
  const missing = Object.entries(SUITES).filter(([, { needs }]) => !existsSync(needs));
  const lines = missing.map(
    ([name, { needs, how }]) => `suite left out: ${name}, for ${needs} is missing. ${how}`,
  );
  if (lines.length > 0 && process.env.CI === 'true') throw new Error(lines.join('\n'));
  for (const line of lines) console.error(line);
  const gone = new Set(missing.map(([name]) => name));
  return new Set((Object.keys(SUITES) as Suite[]).filter((name) => !gone.has(name)));
}
