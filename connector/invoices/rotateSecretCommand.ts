import { randomBytes } from 'node:crypto';
import { readFlags } from '../../shared/command/flags.ts';
import { sleep } from '../../shared/concurrency/sleep.ts';
import { type Lease, type Ledger, readNodes, replaceMemoSecret } from '../../shared/ledger/index.ts';
import { underLease } from '../lease.ts';
import { OptionError, openLedger, PLACES, PLACES_HELP, runMain } from '../options.ts';
import { freshSecret } from './memo.ts';

const HELP = `ampjar connector rotate-secret [flags]: another secret for the memos of the table's connectors, after a leak

Memos that were written under the one before don't verify any more: invoices that the table knows are booked by it as ever, and those
that it would lose with a restore are found by ampjar connector adopt alone. Connectors that run take it up within seconds.

${PLACES_HELP.split('\n').slice(4).join('\n')}`;

runMain(async (args, env) => {
  const { values } = readFlags(args, PLACES);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const ledger = openLedger(values, env);
  try {
    const nodes: string[] = [];
    for await (const node of readNodes(ledger)) nodes.push(node);
    if (nodes.length === 0) throw new OptionError('--table: it has seen no node yet, and so has no secret');
    await underLeases(ledger, nodes, [], (leases) =>
      replaceMemoSecret(ledger, leases, freshSecret(randomBytes, new Date())),
    );
    process.stdout.write('memos are proven by another secret from now on\n');
    return 0;
  } finally {
    ledger.client.destroy();
  }
});

/** Do something under the leases of several nodes at once. */
function underLeases(
  ledger: Ledger,
  [node, ...others]: readonly string[],
  held: readonly Lease[],
  work: (leases: readonly Lease[]) => Promise<void>,
): Promise<void> {
  if (node === undefined) return work(held);
  const holder = `rotate-secret ${randomBytes(4).toString('hex')}`;
  return underLease({ ledger, sleep }, { node, holder }, (lease) =>
    underLeases(ledger, others, [...held, lease], work),
  );
}
