import { randomBytes } from 'node:crypto';
import { signAmpInvoice } from '../../../shared/bolt11/index.ts';
import type { Fields } from '../harness/grpc.ts';
import { KEYSEND_PREIMAGE, TEXT_MESSAGE } from '../harness/records.ts';
import { until } from '../harness/until.ts';
import {
  addAmp,
  CLTV,
  call,
  heard,
  lookUp,
  pay,
  payAmp,
  payAmpTo,
  refusal,
  sha256,
  subscribed,
} from './calls.ts';
import type { Base } from './likeness.ts';
import type { Side, Step, Steps } from './side.ts';

/** Pay, and see it in a live message and in every kind of lookup. */
const paid = async (
  side: Side,
  base: Base,
  terms: object,
  send: (invoice: Fields) => Promise<Fields>,
): Promise<object> => {
  const watch = await subscribed(side, base);
  const invoice = await addAmp(side, { memo: 'tip', ...terms });
  const payment = await send(invoice);
  const set_id = Buffer.from(payment.payment_hash, 'hex');
  const { payment_addr } = invoice;
  return {
    payment,
    messages: await heard(watch, payment),
    blank: await lookUp(side, { payment_addr, lookup_modifier: 'HTLC_SET_BLANK' }),
    only: await lookUp(side, { set_id, lookup_modifier: 'HTLC_SET_ONLY' }),
    bySet: await lookUp(side, { set_id }),
    byAddr: await lookUp(side, { payment_addr }),
  };
};

const paysOpen =
  (request: object): Step =>
  (side, base) =>
    paid(side, base, {}, ({ payment_request }) => payAmp(side, { payment_request, ...request }));

const paysFixed =
  (amt_msat: string): Step =>
  (side, base) =>
    paid(side, base, { value_msat: '5000000' }, ({ payment_addr }) =>
      payAmpTo(side, { payment_addr, amt_msat, ...CLTV }),
    );

/** Once, and a second time in vain. */
const paysPlain =
  (terms: object, request: object = {}): Step =>
  async (side, base) => {
    const watch = await subscribed(side, base);
    const { payment_request, r_hash } = await call(side, 'addInvoice', terms);
    const payment = await pay(side.payer, { payment_request, ...request });
    return {
      payment,
      messages: await heard(watch, payment),
      byHash: await lookUp(side, { payment_hash: r_hash }),
      again: await refusal(pay(side.payer, { payment_request, ...request })),
    };
  };

/** A payment to a new invoice that ends in a failure, or never begins. */
const refusesToPay =
  (terms: object, send: (side: Side, invoice: Fields) => Promise<Fields>): Step =>
  async (side) => {
    const invoice = await addAmp(side, terms);
    const { payment_addr } = invoice;
    return { payment: await refusal(send(side, invoice)), invoice: await lookUp(side, { payment_addr }) };
  };

const message = { [String(TEXT_MESSAGE)]: Buffer.from('Great post! ☕') };

