import { Hono } from 'hono';
import { type LndCredentials, openServices } from '../connector/lnd.ts';
import { readAmpInvoice } from '../shared/invoices/index.ts';
import { parseMsat } from '../shared/money.ts';

/** A payment as its payer sees it. */
export interface Sent {
  readonly setId: string;
  /** The amounts of the shards, in msat. */
  readonly shards: readonly string[];
}

/** A payment that did not go through; the reason is lnd's. */
export class PaymentError extends Error {
  override readonly name = 'PaymentError';
}

/** Record type of a text message. */
const MESSAGE = '34349334';

/** The payer of the development node: pays AMP invoices with play money over lnd's own API. */
export function connectPayer(access: LndCredentials) {
  const { router, ...rest } = openServices(access);

  /** @throws PaymentError */
  const pay = async (order: {
    paymentRequest: string;
    amountMsat: bigint;
    message?: string;
    shards: number;
  }): Promise<Sent> => {
    const { paymentRequest, amountMsat, message, shards } = order;
    const invoice = readAmpInvoice(paymentRequest);
    if (invoice.amountMsat !== undefined && amountMsat !== invoice.amountMsat) {
      throw new PaymentError(`the invoice asks for ${invoice.amountMsat} msat, not ${amountMsat}`);
    }
    const stream = router!.sendPaymentV2({
      payment_request: paymentRequest,
      ...(invoice.amountMsat === undefined && { amt_msat: amountMsat.toString() }),
      amp: true,
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
      return {
        setId: update.payment_hash,
        shards: settled.map((htlc: any) => String(htlc.route.hops.at(-1).amt_to_forward_msat)),
      };
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

/**
 * `POST /dev/payments`, on the development node alone: pays an invoice with play money. It asks for JSON, which a page
 * of another origin can't send without asking first, and that is not allowed.
 */
export function paymentRoutes(payer: Pick<ReturnType<typeof connectPayer>, 'pay'>) {
  return new Hono().post('/dev/payments', async (context) => {
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
