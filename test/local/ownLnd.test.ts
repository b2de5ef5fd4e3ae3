import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { CALLS } from '../../connector/lnd/client.ts';
import { startDevNode } from '../../local/node/index.ts';

const dir = mkdtempSync(join(tmpdir(), 'ampjar-own-lnd-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** Run `npm start` as in a checkout that is `dir`, until it leads a node or ends. */
async function start(...args: string[]) {
  const child = spawn(process.execPath, [inject('program').ampjar, 'dev', 'start', '--port', '0', ...args], {
    cwd: dir,
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      said += text;
      if (said.includes('"msg":"leading"')) child.kill('SIGTERM');
    });
  const [code] = await once(child, 'close');
  return { code, said };
}

describe('npm start, and then the same beside an lnd of one’s own', () => {
  it('works as it is printed: each has a table of its own', async () => {
    const node = await startDevNode({
      network: 'regtest',
      clock: Date.now,
      random: randomBytes,
      dir: join(dir, 'lnd'),
      alias: 'lnd',
    });
    const macaroon = join(dir, 'ampjar.macaroon');
    writeFileSync(macaroon, node.bakeMacaroon(CALLS));
    const beside = ['--lnd-host', node.socket, '--lnd-cert', node.certPath, '--lnd-macaroon', macaroon];
    const play = await start();
    expect([play.code, existsSync(join(dir, 'data', 'table.mdb'))]).toEqual([0, true]);
    const own = await start(...beside);
    expect([own.code, existsSync(join(dir, 'data-lnd', 'table.mdb'))]).toEqual([0, true]);
    expect(own.said).toContain(node.pubkey);

    const mixed = await start(...beside, '--data', 'data');
    expect(mixed.code).toBe(2);
    expect(mixed.said).toMatch(
      /^ampjar: --data: the table in data is another node's; give this one a folder of its own$/m,
    );
    await node.stop();
  });
});
