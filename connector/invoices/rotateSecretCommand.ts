import { randomBytes } from 'node:crypto';
import type { Asked, Outcome, Parts } from '../../shared/command/command.ts';
import { UsageError } from '../../shared/command/failures.ts';
import { sleep } from '../../shared/concurrency/sleep.ts';
import { type Lease, type Ledger, readNodes, replaceMemoSecret } from '../../shared/ledger/index.ts';
import type { TABLE } from '../../shared/place.ts';
import { underLease } from '../lease.ts';
import { onLedger } from '../onNode.ts';
import { freshSecret } from './memo.ts';

/** Give the table another secret for memos. */
export const rotateSecret = ({ values }: Asked<typeof TABLE>, { env }: Parts): Promise<Outcome> =>
  onLedger(values, env, async (ledger) => {
    const nodes: string[] = [];
    for await (const node of readNodes(ledger)) nodes.push(node);
    if (nodes.length === 0) throw new UsageError('--table: it has seen no node yet, and so has no secret');
    await underLeases(ledger, nodes, [], (leases) =>
      replaceMemoSecret(ledger, leases, freshSecret(randomBytes, new Date())),
    );
    return { text: 'memos are proven by another secret from now on' };
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
