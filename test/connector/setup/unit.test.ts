import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { unit, unitName } from '../../../connector/setup/unit.ts';
import { suitesHere } from '../../toolchains.ts';

const run = promisify(execFile);
const dir = mkdtempSync(join(tmpdir(), 'ampjar-unit-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** What systemd says of the hardening, from 0 to 10; a tenth more is a line that was lost. */
const MOST_EXPOSED = 1.3;

const CHOICES = {
  node: process.execPath,
  root: process.cwd(),
  environmentFile: '/etc/ampjar/connector.env',
  lndCert: '/home/bitcoin/.lnd/tls.cert',
  macaroon: '/etc/ampjar/lnd.macaroon',
  healthPort: 9911,
  anotherNode: false,
};
const AWS = {
  certificate: '/etc/ampjar/host.pem',
  key: '/etc/ampjar/host.key',
  config: '/etc/ampjar/aws.config',
};

const units = [
  { name: 'beside lnd on EC2', choices: CHOICES },
  {
    name: 'a second one, outside AWS',
    choices: { ...CHOICES, instance: 'standby', anotherNode: true, aws: AWS },
  },
];

describe.skipIf(!suitesHere().has('systemd'))('the systemd unit', () => {
  const file = (choices: Parameters<typeof unit>[0]) => {
    const path = join(dir, `${unitName(choices.instance)}.service`);
    writeFileSync(path, unit(choices));
    return path;
  };

  it.each(units)('is one that systemd takes without a word: $name', async ({ choices }) => {
    const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', file(choices)]);
    expect(`${stdout}${stderr}`).toBe('');
  });

  it('is checked by that: a misspelt line is told of', async () => {
    const path = join(dir, 'ampjar-misspelt.service');
    writeFileSync(path, unit(CHOICES).replace('ProtectSystem', 'ProtectSistem'));
    const { stderr } = await run('systemd-analyze', ['verify', '--man=no', path]);
    expect(stderr).toContain('ProtectSistem');
  });

  it.each(units)(`exposes the machine by ${MOST_EXPOSED} of 10 at most: $name`, async ({ choices }) => {
    const { stdout } = await run('systemd-analyze', [
      ...['security', '--no-pager', '--offline=true', `--threshold=${MOST_EXPOSED * 10}`],
      file(choices),
    ]);
    expect(stdout).toContain('Overall exposure level');
  });
});
