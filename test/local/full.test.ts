import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { clientOf } from './node/pair.ts';

/** What the files of a process may have, in blocks of 512 bytes: a disk that is full a little later. */
const LIMIT = 2_000;

let base: string;
let data: string;
let child: ChildProcess | undefined;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'ampjar-full-'));
  data = join(base, 'data');
});
afterEach(async () => {
  if (child && child.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL');
    await once(child, 'close');
  }
  rmSync(base, { recursive: true, force: true });
});

/** Start a program on the folder, with a limit to its files or without one. */
function launch(name: string, args: string[], limit?: number) {
  const within = limit === undefined ? 'exec "$@"' : `ulimit -f ${limit}; exec "$@"`;
  const command = [process.execPath, inject('program').ampjar, 'dev', name, '--data', data, ...args];
  const launched = spawn('sh', ['-c', within, 'sh', ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  child = launched;
  let said = '';
  launched.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const lines = createInterface(launched.stdout);
  return { lines, ended: once(launched, 'close').then(([code]) => ({ code, said })) };
}

interface Address {
  socket: string;
  certPath: string;
  adminMacaroonPath: string;
}

describe('a disk that is full', () => {
  it('ends npm start by such a line', async () => {
    const { code, said } = await launch('start', ['--port', '0'], 100).ended;
    expect(said.trimEnd().split('\n').at(-1)).toMatch(/data folder \S+ can't /);
    expect(said).not.toMatch(/^ +at /m);
    expect(code).not.toBe(0);
  });

  it('ends the development node by one line that names folder and cause, and nothing that was paid is lost', async () => {
    const full = launch('node', [], LIMIT);
    const [line] = (await once(full.lines, 'line')) as [string];
    const first = JSON.parse(line) as { jar: Address; payer: Address };
    const jar = clientOf(first.jar);
    const payer = clientOf(first.payer);
    const { payment_request } = await jar.call('default', 'addInvoice', { is_amp: true });
    const request = { payment_request, amp: true, amt: '2', no_inflight_updates: true };
    const succeeded: string[] = [];
    const pay = async () => {
      for (;;) {
        const [payment] = await payer.pay(request);
        if (payment.status === 'SUCCEEDED') succeeded.push(payment.payment_hash);
      }
    };
    await Promise.allSettled(Array.from({ length: 8 }, pay));
    const { code, said } = await full.ended;
    const lines = said.trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(
      /^ampjar: data folder \S+\/(jar|payer) can't be written: .+; is the disk full\?$/,
    );
    // lmdb's own code writes a line, too.
    expect(lines.length, said).toBeLessThanOrEqual(2);
    expect(code).toBe(1);
    expect(succeeded.length).toBeGreaterThan(10);

    const again = launch('node', []);
    const [next] = (await once(again.lines, 'line')) as [string];
    const { invoices } = await clientOf(JSON.parse(next).jar).call('default', 'listInvoices');
    expect(Object.keys(invoices[0].amp_invoice_state)).toEqual(expect.arrayContaining(succeeded));
  });
});
