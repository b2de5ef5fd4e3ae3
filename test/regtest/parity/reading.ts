import { type Fields, type Lnd, unary } from '../harness/grpc.ts';
import { type InvoiceWatch, watchInvoices } from '../harness/invoices.ts';
import {
  addAmp,
  call,
  cancel,
  type From,
  heard,
  lookUp,
  pay,
  payAmp,
  refusal,
  streamRefusal,
  subscribed,
} from './calls.ts';
import type { Base } from './likeness.ts';
import type { Side, Step, Steps } from './side.ts';

/** One invoice of each fate: paid twice, open, paid and plain, canceled, open and plain. */
async function five(side: Side): Promise<void> {
  const { payment_request } = await addAmp(side, { memo: 'first' });
  await payAmp(side, { payment_request, amt: '10' });
  await payAmp(side, { payment_request, amt_msat: '40000', max_shard_size_msat: '10000' });
  await addAmp(side, { memo: 'second', value: '7' });
  await pay(side.payer, {
    payment_request: (await call(side, 'addInvoice', { value: '3' })).payment_request,
  });
  await cancel(side, (await addAmp(side, { memo: 'fourth' })).r_hash);
  await call(side, 'addInvoice', { memo: 'fifth' });
}

const lists =
  (request: (base: bigint) => object): Step =>
  async (side, { addIndex }) => {
    await five(side);
    return call(side, 'listInvoices', request(addIndex));
  };

export const listing: Steps = {
  'all after an index': lists((base) => ({ index_offset: String(base) })),
  'a page': lists((base) => ({ index_offset: String(base), num_max_invoices: '2' })),
  'the next page': lists((base) => ({ index_offset: String(base + 2n), num_max_invoices: '2' })),
  'the last page, which is not full': lists((base) => ({
    index_offset: String(base + 4n),
    num_max_invoices: '2',
  })),
  'what is beyond the last': lists((base) => ({ index_offset: String(base + 5n), num_max_invoices: '2' })),
  'what is far beyond the last': lists((base) => ({ index_offset: String(base + 500n) })),
  'from the end': lists(() => ({ reversed: true, num_max_invoices: '3' })),
  'backwards from an index': lists((base) => ({
    reversed: true,
    index_offset: String(base + 4n),
    num_max_invoices: '2',
  })),
  'what may still be paid': lists((base) => ({ index_offset: String(base), pending_only: true })),
};

/** Three payments, then a subscription, then one of each kind: what the subscription brings of them. */
const hears =
  (replayed: number, from: (base: Base) => From): Step =>
  async (side, base) => {
    const before = { ...base };
    const { payment_request } = await addAmp(side, { memo: 'heard' });
    await payAmp(side, { payment_request, amt: '10' });
    await payPlain(side);
    await payAmp(side, { payment_request, amt_msat: '40000', max_shard_size_msat: '10000' });
    await cancel(side, (await addAmp(side)).r_hash);
    let watch: InvoiceWatch;
    if (replayed === 0) {
      watch = await subscribed(side, base, from(before));
    } else {
      watch = watchInvoices(side.jar, from(before));
      await watch.until('what is replayed', ({ length }) => length >= replayed);
    }
    const { payment_request: live } = await addAmp(side, { memo: 'live' });
    await payPlain(side);
    return heard(watch, await payAmp(side, { payment_request: live, amt: '11' }));
  };

const payPlain = async (side: Side): Promise<Fields> => {
  const { payment_request } = await call(side, 'addInvoice', { value: '3' });
  return pay(side.payer, { payment_request });
};

export const subscribing: Steps = {
  'from index 0': hears(0, () => ({})),
  'from the last index before three settlements': hears(3, ({ settleIndex }) => ({ settleIndex })),
  'from the first of three': hears(2, ({ settleIndex }) => ({ settleIndex: settleIndex + 1n })),
  'from the last of three': hears(0, ({ settleIndex }) => ({ settleIndex: settleIndex + 3n })),
  'from beyond the last': hears(0, ({ settleIndex }) => ({ settleIndex: settleIndex + 1000n })),
  'from the last invoice before': hears(2, ({ addIndex }) => ({ addIndex })),
  'from indexes of both kinds': hears(2, ({ addIndex, settleIndex }) => ({
    addIndex: addIndex + 1n,
    settleIndex: settleIndex + 2n,
  })),
  'from beyond the last invoice': hears(1, ({ addIndex, settleIndex }) => ({
    addIndex: addIndex + 1000n,
    settleIndex: settleIndex + 2n,
  })),
};

/** An invoice with two payments, looked up. */
const finds =
  (request: (invoice: Fields, last: Fields) => object): Step =>
  async (side) => {
    const invoice = await addAmp(side, { memo: 'found', value: '10' });
    await payAmp(side, { payment_request: invoice.payment_request });
    const last = await payAmp(side, { payment_request: invoice.payment_request });
    return refusal(lookUp(side, request(invoice, last)));
  };
