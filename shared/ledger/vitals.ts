import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { counts, moment, type Of, optional, record, small, text } from './codec.ts';
import { keys, listed } from './keys.ts';
import { keepLease, type Lease } from './lease.ts';
import { queryAll } from './read.ts';
import { type Ledger, LISTED } from './table.ts';
import { update } from './transaction.ts';

/** How a connector fares, by its own clock: in an item beside that of its node's lease. */
const vitalSigns = record({
  /** When it wrote this. */
  aliveAt: moment,
  /** Of the software that it runs. */
  version: text,
  /** What was heard of lnd and is not booked yet. */
  waiting: small,
  /** All that was settled before is booked, and the checkpoint says so. */
  checkpointAt: optional(moment),
  /** When the last audit ended, and how many sets and invoices it or one shortly before found wrong: 0 is right. */
  auditedAt: optional(moment),
  drift: optional(small),
  /** When the first of the invoices expires that are handed out. */
  firstExpiry: optional(moment),
  /** How often each alarm was raised in the {@link ALARMS_COUNT_MS} before `alarmsAt`. Releases before tell neither, and leave both as they are. */
  alarms: optional(counts),
  alarmsAt: optional(moment),
});

/** An alarm counts for so long after it was raised: that whoever looks each minute may miss some looks. */
export const ALARMS_COUNT_MS = 600_000;

export type VitalSigns = Of<typeof vitalSigns.fields>;

/**
 * Write down how the connector fares, which is a sign of life of its lease, too. What is left out stays as it was; an audit that
 * found no invoices takes away the expiry of the one before.
 * @returns what was there before, of this connector or another; undefined when none had told
 * @throws LeaseLostError
 */
export async function saveVitalSigns(
  ledger: Ledger,
  lease: Lease,
  signs: VitalSigns,
): Promise<VitalSigns | undefined> {
  await keepLease(ledger, lease);
  const { Update } = update(ledger.table, keys.signs(lease.node), {
    set: vitalSigns.toItem(signs),
    remove: signs.auditedAt && !signs.firstExpiry ? ['firstExpiry'] : [],
  });
  const { Attributes: was } = await ledger.client.send(
    new UpdateItemCommand({ ...Update!, ReturnValues: 'ALL_OLD' }),
  );
  return was?.aliveAt && vitalSigns.fromItem(was);
}

/**
 * The nodes of the table, with how their connectors fare; undefined for one whose connector has not told yet. The index may be a
 * moment behind.
 */
export async function* readVitalSigns(
  ledger: Ledger,
): AsyncGenerator<{ node: string; signs: VitalSigns | undefined }> {
  const query = {
    IndexName: LISTED,
    KeyConditionExpression: 'listPk = :nodes',
    ExpressionAttributeValues: { ':nodes': { S: listed.node('').listPk } },
  };
  for await (const item of queryAll(ledger, query))
    yield {
      node: text.read(item.listSk, 'listSk'),
      signs: item.aliveAt && vitalSigns.fromItem(item),
    };
}
