import { type Creator, changeCreator, requestMints } from './creators.ts';
import { keys } from './keys.ts';
import { type Lease, readNode } from './lease.ts';
import type { Ledger } from './table.ts';
import { type Change, type Condition, check, transact, update } from './transaction.ts';

/** Whether a creator's tips are for the node of a lease to take. */
export const isOfNode = ({ node, home }: Lease, creator: Pick<Creator, 'node'>): boolean =>
  creator.node === undefined ? home : creator.node === node;

/** A node that can't be meant; the message says why. */
export class NodeError extends Error {
  override readonly name = 'NodeError';
}

/**
 * Let another node take a creator's tips from now on: its connector makes an invoice for each option, and the ones before are
 * retired, and still booked by the node that they are of. Again is harmless.
 * @param node its pubkey
 * @throws NodeError when the table does not know it; CreatorError, CreatorChangedError
 */
export async function assignNode(ledger: Ledger, handle: string, node: string, now: Date): Promise<Creator> {
  const state = await readNode(ledger, node);
  if (!state)
    throw new NodeError(
      `node: the table does not know ${JSON.stringify(node.slice(0, 66))}; its connector must have come first`,
    );
  const own = state.beside ? node : undefined;
  const creator = await changeCreator(ledger, handle, (creator) => {
    const { node: before, ...rest } = creator;
    return before === own ? creator : { ...rest, ...(own !== undefined && { node: own }) };
  });
  await requestMints(ledger, creator, now);
  return creator;
}

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
    check(ledger.table, keys.node(node), BESIDE),
    update(ledger.table, keys.signs(node), { remove: ['listPk', 'listSk'] }),
  ]);
  return refused === undefined;
}
