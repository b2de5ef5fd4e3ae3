import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { readChoices, type SetupValues } from '../../../local/setup/options.ts';
import { unit } from '../../../local/setup/unit.ts';
import { suitesHere } from '../../toolchains.ts';

const run = promisify(execFile);
const dir = mkdtempSync(join(tmpdir(), 'ampjar-server-unit-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** What systemd says of the hardening, from 0 to 10; a tenth more is a line that was lost. */
const MOST_EXPOSED = 1.3;

const origin = 'https://tips.example';
const UNITS: [string, SetupValues][] = [
  ['as it is', { origin }],
  [
    'on IPv6, with a proxy elsewhere and route hints',
    { origin, listen: '[::1]:81', proxy: 'fd00::/8', 'route-hints': true },
  ],
];
const written = (values: SetupValues) => {
  const path = join(dir, 'ampjar.service');
  writeFileSync(path, unit(readChoices(values, {}), { node: process.execPath, root: process.cwd() }));
  return path;
};

describe.skipIf(!suitesHere().has('systemd'))('the systemd unit of npm start', () => {
  it.each(UNITS)('is one that systemd takes without a word: %s', async (_, values) => {
    const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', written(values)]);
    expect(`${stdout}${stderr}`).toBe('');
  });

  it.each(UNITS)(`exposes the machine by ${MOST_EXPOSED} of 10 at most: %s`, async (_, values) => {
    const { stdout } = await run('systemd-analyze', [
      ...['security', '--no-pager', '--offline=true', `--threshold=${MOST_EXPOSED * 10}`],
      written(values),
    ]);
    expect(stdout).toContain('Overall exposure level');
  });
});

describe('ampjar server setup', () => {
  it.each<[SetupValues, string]>([
    [{ origin: 'tips.example' }, '--origin: '],
    [{ origin, listen: '127.0.0.1:0' }, '--listen: the proxy needs a port that stays'],
    [{ origin, proxy: 'nobody' }, '--proxy: "nobody" is not'],
    [{ origin, 'lnd-host': 'a b' }, '--lnd-host: "a b" has a character'],
    [{ origin, dir: '/etc/my jar' }, '--dir: '],
  ])('refuses %j', (values, message) => {
    expect(() => readChoices(values, {})).toThrow(message);
  });
});
