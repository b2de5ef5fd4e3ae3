import { createHash } from 'node:crypto';
import type { ServiceError } from '@grpc/grpc-js';
import { type Fields, type Lnd, type Service, streaming, unary } from '../harness/grpc.ts';
import { type InvoiceWatch, type WireInvoice, watchInvoices } from '../harness/invoices.ts';
import { until } from '../harness/until.ts';
import type { Base } from './likeness.ts';
import type { Side } from './side.ts';

export type From = Parameters<typeof watchInvoices>[1];

export const call = ({ jar }: Side, method: string, request: object = {}): Promise<Fields> =>
  unary(jar.default, method, request);

export const addAmp = (side: Side, request: object = {}): Promise<Fields> =>
  call(side, 'addInvoice', { is_amp: true, ...request });

export const lookUp = ({ jar }: Side, request: object): Promise<Fields> =>
  unary(jar.invoices, 'lookupInvoiceV2', request);

export const cancel = ({ jar }: Side, payment_hash: Uint8Array): Promise<Fields> =>
  unary(jar.invoices, 'cancelInvoice', { payment_hash });

/** Pay (router.SendPaymentV2) to the end, with lnd's limits set wide. */
export async function pay(payer: Lnd, request: object): Promise<Fields> {
  let last: Fields | undefined;
  const limits = { timeout_seconds: 30, fee_limit_msat: '1000000', no_inflight_updates: true };
  for await (const update of streaming<Fields>(payer.router, 'sendPaymentV2', { ...limits, ...request }))
    last = update;
  return last ?? { status: 'no update' };
}

export const payAmp = ({ payer }: Side, request: object): Promise<Fields> =>
  pay(payer, { amp: true, ...request });

/** To the receiver without an invoice. */
export const payAmpTo = (side: Side, request: object): Promise<Fields> =>
  payAmp(side, { dest: Buffer.from(side.pubkeys.jar, 'hex'), ...request });

/** The code and details that a call is refused with; times in them are left out. */
export async function refusal(answer: Promise<unknown>): Promise<object> {
  return answer.then(
    (value) => ({ answered: value }),
    ({ code, details }: ServiceError) => ({ code, details: details.replace(/\d{4}-[^U]+ UTC/, 'TIME') }),
  );
}

/** The refusal of a call whose answers come one after another. */
export const streamRefusal = (service: Service, method: string, request: object): Promise<object> =>
  refusal(streaming(service, method, request)[Symbol.asyncIterator]().next());

/**
 * A subscription that has begun: what happens from now on is in it. Nothing tells of its begin but a message on it, so
 * invoices are added until one comes; what the node has come to is counted from there.
 */
export async function subscribed(side: Side, base: Base, from?: From): Promise<InvoiceWatch> {
  const watch = watchInvoices(side.jar, from);
  await until('a message of the subscription', 10, async () => {
    const { payment_addr } = await addAmp(side, { memo: 'knock' });
    const isIt = (event: WireInvoice): boolean => event.payment_addr.equals(payment_addr);
    return watch.until('the invoice', (events) => events.some(isIt), 1).catch(() => undefined);
  });
  watch.events.splice(0);
  Object.assign(base, await baseOf(side));
  return watch;
}

const ofPayment = ({ payment_hash }: Fields) => {
  const setId = String(payment_hash);
  return (event: WireInvoice): boolean =>
    event.state === 'SETTLED' && (setId in event.amp_invoice_state || event.r_hash.toString('hex') === setId);
};

/** What a subscription brought, up to the message of a payment. */
export async function heard(watch: InvoiceWatch, payment: Fields): Promise<WireInvoice[]> {
  await watch.until('the settlement', (events) => events.some(ofPayment(payment)));
  watch.cancel();
  return watch.events;
}

/** The indexes that a node has come to. */
export async function baseOf(side: Side): Promise<Base> {
  const { invoices, last_index_offset } = await call(side, 'listInvoices', { num_max_invoices: '100000' });
  const indexes = invoices.flatMap(({ settle_index, amp_invoice_state }: WireInvoice) => [
    Number(settle_index),
    ...Object.values(amp_invoice_state).map((set) => Number(set.settle_index)),
  ]);
  return {
    addIndex: BigInt(last_index_offset),
    settleIndex: BigInt(Math.max(0, ...indexes)),
    pubkeys: side.pubkeys,
  };
}

export const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

// lnd's default of what its invoices ask for.
export const CLTV = { final_cltv_delta: 80 };
