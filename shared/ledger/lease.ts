import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { flag, type Of, optional, record, text, whole } from './codec.ts';
import { listedAttributes } from './creators.ts';
import { keys, listed } from './keys.ts';
import { getItem, queryAll } from './read.ts';
import { type Ledger, LISTED } from './table.ts';
import { ABSENT, type Condition, equals, update } from './transaction.ts';
import { write } from './write.ts';

const nodeItem = record({
  /** Which chain the node is on; a table takes no node of another. */
  network: text,
  /** Grows by one each time the lease is taken, and never falls: the fence of every write. */
  epoch: whole,
  /** Grows with every sign of life of the holder. */
  beat: whole,
  /** Who holds it; empty when it was given back. */
  holder: text,
  /** Let in beside another node: creators of no node in particular are not its own. */
  beside: flag,
  /** Settle index to resume from: a hint that saves work, not a truth. */
  settleIndex: optional(whole),
  /** Highest add index of lnd's that was looked through for invoices of ours. */
  addIndex: optional(whole),
  /** Names the invoice that had it (hex): tells whether lnd's indexes still mean what they did. */
  addMark: optional(text),
  /** Add index up to which all plain invoices of ours are over, and booked when they were paid. */
  plainIndex: optional(whole),
  plainMark: optional(text),
  /** The retired invoice that the audit of old ones came to. */
  auditCursor: optional(text),
});

/** What the table knows of a node. */
export type NodeState = Of<typeof nodeItem.fields>;

/** The right to write for a node: every commit demands that the epoch is still this one. */
export interface Lease {
  readonly node: string;
  readonly epoch: bigint;
  readonly holder: string;
  /** Whether creators of no node in particular are its own. While the lease is held that does not change. */
  readonly home: boolean;
}

/** Another connector has taken the lease: this one must stop writing. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
  readonly lease: Lease;
  constructor(lease: Lease) {
    super(`the lease on node ${lease.node} went to another connector after epoch ${lease.epoch}`);
    this.lease = lease;
  }
}

/** The node's state as it is now, or undefined before its first connector. */
export async function readNode(ledger: Ledger, node: string): Promise<NodeState | undefined> {
  const item = await getItem(ledger, keys.node(node), { consistent: true });
  return item && nodeItem.fromItem(item);
}

/** The pubkeys of the nodes that the table has seen. */
export async function* readNodes(ledger: Ledger): AsyncGenerator<string> {
  const query = {
    IndexName: LISTED,
    KeyConditionExpression: 'listPk = :nodes',
    ExpressionAttributeValues: { ':nodes': { S: listed.node('').listPk } },
  };
  for await (const item of queryAll(ledger, query)) yield text.read(item.listSk, 'listSk');
}

/**
 * Take the lease, if the node's state still is what was seen. Whether it may be taken is the caller's to judge: it is
 * free when it has no holder, and a dead holder's when its beat stood still for long by the caller's own clock. No two
 * clocks are compared.
 * @returns the lease, or undefined when someone else was quicker or the holder gave a sign of life
 */
export async function takeLease(
  ledger: Ledger,
  {
    node,
    network,
    holder,
    seen,
    beside = seen?.beside,
  }: {
    node: string;
    network: string;
    holder: string;
    seen: NodeState | undefined;
    /** Of a node that was not seen: whether it comes in beside another. */
    beside?: true | undefined;
  },
): Promise<Lease | undefined> {
  const epoch = (seen?.epoch ?? 0n) + 1n;
  const unchanged: Condition = seen
    ? {
        expression: '#epoch = :epochWas AND #beat = :beatWas',
        names: { '#epoch': 'epoch', '#beat': 'beat' },
        values: { ':epochWas': whole.write(seen.epoch)!, ':beatWas': whole.write(seen.beat)! },
      }
    : ABSENT;
  // First, so that no node leads that others don't see.
  await write(ledger, update(ledger.table, keys.signs(node), { set: listedAttributes(listed.node(node)) }));
  const taken = await updateNode(ledger, node, {
    set: {
      epoch: whole.write(epoch)!,
      holder: { S: holder },
      network: { S: network },
      ...(beside && { beside: { BOOL: true } }),
    },
    add: { beat: { N: '1' } },
    condition: unchanged,
  });
  return taken ? { node, epoch, holder, home: !beside } : undefined;
}

/** A sign of life. @throws LeaseLostError */
export async function keepLease(ledger: Ledger, lease: Lease): Promise<void> {
  const kept = await updateNode(ledger, lease.node, { add: { beat: { N: '1' } }, condition: holds(lease) });
  if (!kept) throw new LeaseLostError(lease);
}

/** Give the lease back, so that another may take it at once; a lease that went to another is left alone. */
export async function releaseLease(ledger: Ledger, lease: Lease): Promise<void> {
  await updateNode(ledger, lease.node, { set: { holder: { S: '' } }, condition: holds(lease) });
}

/** The condition of every write that a connector makes. */
export const holds = (lease: Lease): Condition => equals('epoch', whole.write(lease.epoch)!);

/** Where work on a node goes on: to save effort, never for truth. */
export type Hints = Pick<
  NodeState,
  'settleIndex' | 'addIndex' | 'addMark' | 'plainIndex' | 'plainMark' | 'auditCursor'
>;

const { settleIndex, addIndex, addMark, plainIndex, plainMark, auditCursor } = nodeItem.fields;
const hintItem = record({ settleIndex, addIndex, addMark, plainIndex, plainMark, auditCursor });

/** The action on the node's item that each commit carries: demands the epoch, shows life, moves the hints. */
export const fence = (table: string, lease: Lease, hints: Hints = {}) =>
  update(table, keys.node(lease.node), {
    set: hintItem.toItem(hints),
    add: { beat: { N: '1' } },
    condition: holds(lease),
  });

/** Move the hints alone. @throws LeaseLostError */
export async function moveHints(ledger: Ledger, lease: Lease, hints: Hints): Promise<void> {
  if (!(await sendUpdate(ledger, fence(ledger.table, lease, hints)))) throw new LeaseLostError(lease);
}

const updateNode = (ledger: Ledger, node: string, change: Parameters<typeof update>[2]) =>
  sendUpdate(ledger, update(ledger.table, keys.node(node), change));

/** @returns false when its condition refused it */
const sendUpdate = async (ledger: Ledger, action: TransactWriteItem): Promise<boolean> =>
  (await write(ledger, action)).done;