const setOf = ({ payment_hash }: Fields) => ({ set_id: Buffer.from(payment_hash, 'hex') });

export const lookingUp: Steps = {
  'an invoice without HTLCs': finds(({ payment_addr }) => ({
    payment_addr,
    lookup_modifier: 'HTLC_SET_BLANK',
  })),
  'a set alone': finds((_, last) => ({ ...setOf(last), lookup_modifier: 'HTLC_SET_ONLY' })),
  'a set, blank': finds((_, last) => ({ ...setOf(last), lookup_modifier: 'HTLC_SET_BLANK' })),
  'an invoice by one of its sets': finds((_, last) => setOf(last)),
  'an invoice by payment address': finds(({ payment_addr }) => ({ payment_addr })),
  'an invoice by payment address, a set alone': finds(({ payment_addr }) => ({
    payment_addr,
    lookup_modifier: 'HTLC_SET_ONLY',
  })),
  'an invoice by hash': finds(({ r_hash }) => ({ payment_hash: r_hash })),
  'an unknown payment address': finds(() => ({ payment_addr: Buffer.alloc(32, 9) })),
  'an unknown payment address, blank': finds(() => ({
    payment_addr: Buffer.alloc(32, 9),
    lookup_modifier: 'HTLC_SET_BLANK',
  })),
  'no payment address': finds(() => ({ payment_addr: Buffer.alloc(32) })),
  'a payment address that is too short': finds(() => ({ payment_addr: Buffer.alloc(3) })),
  'an unknown set': finds(() => ({ set_id: Buffer.alloc(32, 9), lookup_modifier: 'HTLC_SET_ONLY' })),
  'a set id that is too short': finds(() => ({ set_id: Buffer.alloc(3) })),
  'an unknown hash': finds(() => ({ payment_hash: Buffer.alloc(32, 9) })),
  'a hash that is too short': finds(() => ({ payment_hash: Buffer.alloc(3) })),
  nothing: finds(() => ({})),
};

const bake = async (side: Side, action: string): Promise<Uint8Array> => {
  const permissions = [{ entity: 'uri', action }];
  const { macaroon } = await call(side, 'bakeMacaroon', { permissions });
  return Buffer.from(macaroon, 'hex');
};

/** Every call of the connector, by a client. */
const callsOf = async (lnd: Lnd): Promise<object> => ({
  getInfo: await refusal(unary(lnd.default, 'getInfo')),
  addInvoice: await refusal(unary(lnd.default, 'addInvoice', { is_amp: true })),
  listChannels: await refusal(unary(lnd.default, 'listChannels')),
  listInvoices: await refusal(unary(lnd.default, 'listInvoices', { num_max_invoices: '1', reversed: true })),
  lookupInvoiceV2: await refusal(unary(lnd.invoices, 'lookupInvoiceV2', { set_id: Buffer.alloc(32, 9) })),
  subscribeInvoices: await streamRefusal(lnd.default, 'subscribeInvoices', {}),
  sendPaymentV2: await streamRefusal(lnd.router, 'sendPaymentV2', {}),
  bakeMacaroon: await refusal(unary(lnd.default, 'bakeMacaroon', {})),
});

export const access: Steps = {
  'with a macaroon for nothing of the connector': async (side) =>
    callsOf(side.withMacaroon(await bake(side, '/lnrpc.Lightning/SignMessage'))),
  'with a macaroon of another node': async (side) => callsOf(side.withMacaroon(side.payerMacaroon)),
  'with an empty macaroon': async (side) => callsOf(side.withMacaroon(new Uint8Array())),
  'with a macaroon cut short': async (side) => callsOf(side.withMacaroon(Buffer.from('0201036c6e64', 'hex'))),
  'for a call that is not there': (side) => refusal(bake(side, '/lnrpc.Lightning/Tip')),
};

/** Of lnd's answers the fields that are about the node, not about its surroundings. */
export const telling: Steps = {
  'of itself': async (side) => {
    const { identity_pubkey, alias, chains, synced_to_chain, testnet, version } = await call(side, 'getInfo');
    return { identity_pubkey, alias, chains, synced_to_chain, testnet, version: version.split(' ')[0] };
  },
  'of its unannounced channels': (side) => call(side, 'listChannels', { private_only: true }),
  'of a channel': async (side) => {
    const { channels } = await call(side, 'listChannels');
    const { active, remote_pubkey, private: unannounced, alias_scids, peer_scid_alias } = channels[0];
    const { zero_conf_confirmed_scid } = channels[0];
    return { active, remote_pubkey, unannounced, alias_scids, peer_scid_alias, zero_conf_confirmed_scid };
  },
};
