import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type LndCredentials, openServices } from '../connector/lnd/services.ts';
import { InvoiceError, readAmpInvoice } from '../shared/bolt11/index.ts';
import { parseMsat } from '../shared/contract/money.ts';

/** A payment as its payer sees it. */
export interface Sent {
  /** Of an AMP payment. */
  readonly setId?: string;
  /** Of a BOLT11 payment: its hash, and the proof of it. */
  readonly paymentHash?: string;
  readonly preimage?: string;
  /** The amounts of the shards, in msat. */
  readonly shards: readonly string[];
}

/** What is to be paid. */
interface Order {
  readonly paymentRequest: string;
  readonly amountMsat: bigint;
  readonly message?: string;
  readonly shards: number;
}

/** A payment that did not go through; the reason is lnd's. */
export class PaymentError extends Error {
  override readonly name = 'PaymentError';
}

/** Record type of a text message. */
const MESSAGE = '34349334';

/** The payer of the development node: pays invoices with play money over lnd's own API. */
export function connectPayer(access: LndCredentials) {
  const { router, ...rest } = openServices(access);

  /** @throws PaymentError */
  const pay = async (order: Order): Promise<Sent> => {
    const { paymentRequest, amountMsat, message, shards } = order;
    const amp = ampInvoice(paymentRequest);
    if (amp?.amountMsat !== undefined && amountMsat !== amp.amountMsat) {
      throw new PaymentError(`the invoice asks for ${amp.amountMsat} msat, not ${amountMsat}`);
    }
    const stream = router!.sendPaymentV2({
      payment_request: paymentRequest,
      ...(amp && { amp: true, ...(amp.amountMsat === undefined && { amt_msat: amountMsat.toString() }) }),
      timeout_seconds: 30,
      max_parts: Math.max(shards, 1),
      ...(shards > 1 && {
        max_shard_size_msat: ((amountMsat + BigInt(shards) - 1n) / BigInt(shards)).toString(),
      }),
      ...(message !== undefined && { dest_custom_records: { [MESSAGE]: Buffer.from(message) } }),
    });
    for await (const update of stream) {
      if (update.status === 'FAILED') throw new PaymentError(`the payment failed: ${update.failure_reason}`);
      if (update.status !== 'SUCCEEDED') continue;
      const settled = update.htlcs.filter((htlc: any) => htlc.status === 'SUCCEEDED');
      const parts = settled.map((htlc: any) => String(htlc.route.hops.at(-1).amt_to_forward_msat));
      const { payment_hash, payment_preimage } = update;
      return amp
        ? { setId: payment_hash, shards: parts }
        : { paymentHash: payment_hash, preimage: payment_preimage, shards: parts };
    }
    throw new PaymentError('the payment ended without an answer');
  };
  return {
    pay,
    close: () => {
      for (const service of [router, ...Object.values(rest)]) service!.close();
    },
  };
}

/** The AMP invoice, or undefined when it is one of another kind. */
function ampInvoice(paymentRequest: string) {
  try {
    return readAmpInvoice(paymentRequest);
  } catch (error) {
    if (error instanceof InvoiceError) return undefined;
    throw error;
  }
}

/** A payment request has some hundred characters, a message no more. */
const MOST_BODY_BYTES = 16_384;

/**
 * `POST /dev/payments`, on the development node alone: pays an invoice with play money. Pages of other origins, which browsers name
 * with what they send, can't.
 */
export function paymentRoutes(payer: Pick<ReturnType<typeof connectPayer>, 'pay'>) {
  const app = new Hono();
  app.use('/dev/*', async (context, next) => {
    const { origin, host } = context.req.header();
    if (origin !== undefined && origin !== `http://${host}`) return context.body(null, 403);
    return next();
  });
  app.use('/dev/*', bodyLimit({ maxSize: MOST_BODY_BYTES, onError: (context) => context.body(null, 413) }));
  return app.post('/dev/payments', async (context) => {
    if (!context.req.header('content-type')?.startsWith('application/json')) return context.body(null, 415);
    try {
      const body = await context.req.json();
      const shards = Number(body.shards ?? 1);
      if (!Number.isInteger(shards) || shards < 1 || shards > 100)
        throw new PaymentError('shards: not 1 to 100');
      const sent = await payer.pay({
        paymentRequest: String(body.paymentRequest),
        amountMsat: parseMsat('amountMsat', String(body.amountMsat)),
        shards,
        ...(body.message !== undefined && { message: String(body.message) }),
      });
      return context.json(sent);
    } catch (error) {
      return context.json({ detail: (error as Error).message }, 400);
    }
  });
}
