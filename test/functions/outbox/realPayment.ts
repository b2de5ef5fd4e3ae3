import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import type { InvoiceMessage } from '../../../connector/lnd/messages.ts';
import { toSettlement, verifySettlement } from '../../../connector/payments/amp.ts';
import { publishRecords, type StreamRecord } from '../../../functions/outbox/stream.ts';
import type { TipEvent } from '../../../shared/contract/tip.ts';
import {
  addCreator,
  bookTips,
  openOptionId,
  putRetiredInvoice,
  takeLease,
} from '../../../shared/ledger/index.ts';
import { readStream } from '../../conformance/subject.ts';
import lnd from '../../fixtures/lnd-settled.json' with { type: 'json' };
import { minted, NOW, openBook } from '../../shared/ledger/book.ts';

/** A recorded event with bytes as gRPC gives them. */
function recorded(at: number) {
  const raw = structuredClone(lnd.settled_events[at]!);
  const bytes = (hex: string) => Buffer.from(hex, 'hex');
  const custom = (records: object) =>
    Object.entries(records).map(([type, value]) => {
      const key = Buffer.alloc(8);
      key.writeBigUInt64LE(BigInt(type));
      return [key.toString('latin1'), bytes(value)];
    });
  return {
    ...raw,
    payment_addr: bytes(raw.payment_addr),
    htlcs: raw.htlcs.map(({ amp, custom_records, ...htlc }) => ({
      ...htlc,
      custom_records: Object.fromEntries(custom(custom_records)),
      amp: amp && {
        ...amp,
        root_share: bytes(amp.root_share),
        set_id: bytes(amp.set_id),
        hash: bytes(amp.hash),
        preimage: bytes(amp.preimage),
      },
    })),
  };
}

/** The record in the fixture of a payment of one shard with a message. */
export const WITH_MESSAGE = 3;

/**
 * The events that payments recorded at lnd become: verified, booked for alice in their order, and settled from the stream
 * of the table.
 */
export async function eventsOfPayments(...places: number[]): Promise<TipEvent[]> {
  const { ledger, close } = await openBook();
  try {
    const lease = await takeLease(ledger, {
      node: lnd.node,
      network: 'simnet',
      holder: 'docs',
      seen: undefined,
    });
    await addCreator(ledger, { handle: 'alice', name: 'Alice' }, NOW);
    for (const at of places) {
      const verified = verifySettlement(toSettlement(recorded(at) as unknown as InvoiceMessage)!);
      if ('refused' in verified) throw new Error(verified.refused);
      const { paymentAddr } = verified.set;
      await putRetiredInvoice(
        ledger,
        lease!,
        { ...minted('alice', paymentAddr), paymentAddr, node: lnd.node },
        NOW,
      );
      const tip = { ...verified.set, handle: 'alice', optionId: openOptionId('alice'), event: '' };
      await bookTips(ledger, lease!, { tips: [tip], quarantined: [] });
    }
    const { Table } = await ledger.client.send(new DescribeTableCommand({ TableName: ledger.table }));
    const records = (await readStream(ledger.client, Table!.LatestStreamArn!)) as StreamRecord[];
    const events: TipEvent[] = [];
    await publishRecords(records, {
      ledger,
      clock: () => NOW,
      enqueue: async (more) => events.push(...more),
      publish: async () => {},
      report: (alarm) => {
        throw new Error(alarm);
      },
    });
    return events;
  } finally {
    await close();
  }
}
