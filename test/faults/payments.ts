import { reconstructSet, splitPayment } from '../../shared/amp/index.ts';
import { failedHtlc, lndHtlc } from '../lndMessages.ts';
import type { Htlc, NodeInvoice, NodeSet } from './node.ts';
import type { Random } from './random.ts';

/** What is wrong with a set of ours, if anything: each is to be set aside. */
export type Flaw = 'none' | 'share' | 'sum' | 'garbled';

export type Paid = Pick<NodeSet, 'setId' | 'invoice' | 'amountMsat' | 'htlcs' | 'garbled'>;

const MESSAGE_RECORD = 34349334n;
const MESSAGES = ['Great post', 'gr\u00fc\u00dfe \u26a1', '\u202eevil\u0000', '', '"}]'];

/** A record type as ln-service's loader gives it. */
const recordKey = (type: bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(type);
  return bytes.toString('latin1');
};

/** A set as it arrives: real shares and preimages, or one that lnd's message is wrong about. */
export function pay(
  invoice: NodeInvoice,
  {
    amountMsat,
    shards,
    wall,
    flaw = 'none',
    setId,
  }: { amountMsat: bigint; shards: number; wall: number; flaw?: Flaw; setId?: string },
  random: Random,
): Paid {
  const id = setId ?? random.hex(32);
  const text = random.pick(MESSAGES);
  const split = splitPayment({
    totalMsat: amountMsat,
    shards: Number(BigInt(shards) > amountMsat ? amountMsat : shards),
    root: random.bytes(32),
    setId: Buffer.from(id, 'hex'),
    paymentAddr: Buffer.from(invoice.paymentAddr, 'hex'),
    random: (size) => random.bytes(size),
  });
  const { children } = reconstructSet(
    split.map(({ amp }) => ({ share: amp.rootShare, childIndex: amp.childIndex })),
  );
  const htlcs = split.map(
    ({ amountMsat: amount, amp, hash }, at): Htlc =>
      lndHtlc({
        amountMsat: amount,
        totalMsat: amountMsat,
        resolvedAt: BigInt(Math.floor(wall / 1000)),
        amp: {
          root_share: Buffer.from(amp.rootShare),
          set_id: Buffer.from(id, 'hex'),
          child_index: amp.childIndex,
          hash: Buffer.from(hash),
          preimage: Buffer.from(children[at]!.preimage),
        },
        records: text === '' ? {} : { [recordKey(MESSAGE_RECORD)]: Buffer.from(text) },
      }),
  );
  if (random.chance(0.1)) htlcs.push(failedHtlc(htlcs[0]));
  if (flaw === 'share') htlcs[0].amp.root_share[random.int(0, 31)] ^= 1 << random.int(0, 7);
  const told = flaw === 'sum' ? amountMsat + BigInt(random.int(1, 1000)) : amountMsat;
  return { setId: id, invoice, amountMsat: told, htlcs, garbled: flaw === 'garbled' };
}

/** A payment of a plain invoice. Its preimage is the invoice's, or one that doesn't hash to the payment hash. */
export function payPlain(
  invoice: NodeInvoice,
  { flaw, wall }: { flaw: Flaw; wall: number },
  random: Random,
): Paid {
  const amountMsat = invoice.amountMsat!;
  const setId = invoice.paymentHash.toString('hex');
  if (flaw === 'share') invoice.preimage[0]! ^= 1;
  const half = amountMsat / 2n;
  const parts = half > 0n && random.chance(0.3) ? [half, amountMsat - half] : [amountMsat];
  if (flaw === 'sum') parts.push(1n);
  const htlcs = parts.map(
    (part): Htlc =>
      lndHtlc({
        amountMsat: part,
        totalMsat: amountMsat,
        resolvedAt: BigInt(Math.floor(wall / 1000)),
        amp: null,
      }),
  );
  if (random.chance(0.1)) htlcs.push(failedHtlc(htlcs[0]));
  return { setId, invoice, amountMsat, htlcs, garbled: flaw === 'garbled' };
}

/** The same payment with another amount, whole in itself. */
export function withAnotherAmount(set: NodeSet, random: Random): NodeSet {
  const more = BigInt(random.int(1, 1_000_000));
  const htlcs = set.htlcs.map((htlc, at) =>
    at === 0 ? { ...htlc, amt_msat: (BigInt(htlc.amt_msat) + more).toString() } : htlc,
  );
  return { ...set, amountMsat: set.amountMsat + more, htlcs };
}
