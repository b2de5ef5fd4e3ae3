import type { Creator } from './creators.ts';
import { keys } from './keys.ts';
import type { Lease } from './lease.ts';
import type { Ledger } from './table.ts';
import { type Change, type Condition, transact, update } from './transaction.ts';

/** Whether a creator's tips are for the node of a lease to take. */
export const isOfNode = ({ node, home }: Lease, creator: Pick<Creator, 'node'>): boolean =>
  creator.node === undefined ? home : creator.node === node;

const AT_HOME: Condition = {
  expression: 'attribute_exists(pk) AND attribute_not_exists(#beside)',
  names: { '#beside': 'beside' },
};
const BESIDE: Condition = { expression: 'attribute_exists(#beside)', names: { '#beside': 'beside' } };

/**
 * Let creators that have no node of their own belong to another node from now on. Both nodes' leases end with it, so that no
 * connector goes by what was before; they take them again by themselves.
 * @returns false when it was not as said: `from` is not their node now, or `to` is not known beside it
 */
export async function moveHome(ledger: Ledger, { from, to }: { from: string; to: string }): Promise<boolean> {
  const change = (node: string, { set, ...more }: Change & { condition: Condition }) =>
    update(ledger.table, keys.node(node), {
      set: { holder: { S: '' }, ...set },
      add: { epoch: { N: '1' }, beat: { N: '1' } },
      ...more,
    });
  const refused = await transact(ledger, [
    change(from, { set: { beside: { BOOL: true } }, condition: AT_HOME }),
    change(to, { remove: ['beside'], condition: BESIDE }),
  ]);
  return refused === undefined;
}

/**
 * Take a node off the list of nodes, when it takes no more tips: it counts as known no more, until its connector comes again.
 * What was paid to it stays booked, and its invoices attributed.
 * @returns false when creators without a node of their own are its, or it is not known
 */
export async function retireNode(ledger: Ledger, node: string): Promise<boolean> {
  const refused = await transact(ledger, [
    update(ledger.table, keys.node(node), { remove: ['listPk', 'listSk'], condition: BESIDE }),
  ]);
  return refused === undefined;
}