export const paying: Steps = {
  'an open invoice': paysOpen({ amt_msat: '1000000' }),
  'odd msat': paysOpen({ amt_msat: '12345678' }),
  'in five shards': paysOpen({ amt_msat: '50000000', max_shard_size_msat: '10000000' }),
  'with records of several sizes': paysOpen({
    amt_msat: '2100000',
    dest_custom_records: { ...message, 65536: Buffer.alloc(0), 5482373485: Buffer.alloc(300, 7) },
  }),
  'a fixed amount by its payment request': (side, base) =>
    paid(side, base, { value_msat: '5000000' }, ({ payment_request }) => payAmp(side, { payment_request })),
  'a fixed amount by address': paysFixed('5000000'),
  'more than the fixed amount': paysFixed('5000001'),
  'four times the fixed amount': paysFixed('20000000'),
  'a second time': (side, base) =>
    paid(side, base, {}, async ({ payment_request }) => {
      await payAmp(side, { payment_request, amt: '10' });
      return payAmp(side, { payment_request, amt: '11' });
    }),
  'by address without saying how many blocks': (side, base) =>
    paid(side, base, {}, ({ payment_addr }) => payAmpTo(side, { payment_addr, amt: '10' })),
  'spontaneously by AMP': async (side, base) => {
    const watch = await subscribed(side, base);
    const payment = await payAmpTo(side, { amt: '9000', dest_custom_records: message });
    const set_id = Buffer.from(payment.payment_hash, 'hex');
    return {
      payment,
      messages: await heard(watch, payment),
      only: await lookUp(side, { set_id, lookup_modifier: 'HTLC_SET_ONLY' }),
    };
  },
  'spontaneously by keysend': async (side, base) => {
    const watch = await subscribed(side, base);
    const preimage = randomBytes(32);
    const payment = await pay(side.payer, {
      dest: Buffer.from(side.pubkeys.jar, 'hex'),
      amt: '55',
      payment_hash: sha256(preimage),
      dest_custom_records: { ...message, [String(KEYSEND_PREIMAGE)]: preimage },
    });
    return { payment, messages: await heard(watch, payment) };
  },
  'a plain invoice': paysPlain({ value_msat: '1234567' }),
  'a plain invoice by the hash of a description': paysPlain({
    value: '1234',
    memo: 'memo',
    description_hash: sha256(Buffer.from('metadata')),
  }),
  'a plain invoice in five parts': paysPlain({ value: '50000' }, { max_shard_size_msat: '10000000' }),
};

export const refusing: Steps = {
  'less than the fixed amount': refusesToPay({ value: '5000' }, (side, { payment_addr }) =>
    payAmpTo(side, { payment_addr, amt: '4999', ...CLTV }),
  ),
  'a fixed amount and another': refusesToPay({ value: '5' }, (side, { payment_request }) =>
    payAmp(side, { payment_request, amt: '5' }),
  ),
  'no amount': refusesToPay({}, (side, { payment_request }) => payAmp(side, { payment_request })),
  'no amount by address': refusesToPay({}, (side, { payment_addr }) => payAmpTo(side, { payment_addr })),
  'without saying that it is AMP': refusesToPay({}, (side, { payment_request }) =>
    pay(side.payer, { payment_request, amt: '1' }),
  ),
  'too few blocks': refusesToPay({}, (side, { payment_addr }) =>
    payAmpTo(side, { payment_addr, amt: '10', final_cltv_delta: 76 }),
  ),
  'too few parts': refusesToPay({}, (side, { payment_request }) =>
    payAmp(side, { payment_request, amt: '100', max_shard_size_msat: '1000', max_parts: 3 }),
  ),
  'a record below the custom ones': refusesToPay({}, (side, { payment_request }) =>
    payAmp(side, { payment_request, amt: '1', dest_custom_records: { 65535: Buffer.alloc(1) } }),
  ),
  'a request and a destination': refusesToPay({}, (side, { payment_request }) =>
    payAmpTo(side, { payment_request, amt: '1' }),
  ),
  'an invoice that has expired': async (side) => {
    const { payment_request, payment_addr } = await addAmp(side, { expiry: '1' });
    await until('the expiry', 10, async () => (await lookUp(side, { payment_addr })).state === 'CANCELED');
    return {
      byRequest: await refusal(payAmp(side, { payment_request, amt: '1' })),
      byAddr: await refusal(payAmpTo(side, { payment_addr, amt: '1', ...CLTV })),
      invoice: await lookUp(side, { payment_addr }),
    };
  },
  'an invoice of another network': (side) => {
    const terms = {
      network: 'mainnet',
      description: '',
      createdAt: new Date(),
      expirySeconds: 3600,
    } as const;
    const payment_request = signAmpInvoice(
      { ...terms, paymentHash: randomBytes(32), paymentAddr: randomBytes(32) },
      Buffer.alloc(32, 1),
    );
    return refusal(payAmp(side, { payment_request, amt: '1' }));
  },
  'a node that nobody knows': (side) => refusal(payAmp(side, { dest: Buffer.alloc(33, 2), amt: '10' })),
  ourselves: (side) => refusal(payAmp(side, { dest: Buffer.from(side.pubkeys.payer, 'hex'), amt: '10' })),
};
