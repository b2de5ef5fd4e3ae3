import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { clientOf } from './pair.ts';

interface Address {
  socket: string;
  pubkey: string;
  certPath: string;
  adminMacaroonPath: string;
}

let dir: string;
let running: ChildProcess | undefined;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'ampjar-process-'));
});
afterEach(async () => {
  if (running?.exitCode === null && running.signalCode === null) await end('SIGKILL');
  rmSync(dir, { recursive: true });
});

const run = (...more: string[]): ChildProcess =>
  spawn(process.execPath, [inject('program').ampjar, 'dev', 'node', ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });

const start = async (): Promise<{ jar: Address; payer: Address }> => {
  running = run('--data', dir);
  const [line] = await once(createInterface(running.stdout!), 'line');
  return JSON.parse(line);
};

const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> => {
  const exited = once(running!, 'exit');
  running!.kill(signal);
  const [code] = await exited;
  return code;
};

test('what a payer was told is settled is there after kill -9, in order, and goes on from there', async () => {
  const first = await start();
  const jar = clientOf(first.jar);
  const payer = clientOf(first.payer);
  const { payment_request } = await jar.call('default', 'addInvoice', { is_amp: true, memo: 'durable' });
  const succeeded: string[] = [];
  const request = {
    payment_request,
    amp: true,
    amt: '2',
    max_shard_size_msat: '1000',
    no_inflight_updates: true,
  };
  const send = async (): Promise<void> => {
    for (;;) {
      const [payment] = await payer.pay(request);
      succeeded.push(payment.payment_hash);
      if (succeeded.length === 60) void end('SIGKILL');
    }
  };
  const died = once(running!, 'exit');
  await Promise.allSettled(Array.from({ length: 8 }, send));
  await died;
  expect(succeeded.length).toBeGreaterThanOrEqual(60);

  const second = await start();
  expect({ ...second.jar, socket: '' }).toEqual({ ...first.jar, socket: '' });
  const again = clientOf(second.jar);
  const [invoice] = (await again.call('default', 'listInvoices')).invoices;
  expect(Object.keys(invoice.amp_invoice_state)).toEqual(expect.arrayContaining(succeeded));
  const states = Object.values<any>(invoice.amp_invoice_state);
  const indexes = states.map(({ settle_index }) => Number(settle_index)).sort((a, b) => a - b);
  expect(indexes).toEqual(indexes.map((_, i) => i + 1));
  expect(invoice.amt_paid_msat).toBe(String(states.length * 2000));
  expect(invoice.htlcs).toHaveLength(states.length * 2);

  const messages = again.subscribe();
  const [payment] = await clientOf(second.payer).pay(request);
  const { amp_invoice_state } = await messages.next();
  expect(amp_invoice_state[payment.payment_hash].settle_index).toBe(String(states.length + 1));
  messages.end();
});

test('SIGTERM ends the process cleanly', async () => {
  await start();
  expect(await end('SIGTERM')).toBe(0);
});

test.each([
  ['no folder', [], '--data is missing'],
  [
    'a port that is none',
    ['--data', 'x', '--port', '70000'],
    '--port: "70000" is not a whole number from 0 to 65535',
  ],
])('%s is one clear line', async (_, given, message) => {
  running = run(...given);
  let said = '';
  running.stderr!.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(running, 'close');
  expect(code).toBe(2);
  expect(said.trim().split('\n')).toHaveLength(1);
  expect(said).toContain(message);
});
